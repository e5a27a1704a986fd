//! Numbers of errors and reasons, in words: why a subflow ended. JSON keeps the numbers.

use nix::errno::Errno;

use super::uncapitalised;

/// The errors with which a TCP socket ends (include/uapi/asm-generic/errno.h), as people call them.
fn name_of(errno: u32) -> Option<&'static str> {
    Some(match errno {
        1 => "operation not permitted",
        12 => "out of memory",
        13 => "permission denied",
        22 => "invalid argument",
        32 => "broken pipe",
        71 => "protocol error",
        90 => "message too long",
        92 => "protocol not available",
        95 => "not supported",
        97 => "address family not supported",
        98 => "address in use",
        99 => "no such address here",
        100 => "network is down",
        101 => "network unreachable",
        102 => "network dropped the connection",
        103 => "connection aborted",
        104 => "connection reset",
        105 => "no buffer space",
        107 => "not connected",
        108 => "socket shut down",
        110 => "timed out",
        111 => "connection refused",
        112 => "host is down",
        113 => "no route to host",
        _ => return None,
    })
}

/// An error number in words, with the number: `connection refused (111)`.
pub fn errno(number: u32) -> String {
    if let Some(name) = name_of(number) {
        return format!("{name} ({number})");
    }
    // What the system calls it; most of these no socket ends with.
    match i32::try_from(number).map(Errno::from_raw) {
        Ok(known) if known != Errno::UnknownErrno => {
            format!("{} ({number})", uncapitalised(known.desc()))
        }
        _ => format!("a reason that has no name ({number})"),
    }
}

/// The reason of a reset (MP_TCPRST; RFC 8684, 3.6) in words, with the number: `reset: middlebox interference (6)`.
pub fn reset(reason: u32) -> String {
    let name = match reason {
        0 => "unspecified reason",
        1 => "MPTCP-specific error",
        2 => "lack of resources",
        3 => "administratively prohibited",
        4 => "too much outstanding data",
        5 => "unacceptable performance",
        6 => "middlebox interference",
        _ => return format!("reset: a reason that has no name ({reason})"),
    };
    format!("reset: {name} ({reason})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_words() {
        assert_eq!(errno(111), "connection refused (111)");
        assert_eq!(errno(113), "no route to host (113)");
        assert_eq!(errno(11), "try again (11)");
        assert_eq!(errno(4095), "a reason that has no name (4095)");
        assert_eq!(reset(6), "reset: middlebox interference (6)");
        assert_eq!(reset(0), "reset: unspecified reason (0)");
        assert_eq!(reset(77), "reset: a reason that has no name (77)");
    }
}
