//! How long a message on the bus is, from its first bytes (D-Bus specification, "Message Format"). Pure.

/// The part of the header that has the lengths of the rest.
pub(super) const FIRST_BYTES: usize = 16;
/// The fields of a call name four things of at most 255 bytes, and an object; ours have less than a kilobyte.
const FIELDS_BYTES: usize = 8 * 1024;
/// The longest call that is read: its arguments are names, addresses and numbers.
const MESSAGE_BYTES: usize = 128 * 1024;
const METHOD_CALL: u8 = 1;

/// A message that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    /// The fields after the first bytes, with what fills them up to the body.
    pub(super) fields: usize,
    /// The body.
    pub(super) body: usize,
}

/// What is done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is read.
    Whole,
    /// It is a call that is too long. Without its body it still says who is to be answered.
    WithoutBody,
    /// It is too long, and nobody waits for an answer, or even what says who does is too long.
    Not,
}

/// Whether a message begins so; on a bus, lines of the greeting come before the first.
pub(super) fn begins_message(first: u8) -> bool {
    matches!(first, b'l' | b'B')
}

impl Lengths {
    /// From the first bytes; `None` where they are no message's.
    pub(super) fn of(first: &[u8; FIRST_BYTES]) -> Option<Self> {
        let [order, _, _, _, b0, b1, b2, b3, _, _, _, _, f0, f1, f2, f3] = *first;
        let number = match order {
            b'l' => u32::from_le_bytes,
            b'B' => u32::from_be_bytes,
            _ => return None,
        };
        let length = |bytes| usize::try_from(number(bytes)).ok();
        let fields = length([f0, f1, f2, f3])?;
        Some(Self {
            fields: FIRST_BYTES.checked_add(fields)?.checked_next_multiple_of(8)? - FIRST_BYTES,
            body: length([b0, b1, b2, b3])?,
        })
    }

    /// What is done with a message of these lengths that begins so.
    pub(super) fn verdict(self, first: &[u8; FIRST_BYTES]) -> Verdict {
        let all = FIRST_BYTES.saturating_add(self.fields).saturating_add(self.body);
        if all <= MESSAGE_BYTES {
            Verdict::Whole
        } else if self.fields <= FIELDS_BYTES && first.get(1) == Some(&METHOD_CALL) {
            Verdict::WithoutBody
        } else {
            Verdict::Not
        }
    }
}

/// The first bytes of the same message with no body.
pub(super) fn without_body(first: [u8; FIRST_BYTES]) -> [u8; FIRST_BYTES] {
    let [order, kind, flags, version, _, _, _, _, rest @ ..] = first;
    let [s0, s1, s2, s3, f0, f1, f2, f3] = rest;
    [
        order, kind, flags, version, 0, 0, 0, 0, s0, s1, s2, s3, f0, f1, f2, f3,
    ]
}

#[cfg(test)]
mod tests {
    use zbus::Message;

    use super::*;

    fn first(message: &Message) -> [u8; FIRST_BYTES] {
        *message.data().first_chunk().expect("a header")
    }

    #[test]
    fn the_lengths_are_those_of_a_real_message() {
        for text in ["", "a", "twelve bytes", "a text that is longer"] {
            let call = Message::method_call("/org/pathscope/Helper", "Set").expect("a call");
            let call = call.build(&(text, 7_u32)).expect("a call");
            let lengths = Lengths::of(&first(&call)).expect("lengths");
            assert_eq!(lengths.body, call.body().len());
            assert_eq!(FIRST_BYTES + lengths.fields + lengths.body, call.data().len());
            assert_eq!(lengths.verdict(&first(&call)), Verdict::Whole);
            let cut = without_body(first(&call));
            assert_eq!(
                Lengths::of(&cut).expect("lengths"),
                Lengths { body: 0, ..lengths }
            );
        }
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        let big_endian = |kind: u8, body: u32, fields: u32| {
            let [b, f] = [body, fields].map(u32::to_be_bytes);
            [
                b'B', kind, 0, 1, b[0], b[1], b[2], b[3], 0, 0, 0, 1, f[0], f[1], f[2], f[3],
            ]
        };
        let verdict = |kind, body, fields| {
            let first = big_endian(kind, body, fields);
            Lengths::of(&first).map(|lengths| lengths.verdict(&first))
        };
        assert_eq!(verdict(METHOD_CALL, 100_000, 200), Some(Verdict::Whole));
        assert_eq!(verdict(METHOD_CALL, 31 << 20, 200), Some(Verdict::WithoutBody));
        assert_eq!(verdict(METHOD_CALL, u32::MAX, u32::MAX), Some(Verdict::Not));
        assert_eq!(verdict(METHOD_CALL, 0, 31 << 20), Some(Verdict::Not));
        assert_eq!(verdict(4, 31 << 20, 200), Some(Verdict::Not), "a signal");
        assert_eq!(Lengths::of(&[0; FIRST_BYTES]), None);
    }
}
