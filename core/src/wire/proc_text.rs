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

/// One counter of a group in /proc/net/netstat or /proc/net/snmp. `None` where it is not there, or is none: some values of
/// the latter are settings and may be negative.
pub fn find_counter(text: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(group)?.strip_prefix(':'));
    let (names, values) = (lines.next()?, lines.next()?);
    let place = names.split_ascii_whitespace().position(|known| known == name)?;
    values.split_ascii_whitespace().nth(place)?.parse().ok()
}

/// The inode in the target of a link such as /proc/PID/fd/3: `socket:[1234]`.
pub fn parse_socket_inode(target: &str) -> Option<u32> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_beside_a_negative_setting() {
        let text = "Ip: Forwarding\nIp: 1\nTcp: MaxConn AttemptFails\nTcp: -1 7\nTcp6: AttemptFails\n";
        assert_eq!(find_counter(text, "Tcp", "AttemptFails"), Some(7));
        assert_eq!(find_counter(text, "Tcp", "MaxConn"), None);
        assert_eq!(find_counter(text, "Tcp", "OutRsts"), None);
        assert_eq!(find_counter(text, "Tcp6", "AttemptFails"), None);
        assert_eq!(find_counter("", "Tcp", "AttemptFails"), None);
    }
}
