//! Text in /proc: the counters of /proc/net/netstat, the sockets of /proc/net/netlink and the inodes in /proc/PID/fd.

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

/// The inodes in /proc/net/netlink, its last column. A line that has none is passed over, as is the heading.
pub fn parse_netlink(text: &str) -> impl Iterator<Item = u64> {
    text.lines()
        .filter_map(|line| line.split_ascii_whitespace().nth(9)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inodes_of_netlink_sockets_are_in_the_last_column() {
        let text = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
            0000000045196beb 0   0          00000000 0        0        0     2        0        4       \n\
            00000000951e4e74 16  812        00000011 0        0        0     2        0        48011   \n\
            cut short 4\n";
        assert_eq!(parse_netlink(text).collect::<Vec<_>>(), [4, 48011]);
    }
}
