//! What was read out of a message, as text by field, so that two readings can be compared.

use std::fmt::Debug;

use pathscope::metrics::{Field as Number, mptcp_info, tcp_info};
use pathscope::wire::sock_diag::TcpMessage;
use pathscope::wire::{ethtool, generic, mptcp_pm, nl80211, rtnetlink, sock_diag};

/// The name of each field of a struct, in order, with its value where it is there.
pub type Fields = Vec<(&'static str, Option<String>)>;

/// Asserts that what was read is part of what another reading of the same struct found, and nothing else.
pub fn assert_no_more(read: &Fields, whole: &Fields, how: &str) {
    assert_eq!(read.len(), whole.len());
    for ((field, value), (_, known)) in read.iter().zip(whole) {
        assert!(
            value.is_none() || value == known,
            "{field} of a message {how}: {value:?} for {known:?}"
        );
    }
}

/// A value that may be absent.
pub trait Field {
    /// What it is, where it is there.
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

/// The fields of a struct: those that are always there, and those that may be absent.
macro_rules! fields {
    ($of:expr; $($always:ident)*; $($maybe:ident)*) => {{
        let of = $of;
        vec![
            $((stringify!($always), Some(format!("{:?}", of.$always))),)*
            $((stringify!($maybe), Field::text(&of.$maybe)),)*
        ]
    }};
}

/// An MPTCP socket.
pub fn mptcp(payload: &[u8]) -> Option<Fields> {
    let socket = sock_diag::parse_mptcp(payload).ok()?;
    let mut fields = fields!(&socket; cookie family state local remote inode uid interface_index; token);
    fields.push(("flags", socket.flags().text()));
    fields.extend(numbers(mptcp_info::FIELDS, socket.info.bytes()));
    Some(fields)
}

/// A TCP socket.
pub fn tcp(payload: &[u8]) -> Option<Fields> {
    let socket = TcpMessage::parse(payload).ok()?.socket().ok()?;
    let mut fields = fields!(&socket; cookie family state local remote inode uid interface_index;
        token_local token_remote local_id remote_id flags);
    fields.extend(numbers(tcp_info::FIELDS, socket.info.bytes()));
    Some(fields)
}

/// The numbers of a struct of the kernel.
fn numbers(fields: &[Number], bytes: &[u8]) -> impl Iterator<Item = (&'static str, Option<String>)> {
    fields
        .iter()
        .map(|field| (field.kernel_name, field.place.read(bytes).text()))
}

/// An endpoint of the path manager.
pub fn endpoint(payload: &[u8]) -> Option<Fields> {
    Some(fields!(mptcp_pm::parse_address(payload).ok()?; address; id port flags interface_index))
}

/// The path manager's limits.
pub fn limits(payload: &[u8]) -> Option<Fields> {
    Some(fields!(mptcp_pm::parse_limits(payload).ok()?;; extra_subflows_max add_addr_accepted_max))
}

/// An event of the path manager.
pub fn event(payload: &[u8]) -> Option<Fields> {
    Some(fields!(mptcp_pm::parse_event(payload).ok()?; cmd;
        token family local_id remote_id saddr daddr sport dport backup error flags timeout if_idx reset_reason
        reset_flags server_side unknown))
}

/// A family of generic netlink.
pub fn family(payload: &[u8]) -> Option<Fields> {
    Some(fields!(generic::parse_family(payload).ok()?; id; groups))
}

/// A link.
pub fn link(payload: &[u8]) -> Option<Fields> {
    Some(
        fields!(rtnetlink::parse_link(payload).ok()?; index hardware flags;
        name operstate mtu info_kind rx_bytes tx_bytes),
    )
}

/// An interface's address.
pub fn address(payload: &[u8]) -> Option<Fields> {
    Some(fields!(rtnetlink::parse_address(payload).ok()??; interface_index address prefix;))
}

/// The speed of a link.
pub fn speed(payload: &[u8]) -> Option<Fields> {
    Some(vec![("speed", ethtool::parse_speed_mbps(payload).ok()?.text())])
}

/// A wireless interface.
pub fn wireless(payload: &[u8]) -> Option<Fields> {
    let wireless = nl80211::parse_interface(payload).ok()??;
    let mut fields = fields!(&wireless; index; ssid frequency_mhz);
    fields.push(("is_client", wireless.is_client.then(|| "yes".to_owned())));
    Some(fields)
}

/// The access point of a client.
pub fn station(payload: &[u8]) -> Option<Fields> {
    let station = nl80211::parse_station(payload).ok()??;
    Some(fields!(station;; signal_dbm tx_bitrate_bps rx_bitrate_bps associated_at))
}

/// An access point that a scan found.
pub fn bss(payload: &[u8]) -> Option<Fields> {
    let bss = nl80211::parse_bss(payload).ok()??;
    let mut fields = fields!(&bss; bssid; mld_address ssid frequency_mhz);
    fields.push(("is_associated", bss.is_associated.then(|| "yes".to_owned())));
    Some(fields)
}
