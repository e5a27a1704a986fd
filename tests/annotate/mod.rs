//! Writes a netlink message as hexadecimal with a comment for every field.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

mod shapes;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use shapes::{Attributes, Fields, NLMSGHDR};

/// What a message is, and so what its bytes mean.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Mptcp,
    Tcp,
    Endpoint,
    Limits,
    Event,
    Family,
    Speed,
    Wireless,
    Station,
    Bss,
    Link,
    Address,
    Route,
    Error,
    Done,
}

/// How a value reads.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    U8,
    U16,
    Be16,
    U32,
    U64,
    Ip4,
    Ip6,
    /// An address of either family, told by its length.
    Ip,
    Text,
    Struct(Fields),
    Nest(Attributes),
    /// Next hops of a route.
    NextHops(Fields, Attributes),
    /// What Pathscope does not read.
    Unread,
}

pub fn annotate(what: &str, message: &[u8], shape: Shape) -> String {
    let order = if cfg!(target_endian = "little") {
        "little"
    } else {
        "big"
    };
    let release = nix::sys::utsname::uname().unwrap();
    let release: Vec<&str> = release.release().to_str().unwrap().splitn(3, '.').collect();
    let mut text = format!("# {}: {what}.\n", capital(shape));
    let (major, minor) = (release[0], release[1]);
    writeln!(text, "# Captured on Linux {major}.{minor}; {order}-endian.\n").unwrap();
    let mut writer = Writer { text, depth: 0 };
    let rest = writer.fields("struct nlmsghdr", NLMSGHDR, message);
    let (name, fields, attributes) = shapes::of(shape);
    let mut rest = writer.fields(name, fields, rest);
    if matches!(shape, Shape::Error) {
        // The request that failed is part of it, unless capped.
        let capped = message[7] & 1 != 0;
        let held = if capped {
            0
        } else {
            u32::from_ne_bytes(message[20..24].try_into().unwrap()) as usize - 16
        };
        writer.line(&rest[..held.next_multiple_of(4)], "the rest of the request");
        rest = &rest[held.next_multiple_of(4)..];
    }
    writer.attributes(attributes, rest);
    writer.text
}

fn capital(shape: Shape) -> &'static str {
    match shape {
        Shape::Mptcp | Shape::Tcp => "SOCK_DIAG_BY_FAMILY",
        Shape::Endpoint => "MPTCP_PM_CMD_GET_ADDR",
        Shape::Limits => "MPTCP_PM_CMD_GET_LIMITS",
        Shape::Event => "mptcp_pm_events",
        Shape::Family => "CTRL_CMD_NEWFAMILY",
        Shape::Speed => "ETHTOOL_MSG_LINKMODES_GET_REPLY",
        Shape::Wireless => "NL80211_CMD_NEW_INTERFACE",
        Shape::Station => "NL80211_CMD_NEW_STATION",
        Shape::Bss => "NL80211_CMD_NEW_SCAN_RESULTS",
        Shape::Link => "RTM_NEWLINK",
        Shape::Address => "RTM_NEWADDR",
        Shape::Route => "RTM_NEWROUTE",
        Shape::Error => "NLMSG_ERROR",
        Shape::Done => "NLMSG_DONE",
    }
}

struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, bytes: &[u8], comment: &str) {
        let indent = "  ".repeat(self.depth);
        for (number, chunk) in bytes.chunks(16).enumerate() {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let comment = if number == 0 { comment } else { "…" };
            writeln!(self.text, "{indent}{:<24} # {comment}", hex.join(" ")).unwrap();
        }
    }

    fn heading(&mut self, name: &str) {
        let indent = "  ".repeat(self.depth);
        writeln!(self.text, "{indent}# {name}").unwrap();
    }

    /// Writes a struct and gives back what follows it.
    fn fields<'a>(&mut self, name: &str, fields: Fields, mut bytes: &'a [u8]) -> &'a [u8] {
        self.heading(name);
        for (length, field, value) in fields {
            if *length > bytes.len() {
                self.line(bytes, "(the kernel's struct ends here)");
                return &[];
            }
            let (own, rest) = bytes.split_at(*length);
            self.line(own, &format!("{field}{}", describe(*value, own)));
            bytes = rest;
        }
        bytes
    }

    fn attributes(&mut self, table: Attributes, mut bytes: &[u8]) {
        while bytes.len() >= 4 {
            let length = usize::from(u16::from_ne_bytes(bytes[..2].try_into().unwrap()));
            let kind = u16::from_ne_bytes(bytes[2..4].try_into().unwrap()) & 0x3fff;
            let known = table.iter().find(|(number, ..)| *number == kind);
            let (name, value) = known.map_or(("not known here", Value::Unread), |known| (known.1, known.2));
            self.line(&bytes[..4], &format!("attribute {kind}, {length} bytes: {name}"));
            self.depth += 1;
            self.value(value, &bytes[4..length]);
            self.depth -= 1;
            let end = length.next_multiple_of(4).min(bytes.len());
            if end > length {
                self.line(&bytes[length..end], "padding");
            }
            bytes = &bytes[end..];
        }
    }

    fn value(&mut self, value: Value, bytes: &[u8]) {
        match value {
            Value::Struct(fields) => {
                let rest = self.fields("the struct", fields, bytes);
                self.line(rest, "newer than what is read, or not read");
            }
            Value::Nest(table) => self.attributes(table, bytes),
            Value::NextHops(fields, table) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let length = usize::from(u16::from_ne_bytes(rest[..2].try_into().unwrap()));
                    let inner = self.fields("struct rtnexthop", fields, &rest[..length]);
                    self.attributes(table, inner);
                    rest = &rest[length.next_multiple_of(4).min(rest.len())..];
                }
            }
            Value::Unread => self.line(bytes, "not read"),
            value => self.line(bytes, describe(value, bytes).trim_start_matches(": ")),
        }
    }
}

fn describe(value: Value, bytes: &[u8]) -> String {
    match value {
        Value::U8 => format!(": {}", bytes[0]),
        Value::U16 => format!(": {}", u16::from_ne_bytes(bytes[..2].try_into().unwrap())),
        Value::Be16 => format!(": {}", u16::from_be_bytes(bytes[..2].try_into().unwrap())),
        Value::U32 => format!(
            ": {0} (0x{0:x})",
            u32::from_ne_bytes(bytes[..4].try_into().unwrap())
        ),
        Value::U64 => format!(": {}", u64::from_ne_bytes(bytes[..8].try_into().unwrap())),
        Value::Ip4 => format!(": {}", Ipv4Addr::from(<[u8; 4]>::try_from(&bytes[..4]).unwrap())),
        Value::Ip6 => format!(
            ": {}",
            Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..16]).unwrap())
        ),
        Value::Ip if bytes.len() == 4 => describe(Value::Ip4, bytes),
        Value::Ip => describe(Value::Ip6, bytes),
        Value::Text => format!(": {:?}", String::from_utf8_lossy(bytes)),
        _ => String::new(),
    }
}
