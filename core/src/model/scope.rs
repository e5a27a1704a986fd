//! The link to which a link-local address belongs.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use std::sync::{LazyLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::ids::as_text;

/// The most bytes that an interface's name has: IFNAMSIZ (include/uapi/linux/if.h) less the closing NUL.
const NAME_BYTES: usize = 15;

/// The zone of a link-local address (RFC 4007, 11): the name of the interface to whose link it belongs, or its number
/// where nobody knows a name.
///
/// Every address has room for one and few have any, so it is the place of its name in a table that the process shares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(NonZeroU16);

/// Every name that was ever a zone here: never more than 65,535, and kept for good.
#[derive(Default)]
struct Names {
    places: FxHashMap<&'static str, NonZeroU16>,
    names: Vec<&'static str>,
}

static NAMES: LazyLock<RwLock<Names>> = LazyLock::new(RwLock::default);

impl Scope {
    /// `None` for what no interface can be called (net/core/dev.c, `dev_valid_name`), and once the table is full.
    pub fn new(name: &str) -> Option<Self> {
        let bad = |letter: char| matches!(letter, '/' | ':' | '\0') || letter.is_ascii_whitespace();
        let long = name.is_empty() || name.len() > NAME_BYTES;
        if long || name == "." || name == ".." || name.contains(bad) {
            return None;
        }
        let known = NAMES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.places.get(name) {
            return Some(Self(*place));
        }
        drop(known);
        let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
        let next = u16::try_from(names.names.len() + 1)
            .ok()
            .and_then(NonZeroU16::new)?;
        // Another thread may have been here between the two locks.
        if let Some(place) = names.places.get(name) {
            return Some(Self(*place));
        }
        let name: &'static str = Box::leak(name.into());
        names.names.push(name);
        names.places.insert(name, next);
        Some(Self(next))
    }

    /// From an interface's number, where its name is not known; `None` for 0, which is no interface.
    pub(super) fn numbered(index: u32) -> Option<Self> {
        (index != 0).then(|| Self::new(&index.to_string()))?
    }

    /// The name or number, without `%`.
    pub fn as_str(&self) -> &'static str {
        let known = NAMES.read().unwrap_or_else(PoisonError::into_inner);
        let place = usize::from(self.0.get()) - 1;
        known.names.get(place).copied().unwrap_or_default()
    }
}

/// A text that no interface can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoInterfaceName(pub String);

impl fmt::Display for NoInterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no interface can be called '{}'; after '%' comes the name of one, or its number, as in fe80::1%eth0",
            self.0
        )
    }
}

impl std::error::Error for NoInterfaceName {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl FromStr for Scope {
    type Err = NoInterfaceName;

    fn from_str(text: &str) -> Result<Self, NoInterfaceName> {
        Self::new(text).ok_or_else(|| NoInterfaceName(text.to_owned()))
    }
}

as_text!(Scope);
