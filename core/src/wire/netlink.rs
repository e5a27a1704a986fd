//! Netlink messages: the header, errors with their extended text, and the making of requests (RFC 3549, 2.3.2).

use super::Malformed;
use super::attribute::Attributes;
use super::bytes::{i32_at, u16_at, u32_at};

/// `NLMSG_ERROR`: the outcome of a request; 0 is success.
pub const NLMSG_ERROR: u16 = 2;
/// `NLMSG_DONE`: the end of a dump.
pub const NLMSG_DONE: u16 = 3;
/// `NLMSG_OVERRUN`: data were lost.
pub const NLMSG_OVERRUN: u16 = 4;
/// `NLM_F_REQUEST`.
pub const NLM_F_REQUEST: u16 = 0x1;
/// `NLM_F_ACK`: answer with the outcome even when it is success.
pub const NLM_F_ACK: u16 = 0x4;
/// `NLM_F_DUMP_INTR`: what is dumped changed meanwhile.
pub const NLM_F_DUMP_INTR: u16 = 0x10;
/// `NLM_F_DUMP`.
pub const NLM_F_DUMP: u16 = 0x300;
/// `NLM_F_CAPPED`: an error does not hold the request's payload.
const NLM_F_CAPPED: u16 = 0x100;
/// `NLM_F_ACK_TLVS`: attributes follow an error.
const NLM_F_ACK_TLVS: u16 = 0x200;
/// `NLMSGERR_ATTR_MSG`: what went wrong, for people.
const NLMSGERR_ATTR_MSG: u16 = 1;
/// The nested flag of an attribute's type.
const NLA_F_NESTED: u16 = 0x8000;

const HEADER: usize = 16;

/// One message (`struct nlmsghdr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is: one of the `NLMSG_` numbers, or what the family means by it.
    pub kind: u16,
    /// `NLM_F_` bits.
    pub flags: u16,
    /// The number of the request it answers; 0 for a notification.
    pub sequence: u32,
    /// The netlink port it is for.
    pub port: u32,
    /// What follows the header.
    pub payload: &'a [u8],
}

/// Walks the messages of one read.
#[derive(Clone, Debug)]
pub struct Messages<'a>(
    /// What is still to be read.
    pub &'a [u8],
);

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let message = split(self.0);
        self.0 = message.map_or(&[][..], |(_, rest)| rest);
        Some(
            message
                .map(|(message, _)| message)
                .ok_or(Malformed("a netlink message")),
        )
    }
}

fn split(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    let message = Message {
        kind: u16_at(bytes, 4)?,
        flags: u16_at(bytes, 6)?,
        sequence: u32_at(bytes, 8)?,
        port: u32_at(bytes, 12)?,
        payload: bytes.get(HEADER..length)?,
    };
    let rest = bytes
        .get(length.checked_next_multiple_of(4)?..)
        .unwrap_or_default();
    Some((message, rest))
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// A positive errno; 0 for success.
    pub errno: i32,
    /// The kernel's own words (extended acknowledgement, Linux 4.12).
    pub text: Option<String>,
}

/// The outcome in a message of kind [`NLMSG_ERROR`] (`struct nlmsgerr`) or [`NLMSG_DONE`].
///
/// # Errors
/// When it holds no error code.
pub fn parse_outcome(message: &Message<'_>) -> Result<Outcome, Malformed> {
    let code = i32_at(message.payload, 0).ok_or(Malformed("the outcome of a request"))?;
    Ok(Outcome {
        // A dump that ends well may say how much it sent, as a positive number.
        errno: code.min(0).checked_neg().unwrap_or(i32::MAX),
        text: outcome_text(message),
    })
}

fn outcome_text(message: &Message<'_>) -> Option<String> {
    let attributes = if message.kind == NLMSG_DONE {
        message.payload.get(4..)?
    } else {
        if message.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        // The header of the request follows the code, and unless capped all of the request.
        let request = usize::try_from(u32_at(message.payload, 4)?).ok()?;
        let held = if message.flags & NLM_F_CAPPED == 0 {
            request
        } else {
            HEADER
        };
        message
            .payload
            .get(held.checked_add(4)?.checked_next_multiple_of(4)?..)?
    };
    let text = Attributes(attributes).find(|attribute| attribute.kind == NLMSGERR_ATTR_MSG)?;
    text.string().map(str::to_owned)
}

/// A request being made.
#[derive(Clone, Debug)]
pub struct Request(Vec<u8>);

impl Request {
    /// A message with its header.
    pub fn new(kind: u16, flags: u16, sequence: u32) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(&0_u32.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&(flags | NLM_F_REQUEST).to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&0_u32.to_ne_bytes());
        Self(bytes)
    }

    /// Appends a struct that the family wants before attributes.
    #[must_use]
    pub fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.pad();
        self
    }

    /// Appends an attribute. A value of more than 65,531 bytes cannot be an attribute and is left out.
    #[must_use]
    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        if let Ok(length) = u16::try_from(value.len().saturating_add(4)) {
            self.0.extend_from_slice(&length.to_ne_bytes());
            self.0.extend_from_slice(&kind.to_ne_bytes());
            self.0.extend_from_slice(value);
            self.pad();
        }
        self
    }

    /// Appends an attribute that holds attributes.
    #[must_use]
    pub fn nest(self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let inner = fill(Self(Vec::new()));
        self.attribute(kind | NLA_F_NESTED, &inner.0)
    }

    /// The bytes to send.
    pub fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        if let Some(slot) = self.0.first_chunk_mut() {
            *slot = length.to_ne_bytes();
        }
        self.0
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}
