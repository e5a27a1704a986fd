//! Bytes from and for the kernel as plain structs: sock_diag, generic netlink, rtnetlink and text in /proc.
//!
//! Nothing here opens a socket or knows the model. Every parser takes any bytes whatever without a panic: what
//! is too short is [`Malformed`] where the message makes no sense without it, else the field is `None`. A struct
//! longer than ours comes from a newer kernel and is read as far as we know it. Numbers are in the byte order of
//! this machine unless the kernel's header says `__be`.

pub mod attribute;
pub mod bytes;
pub mod ethtool;
pub mod generic;
pub mod mptcp_pm;
pub mod netlink;
pub mod nl80211;
pub mod proc_text;
pub mod rtnetlink;
pub mod sock_diag;

use std::fmt;

/// A message that ends too early, or that contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(
    /// What was being read.
    pub &'static str,
);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is cut short or makes no sense", self.0)
    }
}

impl std::error::Error for Malformed {}
