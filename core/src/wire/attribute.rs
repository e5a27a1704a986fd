//! Netlink attributes: type, length, value, padded to 4 bytes (include/uapi/linux/netlink.h, `struct nlattr`).

use super::bytes::{be16_at, i32_at, string, u8_at, u16_at, u32_at, u64_at};

const HEADER: usize = 4;
/// `NLA_TYPE_MASK`: the two upper bits say "nested" and "network byte order", and some kernels do not set them.
const TYPE_MASK: u16 = 0x3fff;

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its number, without the flag bits.
    pub kind: u16,
    /// Its value, without padding.
    pub payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// A `u8`.
    pub fn u8(&self) -> Option<u8> {
        u8_at(self.payload, 0)
    }

    /// A `u16`.
    pub fn u16(&self) -> Option<u16> {
        u16_at(self.payload, 0)
    }

    /// A `__be16`.
    pub fn be16(&self) -> Option<u16> {
        be16_at(self.payload, 0)
    }

    /// A `u32`.
    pub fn u32(&self) -> Option<u32> {
        u32_at(self.payload, 0)
    }

    /// An `s32`.
    pub fn i32(&self) -> Option<i32> {
        i32_at(self.payload, 0)
    }

    /// A `u64`.
    pub fn u64(&self) -> Option<u64> {
        u64_at(self.payload, 0)
    }

    /// A string that ends with NUL.
    pub fn string(&self) -> Option<&'a str> {
        string(self.payload)
    }

    /// The attributes in a nest.
    pub fn nested(&self) -> Attributes<'a> {
        Attributes(self.payload)
    }
}

/// Walks attributes. It ends at the first one that does not fit, so that one cut short counts as absent.
#[derive(Clone, Debug)]
pub struct Attributes<'a>(
    /// What is still to be read.
    pub &'a [u8],
);

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let length = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & TYPE_MASK;
        let payload = self.0.get(HEADER..length)?;
        // The last one need not be padded.
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Attribute { kind, payload })
    }
}

/// The first attribute of a kind.
pub fn find(attributes: &[u8], kind: u16) -> Option<Attribute<'_>> {
    Attributes(attributes).find(|attribute| attribute.kind == kind)
}
