//! Reads the annotated hexadecimal of tests/golden.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used)]

use pathscope::metrics::{Info, Place};
use pathscope::wire::netlink::{Message, Messages};

/// Every golden message by name.
pub const NAMES: [&str; 37] = [
    "address_v4",
    "address_v6",
    "done",
    "endpoint_v4",
    "endpoint_v6",
    "event_announced",
    "event_closed",
    "event_created_client",
    "event_created_server",
    "event_established",
    "event_listener_closed",
    "event_listener_created",
    "event_removed",
    "event_sub_closed",
    "event_sub_established",
    "event_sub_priority",
    "family",
    "limits",
    "link",
    "mptcp_mapped",
    "mptcp_v4",
    "mptcp_v6",
    "refused",
    "route",
    "route_multipath",
    "route_other",
    "speed",
    "tcp_mapped",
    "tcp_plain",
    "tcp_v4",
    "tcp_v4_joined",
    "tcp_v6",
    "wireless_bss",
    "wireless_bss_bytes",
    "wireless_interface",
    "wireless_interface_looking",
    "wireless_station",
];

/// The bytes of a file: what stands before each `#`.
pub fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    hex(&std::fs::read_to_string(path).unwrap())
}

/// Bytes in hexadecimal, with comments.
pub fn hex(text: &str) -> Vec<u8> {
    text.lines()
        .filter_map(|line| line.split('#').next())
        .flat_map(str::split_ascii_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// The only message in the bytes.
pub fn message(bytes: &[u8]) -> Message<'_> {
    let mut messages = Messages(bytes);
    let message = messages.next().unwrap().unwrap();
    assert_eq!(messages.next(), None, "one message");
    message
}

/// What follows the netlink header.
pub fn payload(name: &str) -> Vec<u8> {
    message(&bytes(name)).payload.to_vec()
}

/// Asserts that each of these numbers is there.
pub fn assert_numbers<const N: usize>(info: &Info<N>, numbers: &[(Place, u64)]) {
    for (place, number) in numbers {
        assert_eq!(info.get(*place), Some(*number), "{place:?}");
    }
}

/// The same numbers, but for those that are others.
pub fn instead(numbers: &[(Place, u64)], others: &[(Place, u64)]) -> Vec<(Place, u64)> {
    let same = numbers
        .iter()
        .filter(|(place, _)| others.iter().all(|(other, _)| other != place));
    same.chain(others).copied().collect()
}
