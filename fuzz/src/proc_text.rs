//! Text of /proc.

use pathscope::wire::proc_text::{parse_netstat, parse_socket_inode};

/// Reads the bytes as each of the files.
pub fn exercise(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    counters(&text);
    if let Some(inode) = parse_socket_inode(&text) {
        assert_eq!(
            u64::from(inode),
            number(text.trim_start_matches("socket:[").trim_end_matches(']'))
        );
        assert_eq!(parse_socket_inode(&format!("socket:[{inode}]")), Some(inode));
    }
}

fn counters(text: &str) {
    const GROUP: &str = "MPTcpExt";
    let Ok(Some(counters)) = parse_netstat(text, GROUP) else {
        return;
    };
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("MPTcpExt:"));
    let mut words = || lines.next().expect("a line").split([' ', '\t', '\x0c', '\r']);
    let (names, values) = (words(), words());
    let names = names.filter(|word| !word.is_empty());
    let values = values.filter(|word| !word.is_empty()).map(number);
    assert!(
        names.zip(values).eq(counters.iter().copied()),
        "another number than is written"
    );
    let mut anew = [format!("{GROUP}:"), format!("{GROUP}:")];
    for (name, value) in &counters {
        anew[0] += &format!(" {name}");
        anew[1] += &format!(" {value}");
    }
    assert_eq!(parse_netstat(&anew.join("\n"), GROUP), Ok(Some(counters)));
}

/// The digits of a word as a number.
fn number(word: &str) -> u64 {
    word.bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}
