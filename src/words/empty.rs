//! What is said where there is no connection to show.

use super::units::several;
use crate::model::OLDEST_KERNEL;

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The first sample is on its way.
    Reading,
    /// The source ended before anything came.
    Lost,
    /// The kernel has no MPTCP.
    NoMptcp,
    /// `net.mptcp.enabled` is 0.
    Off,
    /// Everything is ready.
    None,
}

/// Why there is nothing, as a headline.
pub fn headline(reason: Reason) -> &'static str {
    match reason {
        Reason::Reading => "Reading connections",
        Reason::Lost => "The source is lost",
        Reason::NoMptcp => "This kernel was built without MPTCP",
        Reason::Off => "MPTCP is switched off on this machine",
        Reason::None => "No MPTCP connections yet",
    }
}

/// The sentence below it, given why the source ended and how many connections are on plain TCP.
pub fn sentence(reason: Reason, ended: Option<&str>, plain_tcp: Option<u32>) -> String {
    match reason {
        Reason::Reading => String::new(),
        Reason::Lost => ended.unwrap_or_default().to_owned(),
        Reason::NoMptcp => format!(
            "It has no net.mptcp. Pathscope needs Linux {OLDEST_KERNEL} or later, built with CONFIG_MPTCP."
        ),
        Reason::Off => "net.mptcp.enabled is 0: every new connection is plain TCP.".to_owned(),
        Reason::None => format!("This machine is ready for MPTCP.{}", open(plain_tcp)),
    }
}

fn open(plain_tcp: Option<u32>) -> String {
    match plain_tcp {
        None => String::new(),
        Some(0) => " No connection is open.".to_owned(),
        Some(1) => " One connection is open, and it is plain TCP.".to_owned(),
        Some(number) => format!(
            " {} are open, and all of them are plain TCP.",
            several(number as usize, "connection")
        ),
    }
}

/// How many connections are on plain TCP.
pub fn on_plain_tcp(number: u32) -> String {
    format!("{} on plain TCP", several(number as usize, "connection"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_counts_plain_tcp() {
        assert_eq!(
            sentence(Reason::None, None, Some(31)),
            "This machine is ready for MPTCP. 31 connections are open, and all of them are plain TCP."
        );
        assert_eq!(
            sentence(Reason::None, None, Some(1)),
            "This machine is ready for MPTCP. One connection is open, and it is plain TCP."
        );
    }
}
