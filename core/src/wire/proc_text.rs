//! Text in /proc: the counters of /proc/net/netstat and the inodes in /proc/PID/fd.

use super::Malformed;

/// The counters of one group in /proc/net/netstat: a line of names, then a line of values, both beginning with the
/// group's name and a colon. `None` when the group is not there.
///
/// # Errors
/// When the two lines do not match, or a value is no number.
pub fn parse_netstat<'a>(text: &'a str, group: &str) -> Result<Option<Vec<(&'a str, u64)>>, Malformed> {
    const WHAT: Malformed = Malformed("/proc/net/netstat");
    let mut lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(group)?.strip_prefix(':'));
    let Some(names) = lines.next() else {
        return Ok(None);
    };
    let names: Vec<&str> = names.split_ascii_whitespace().collect();
    let values: Vec<u64> = lines
        .next()
        .ok_or(WHAT)?
        .split_ascii_whitespace()
        .map(|value| value.parse().map_err(|_| WHAT))
        .collect::<Result<_, _>>()?;
    if names.len() != values.len() {
        return Err(WHAT);
    }
    Ok(Some(names.into_iter().zip(values).collect()))
}

/// The inode in the target of a link such as /proc/PID/fd/3: `socket:[1234]`.
pub fn parse_socket_inode(target: &str) -> Option<u32> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}
