//! Identifiers of sockets, connections and access points.

use std::fmt;
use std::hash::{Hash, Hasher as _};
use std::num::ParseIntError;
use std::str::FromStr;

use rustc_hash::FxHasher;

/// A socket's number for its whole life (`idiag_cookie`, include/uapi/linux/inet_diag.h). That of a TCP socket is its
/// alone; an accepted MPTCP socket has its listener's, once somebody has read that (`mptcp_sk_clone_init`,
/// net/mptcp/protocol.c).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cookie(pub u64);

/// The token that names a connection on this host (RFC 8684, 3.2: the first 32 bits of the key's hash).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u32);

/// What tells one connection from all others: its token; of one that has none, what its addresses hash to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// The connection with this token, else the one between these addresses. A token of 0 is none.
    pub fn new(token: Option<Token>, local: impl Hash, remote: impl Hash) -> Self {
        match token {
            Some(token) if token.0 != 0 => token.into(),
            _ => {
                let mut hasher = FxHasher::default();
                (local, remote).hash(&mut hasher);
                Self(hasher.finish() | BY_ADDRESSES)
            }
        }
    }
}

/// Set in the id of a connection without a token.
const BY_ADDRESSES: u64 = 1 << 63;

impl From<Token> for ConnectionId {
    fn from(token: Token) -> Self {
        Self(token.0.into())
    }
}

/// A place in the data that a connection carries one way (RFC 8684, 3.3: the 64-bit data sequence number). It begins
/// anywhere and wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sequence(pub u64);

impl Sequence {
    /// How many bytes lie between an earlier place and this one; 0 when that one is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        let bytes = self.0.wrapping_sub(earlier.0);
        if bytes >> 63 == 0 { bytes } else { 0 }
    }
}

/// The address of a network device (IEEE 802), of an access point's radio above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.map(|byte| format!("{byte:02x}"));
        f.write_str(&bytes.join(":"))
    }
}

impl FromStr for MacAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes: Result<Vec<u8>, _> = text.split(':').map(|byte| u8::from_str_radix(byte, 16)).collect();
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| format!("'{text}' is no MAC address"))
    }
}

impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:x}", self.0)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:016x}", self.0)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

fn hexadecimal(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

impl FromStr for Cookie {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(hexadecimal(text), 16).map(Self)
    }
}

impl FromStr for Sequence {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(hexadecimal(text), 16).map(Self)
    }
}

impl FromStr for Token {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u32::from_str_radix(hexadecimal(text), 16).map(Self)
    }
}

/// Gives a type the serde form of its text form.
macro_rules! as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(super) use as_text;

as_text!(Cookie);
as_text!(Token);
as_text!(Sequence);
as_text!(MacAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_number_wraps_and_is_never_behind_itself() {
        assert_eq!(Sequence(5).since(Sequence(u64::MAX - 4)), 10);
        assert_eq!(Sequence(5).since(Sequence(6)), 0);
    }

    #[test]
    fn a_connection_is_known_by_its_token_and_without_one_by_its_addresses() {
        let id = |token, local, remote| ConnectionId::new(token, local, remote);
        assert_eq!(id(Some(Token(7)), 1, 2), Token(7).into());
        assert_eq!(id(Some(Token(7)), 1, 2), id(Some(Token(7)), 3, 4));
        assert_eq!(id(None, 1, 2), id(None, 1, 2));
        assert_eq!(id(None, 1, 2), id(Some(Token(0)), 1, 2));
        assert_ne!(id(None, 1, 2), id(None, 2, 1));
        assert_ne!(id(None, 0, 0), id(Some(Token(u32::MAX)), 0, 0));
    }

    #[test]
    fn a_mac_address_reads_back_and_nothing_else_is_one() {
        let address = MacAddress([2, 0, 0, 0xab, 0, 0xff]);
        assert_eq!(address.to_string(), "02:00:00:ab:00:ff");
        assert_eq!("02:00:00:AB:00:ff".parse(), Ok(address));
        for text in [
            "",
            "02",
            "02:00:00:ab:00",
            "02:00:00:ab:00:ff:01",
            "02:00:00:ab:00:1ff",
            "x2:00:00:ab:00:ff",
        ] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
    }
}
