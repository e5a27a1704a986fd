//! Whatever bytes come: no panic, and nothing read out of a shortened message differs from the whole one.
#![cfg(target_endian = "little")]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod wire_support;

use std::collections::BTreeMap;
use std::fmt::Debug;

use pathscope::wire::attribute::Attributes;
use pathscope::wire::netlink::{Message, Messages, parse_outcome};
use pathscope::wire::sock_diag::TcpMessage;
use pathscope::wire::{ethtool, generic, mptcp_pm, nl80211, proc_text, rtnetlink, sock_diag};
use proptest::prelude::*;
use wire_support::{NAMES, bytes};

/// What was read: the name of each field that is there, with its value.
type Fields = BTreeMap<&'static str, String>;

/// A value that may be absent.
trait Field {
    fn text(&self) -> Option<String>;
}

impl<T: Debug> Field for Option<T> {
    fn text(&self) -> Option<String> {
        self.as_ref().map(|value| format!("{value:?}"))
    }
}

/// A list is one attribute of the message: there, or not.
impl<T: Debug> Field for Vec<T> {
    fn text(&self) -> Option<String> {
        (!self.is_empty()).then(|| format!("{self:?}"))
    }
}

macro_rules! fields {
    ($of:expr; $($always:ident)*; $($maybe:ident)*) => {{
        let of = $of;
        let mut fields = Fields::new();
        $(fields.insert(stringify!($always), format!("{:?}", of.$always));)*
        $(if let Some(text) = Field::text(&of.$maybe) { fields.insert(stringify!($maybe), text); })*
        fields
    }};
}

/// Reads a message as what its golden file says it is.
fn read(name: &str, message: &Message<'_>) -> Option<Fields> {
    let payload = message.payload;
    let kind = name.split('_').next().unwrap();
    Some(match kind {
        "mptcp" => fields!(sock_diag::parse_mptcp(payload).ok()?;
            cookie family state local remote inode uid interface_index;
            token flags extra_subflows extra_subflows_max add_addr_signal add_addr_accepted add_addr_accepted_max
            bytes_sent bytes_acked bytes_received bytes_retrans),
        "tcp" => fields!(TcpMessage::parse(payload).ok()?.socket().ok()?;
            cookie family state local remote inode uid interface_index;
            token_local token_remote local_id remote_id flags rtt_us rtt_var_us min_rtt_us cwnd ssthresh mss retrans
            retrans_total lost unacked snd_wnd rto_us backoff bytes_sent bytes_acked bytes_received bytes_retrans
            delivery_rate pacing_rate last_data_sent_ms last_data_received_ms last_ack_received_ms),
        "endpoint" => fields!(mptcp_pm::parse_address(payload).ok()?; address; id port flags interface_index),
        "limits" => fields!(mptcp_pm::parse_limits(payload).ok()?;; extra_subflows_max add_addr_accepted_max),
        "event" => fields!(mptcp_pm::parse_event(payload).ok()?; cmd;
            token family local_id remote_id saddr daddr sport dport backup error flags timeout if_idx reset_reason
            reset_flags server_side unknown),
        "family" => fields!(generic::parse_family(payload).ok()?; id; groups),
        "link" => fields!(rtnetlink::parse_link(payload).ok()?; index hardware flags;
            name operstate mtu info_kind rx_bytes tx_bytes),
        "address" => fields!(rtnetlink::parse_address(payload).ok()??; interface_index address prefix;),
        "route" => fields!(rtnetlink::parse_default_route(payload).ok()??; table; interfaces),
        "speed" => one("speed", ethtool::parse_speed_mbps(payload).ok()?),
        "wireless" if name == "wireless_interface" => {
            fields!(nl80211::parse_interface(payload).ok()??; index; ssid)
        }
        "wireless" => one("signal", nl80211::parse_station_signal(payload).ok()?),
        "refused" | "done" => fields!(parse_outcome(message).ok()?; errno; text),
        other => panic!("no parser for {other}"),
    })
}

fn one<T: Debug>(name: &'static str, value: Option<T>) -> Fields {
    value
        .map(|value| (name, format!("{value:?}")))
        .into_iter()
        .collect()
}

/// The fields in the only message of the bytes, if it is whole.
fn read_bytes(name: &str, bytes: &[u8]) -> Option<Fields> {
    let message = Messages(bytes).next()?.ok()?;
    read(name, &message)
}

fn assert_nothing_differs(name: &str, whole: &Fields, read: Option<Fields>, how: &str) {
    for (field, value) in read.unwrap_or_default() {
        assert_eq!(
            whole.get(field),
            Some(&value),
            "{name}: {field} in a message {how}"
        );
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
                assert!(!read.as_ref().unwrap().contains_key("rtt_us"));
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

/// Gives the bytes to every parser there is.
fn read_as_everything(bytes: &[u8]) {
    for message in Messages(bytes).flatten() {
        for name in NAMES {
            let _ = read(name, &message);
        }
        let _ = parse_outcome(&message);
    }
    let _ = TcpMessage::parse(bytes).map(|message| message.socket());
    let _ = sock_diag::parse_mptcp(bytes);
    let _ = mptcp_pm::parse_event(bytes);
    let _ = mptcp_pm::parse_address(bytes);
    let _ = rtnetlink::parse_link(bytes);
    let _ = rtnetlink::parse_default_route(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = proc_text::parse_netstat(&text, "MPTcpExt");
    let _ = proc_text::parse_socket_inode(&text);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn corrupted_messages_do_no_harm(
        name in prop::sample::select(&NAMES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = bytes(name);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        read_as_everything(&bytes);
    }

    #[test]
    fn corrupted_lengths_do_no_harm(
        name in prop::sample::select(&NAMES[..]),
        place in any::<prop::sample::Index>(),
        value in prop_oneof![0_u16..8, any::<u16>(), Just(u16::MAX)],
    ) {
        let mut bytes = bytes(name);
        // Attributes begin at multiples of 4 with their length.
        let place = place.index(bytes.len() / 4) * 4;
        bytes[place..place + 2].copy_from_slice(&value.to_ne_bytes());
        read_as_everything(&bytes);
    }

    #[test]
    fn noise_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes);
    }
}
