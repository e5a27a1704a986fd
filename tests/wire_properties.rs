//! Nothing read out of a shortened message differs from the whole one. Any bytes whatever: `tests/fuzz_corpus.rs`.
#![cfg(target_endian = "little")]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../fuzz/src/fields.rs"]
#[allow(unreachable_pub)]
mod fields;
mod wire_support;

use fields::Fields;
use pathscope::wire::attribute::Attributes;
use pathscope::wire::netlink::{Message, Messages, Outcome, parse_outcome};
use pathscope::wire::rtnetlink::{DefaultRoute, parse_default_route};
use wire_support::{NAMES, bytes};

/// Reads a message as what its golden file says it is.
fn read(name: &str, message: &Message<'_>) -> Option<Fields> {
    let payload = message.payload;
    let kind = name.split('_').next().unwrap();
    match kind {
        "mptcp" => fields::mptcp(payload),
        "tcp" => fields::tcp(payload),
        "endpoint" => fields::endpoint(payload),
        "limits" => fields::limits(payload),
        "event" => fields::event(payload),
        "family" => fields::family(payload),
        "link" => fields::link(payload),
        "address" => fields::address(payload),
        "route" => {
            let DefaultRoute { table, interfaces } = parse_default_route(payload).ok()??;
            let interfaces = (!interfaces.is_empty()).then(|| format!("{interfaces:?}"));
            Some(vec![
                ("table", Some(table.to_string())),
                ("interfaces", interfaces),
            ])
        }
        "speed" => fields::speed(payload),
        "wireless" if name.starts_with("wireless_interface") => fields::wireless(payload),
        "wireless" if name == "wireless_station" => fields::station(payload),
        "wireless" => fields::bss(payload),
        "refused" | "done" => {
            let Outcome { errno, text } = parse_outcome(message).ok()?;
            Some(vec![("errno", Some(errno.to_string())), ("text", text)])
        }
        other => panic!("no parser for {other}"),
    }
}

/// The fields in the only message of the bytes, if it is whole.
fn read_bytes(name: &str, bytes: &[u8]) -> Option<Fields> {
    let message = Messages(bytes).next()?.ok()?;
    read(name, &message)
}

fn assert_nothing_differs(name: &str, whole: &Fields, read: Option<Fields>, how: &str) {
    if let Some(read) = read {
        fields::assert_no_more(&read, whole, &format!("{how} ({name})"));
    }
}

/// The bytes up to `end`, with the length in the header put right.
fn shortened(bytes: &[u8], end: usize) -> Vec<u8> {
    let mut short = bytes[..end].to_vec();
    if let Some(length) = short.first_chunk_mut() {
        *length = u32::try_from(end).unwrap().to_ne_bytes();
    }
    short
}

#[test]
fn a_message_cut_off_anywhere_reads_as_less_and_never_as_something_else() {
    for name in NAMES {
        let bytes = bytes(name);
        let whole = read_bytes(name, &bytes).unwrap_or_default();
        assert!(!whole.is_empty() || name == "route_other", "{name}");
        for end in 0..bytes.len() {
            // As a read that stopped too early, and as a message that says it is that short.
            assert_nothing_differs(
                name,
                &whole,
                read_bytes(name, &bytes[..end]),
                "that is not all there",
            );
            assert_nothing_differs(
                name,
                &whole,
                read_bytes(name, &shortened(&bytes, end)),
                "cut short",
            );
        }
    }
}

/// Where the attributes of a socket begin, and where its INET_DIAG_INFO lies.
fn info_of(bytes: &[u8]) -> std::ops::Range<usize> {
    let start = bytes.as_ptr() as usize;
    let info = Attributes(&bytes[16 + 72..])
        .find(|attribute| attribute.kind == 2)
        .unwrap();
    let begin = info.payload.as_ptr() as usize - start;
    begin..begin + info.payload.len()
}

#[test]
fn an_older_kernels_struct_reads_as_less() {
    for name in NAMES
        .into_iter()
        .filter(|name| name.starts_with("mptcp_") || name.starts_with("tcp_"))
    {
        let bytes = bytes(name);
        let whole = read_bytes(name, &bytes).unwrap();
        let info = info_of(&bytes);
        for length in 0..info.len() {
            let mut older = bytes[..info.start + length].to_vec();
            let said = u16::try_from(length + 4).unwrap().to_ne_bytes();
            older[info.start - 4..info.start - 2].copy_from_slice(&said);
            older.resize(older.len().next_multiple_of(4), 0xff);
            older.extend_from_slice(&bytes[info.end..]);
            let read = read_bytes(name, &shortened(&older, older.len()));
            if length < 4 {
                let there = |field: &(&str, Option<String>)| field.0 == "rtt_us" && field.1.is_some();
                assert!(!read.iter().flatten().any(there));
            }
            assert_nothing_differs(name, &whole, read, "of an older kernel");
        }
    }
}

#[test]
fn a_newer_kernels_struct_reads_the_same() {
    for name in ["mptcp_v4", "tcp_v4"] {
        let bytes = bytes(name);
        let info = info_of(&bytes);
        let mut newer = bytes[..info.end].to_vec();
        newer.extend_from_slice(&[0xee; 32]);
        newer.extend_from_slice(&bytes[info.end..]);
        let said = u16::try_from(info.len() + 32 + 4).unwrap().to_ne_bytes();
        newer[info.start - 4..info.start - 2].copy_from_slice(&said);
        assert_eq!(
            read_bytes(name, &shortened(&newer, newer.len())),
            read_bytes(name, &bytes)
        );
    }
}
