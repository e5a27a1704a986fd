//! In which order connections are listed: the window's list and `list --sort` compare alike.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{Connection, Cookie, SocketAddr};

/// What connections are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    /// What moves most comes first.
    #[default]
    Rate,
    /// By the application's name.
    Name,
    /// The oldest comes first.
    Age,
    /// By the peer's address and port.
    Peer,
}

impl SortKey {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Rate, Self::Name, Self::Age, Self::Peer];

    /// What people type for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Name => "name",
            Self::Age => "age",
            Self::Peer => "peer",
        }
    }

    /// The order of two connections. Those that are alike come by age.
    pub fn compare(self, a: &SortFacts<'_>, b: &SortFacts<'_>) -> Ordering {
        let first = match self {
            Self::Rate => b.bps.total_cmp(&a.bps),
            Self::Name => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
            Self::Age => Ordering::Equal,
            Self::Peer => a.peer.cmp(&b.peer),
        };
        let by_age = || a.began_at.total_cmp(&b.began_at);
        // Of those that were there from the start, the cookies tell which is older.
        first.then_with(by_age).then(a.cookie.cmp(&b.cookie))
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An order of connections, or the same turned round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SortOrder {
    /// What they are sorted by.
    pub key: SortKey,
    /// Whether the last comes first.
    pub reversed: bool,
}

impl SortOrder {
    /// The order of two connections.
    pub fn compare(self, a: &SortFacts<'_>, b: &SortFacts<'_>) -> Ordering {
        if self.reversed {
            self.key.compare(b, a)
        } else {
            self.key.compare(a, b)
        }
    }

    /// The order after somebody chose a key: another one as usual, the same one turned round.
    #[must_use]
    pub fn choose(self, key: SortKey) -> Self {
        Self {
            key,
            reversed: self.key == key && !self.reversed,
        }
    }
}

/// A word that connections cannot be sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSortKey(pub String);

impl fmt::Display for UnknownSortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = SortKey::ALL.map(SortKey::name).join(", ");
        write!(f, "nothing is sorted by '{}': use one of {known}", self.0)
    }
}

impl std::error::Error for UnknownSortKey {}

impl FromStr for SortKey {
    type Err = UnknownSortKey;

    fn from_str(text: &str) -> Result<Self, UnknownSortKey> {
        let found = Self::ALL.into_iter().find(|key| key.name() == text);
        found.ok_or_else(|| UnknownSortKey(text.to_owned()))
    }
}

/// What a connection is sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SortFacts<'a> {
    /// What it sends and receives now, bits a second; 0 where nobody measured.
    pub bps: f64,
    /// The application's name.
    pub name: &'a str,
    /// When it was first seen, seconds on the stream; 0 for all where only one sample is known.
    pub began_at: f64,
    /// Its socket, of which a younger one has a larger number.
    pub cookie: Cookie,
    /// The peer.
    pub peer: SocketAddr,
}

impl<'a> SortFacts<'a> {
    /// What is known of a connection from one sample alone.
    pub fn of(connection: &'a Connection) -> Self {
        let process = connection.process.as_ref();
        Self {
            bps: 0.0,
            name: process.map_or("", |process| process.name.as_str()),
            began_at: 0.0,
            cookie: connection.cookie,
            peer: connection.remote,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(bps: f64, name: &str, began_at: f64, cookie: u64) -> SortFacts<'_> {
        let peer = format!("192.0.2.{}:443", 9 - cookie).parse().expect("an address");
        SortFacts {
            bps,
            name,
            began_at,
            cookie: Cookie(cookie),
            peer,
        }
    }

    #[test]
    fn each_key_has_its_order_and_age_decides_between_equals() {
        let all = [
            facts(1.0, "ssh", 5.0, 1),
            facts(9.0, "Firefox", 0.0, 3),
            facts(1.0, "firefox", 0.0, 2),
        ];
        let order = |key: SortKey| {
            let mut sorted = all;
            sorted.sort_by(|a, b| key.compare(a, b));
            sorted.map(|facts| facts.cookie.0)
        };
        assert_eq!(order(SortKey::Rate), [3, 2, 1]);
        assert_eq!(order(SortKey::Name), [2, 3, 1]);
        assert_eq!(order(SortKey::Age), [2, 3, 1]);
        assert_eq!(order(SortKey::Peer), [3, 2, 1]);
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for key in SortKey::ALL {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let wrong = "speed".parse::<SortKey>().expect_err("none");
        assert!(wrong.to_string().contains("rate, name, age, peer"), "{wrong}");
    }
}
