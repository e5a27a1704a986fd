//! Any bytes as the arguments of each call of the privileged service: what passes the checks is what the kernel may be
//! asked.

use std::net::IpAddr;

use pathscope::model::{Command, Endpoint, EndpointFlags, Limits, SettingValue, SocketAddr};
use pathscope_helper::check;

/// Takes arguments from bytes; there is always another.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        self.take(8)
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn small(&mut self) -> usize {
        self.take(1).first().map_or(0, |byte| usize::from(*byte))
    }

    fn text(&mut self) -> String {
        let length = self.small();
        String::from_utf8_lossy(self.take(length)).into_owned()
    }

    fn flags(&mut self) -> u32 {
        let number = self.number();
        // Mostly those that exist.
        (if number.is_multiple_of(4) {
            number >> 8
        } else {
            number >> 8 & 0x3f
        }) as u32
    }

    fn address(&mut self) -> IpAddr {
        match self.small() % 2 {
            0 => IpAddr::from((self.number() as u32).to_be_bytes()),
            _ => IpAddr::from((u128::from(self.number()) << 64 | u128::from(self.number())).to_be_bytes()),
        }
    }

    fn endpoint(&mut self) -> Endpoint {
        Endpoint {
            id: self.number() as u8,
            address: self.address(),
            port: Some(self.number() as u16).filter(|port| port % 2 == 1),
            interface: Some(self.text()).filter(|name| !name.is_empty()),
            interface_index: None,
            flags: EndpointFlags(self.flags()),
        }
    }
}

/// Checks every call's arguments, taken from the bytes, and panics when something passes that must not.
pub fn exercise(data: &[u8]) {
    let mut bytes = Bytes(data);
    if let Ok(command) = check::endpoint_to_add(bytes.endpoint()) {
        let Command::EndpointAdd {
            address,
            interface,
            id,
            port,
            flags,
            insist: _,
        } = command
        else {
            panic!("another command");
        };
        assert!(one_host(address));
        assert!(interface.is_none_or(|name| may_be_a_name(&name)));
        assert_ne!(id, Some(0));
        fits(flags, port);
    }
    let believed = bytes.endpoint();
    let passed = check::endpoint_believed(believed.clone());
    assert!(passed.is_err() || one_host(believed.address));
    let (set, clear) = (bytes.flags(), bytes.flags());
    if let Ok(command) = check::endpoint_change(&believed, set, clear) {
        let Command::EndpointChange { id, flags } = command else {
            panic!("another command");
        };
        assert_eq!((id, flags.set.0, flags.clear.0), (believed.id, set, clear));
        assert_eq!(set & clear, 0);
        assert_eq!((set | clear) & !ASKABLE, 0);
        fits(
            EndpointFlags(flags.apply(believed.flags).0 & ASKABLE),
            believed.port,
        );
    }
    let limits = Limits {
        extra_subflows_max: bytes.number() as u32 % 16,
        add_addr_accepted_max: bytes.flags(),
    };
    assert!(matches!(
        check::limits(limits),
        Command::LimitsSet {
            extra_subflows_max: Some(_),
            add_addr_accepted_max: Some(_)
        }
    ));
    let names = ["enabled", "scheduler", "add_addr_timeout", "stale_loss_cnt"];
    let chosen = bytes.small();
    let name = names
        .get(chosen % 5)
        .map_or_else(|| bytes.text(), |name| (*name).to_owned());
    let number = bytes.number();
    let value = if chosen % 2 == 0 {
        bytes.text()
    } else {
        (number >> (chosen / 4)).to_string()
    };
    if let Ok(Command::Set {
        name: known,
        value: taken,
    }) = check::setting(&name, &value)
    {
        assert_eq!(known, name);
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        match taken {
            SettingValue::Number(number) => assert!((0..=1_000_000).contains(&number)),
            SettingValue::Text(word) => {
                assert!(word.len() <= 32);
                assert!(
                    word.bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
                );
            }
        }
    }
    let local = SocketAddr::new(bytes.address(), bytes.number() as u16);
    let remote = SocketAddr::new(bytes.address(), bytes.number() as u16);
    if let Ok((local, remote, cookie)) = check::subflow(local, remote, bytes.number()) {
        assert!(one_host(local.ip()) && one_host(remote.ip()));
        assert_eq!(local.is_ipv4(), remote.is_ipv4());
        assert!(local.port() != 0 && remote.port() != 0);
        assert!(cookie.0 != 0 && cookie.0 != u64::MAX);
    }
}

const ASKABLE: u32 = 0b10_1111;

fn one_host(address: IpAddr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && address != IpAddr::from([255; 4])
}

fn may_be_a_name(name: &str) -> bool {
    let bytes = pathscope::wire::rtnetlink::name_to_bytes(name);
    let letter = |byte: &u8| *byte > b' ' && *byte != 127 && *byte != b'/';
    (1..=15).contains(&bytes.len()) && bytes.iter().all(letter)
}

fn fits(flags: EndpointFlags, port: Option<u16>) {
    assert_eq!(flags.0 & !ASKABLE, 0);
    assert!(!flags.contains(EndpointFlags::SIGNAL.with(EndpointFlags::FULLMESH)));
    assert!(port.is_none() || flags.contains(EndpointFlags::SIGNAL));
    assert!(port.is_none() || !flags.contains(EndpointFlags::SUBFLOW));
}
