//! Stand-ins for addresses: prefixes that are kept for documentation, and behind them a keyed mixture of the rest.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most prefixes of a family that are told apart for certain.
const PREFIXES: usize = 500_000;
/// TEST-NET-1 to 3 (RFC 5737).
const DOCUMENTATION: [u32; 3] = [network(192, 0, 2), network(198, 51, 100), network(203, 0, 113)];
/// 198.18.0.0/15, kept for benchmarks (RFC 2544): 512 networks of 24 bits.
const BENCHMARK: u32 = network(198, 18, 0);
const BENCHMARKS: u32 = 512;
/// 240.0.0.0/4, which nobody has (RFC 1112): 2^20 networks of 24 bits.
const RESERVED: u32 = network(240, 0, 0);
const RESERVEDS: u32 = 1 << 20;
/// 2001:db8::/32 (RFC 3849).
const DOCUMENTATION_6: u64 = 0x2001_0DB8 << 32;

/// The first 24 bits of an address.
const fn network(first: u8, second: u8, third: u8) -> u32 {
    u32::from_be_bytes([0, first, second, third])
}

/// Addresses and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// Another for each file, and never told.
    key: RandomState,
    networks_4: HashMap<u32, u32>,
    networks_6: HashMap<u64, u32>,
}

impl Addresses {
    /// Another address of the same family and scope. Two of one /24 or /64 have stand-ins in one.
    pub(super) fn stand_in(&mut self, real: IpAddr) -> IpAddr {
        match real.to_canonical() {
            IpAddr::V4(real) => self.stand_in_4(real).into(),
            IpAddr::V6(real) => self.stand_in_6(real).into(),
        }
    }

    fn stand_in_4(&mut self, real: Ipv4Addr) -> Ipv4Addr {
        if real.is_unspecified() || real.is_loopback() || real.is_broadcast() {
            return real;
        }
        let bits = u32::from(real);
        let (prefix, host) = (bits >> 8, bits & 0xff);
        if real.is_link_local() {
            let host = self.mixed(u64::from(bits & 0xffff), 16, 0);
            return Ipv4Addr::from(0xA9FE_0000 | (low(host) & 0xffff));
        }
        if real.is_multicast() {
            // MCAST-TEST-NET (RFC 5771, 9.2).
            let host = self.key.hash_one(bits) & 0xff;
            return Ipv4Addr::from(0xE9FC_0000 | low(host));
        }
        let next = self.networks_4.len();
        let number = match self.networks_4.get(&prefix) {
            Some(number) => *number,
            None if next >= PREFIXES => 515 + low(self.key.hash_one(prefix)) % (RESERVEDS - 515),
            None => {
                let next = low(next as u64);
                self.networks_4.insert(prefix, next);
                next
            }
        };
        let network = match DOCUMENTATION.get(number as usize) {
            Some(network) => *network,
            None if number < 3 + BENCHMARKS => BENCHMARK + number - 3,
            None => RESERVED + number - 3 - BENCHMARKS,
        };
        // The first and the last name the network and everybody in it, and stay that.
        let host = match host {
            0 | 0xff => host,
            host => {
                let mut host = u64::from(host);
                loop {
                    host = self.mixed(host, 8, prefix.into());
                    if !matches!(host, 0 | 0xff) {
                        break low(host);
                    }
                }
            }
        };
        Ipv4Addr::from((network << 8) | host)
    }

    fn stand_in_6(&mut self, real: Ipv6Addr) -> Ipv6Addr {
        if real.is_unspecified() || real.is_loopback() {
            return real;
        }
        let bits = u128::from(real);
        let (prefix, host) = (high_64(bits), low_64(bits));
        if real.is_multicast() {
            // FF0x::DB8:0:0/96 (RFC 6676), with the scope as it is.
            let scope = (bits >> 112) & 0xf;
            let group = u128::from(self.key.hash_one(bits) & 0xffff_ffff);
            return Ipv6Addr::from((0xff00 | scope) << 112 | 0x0db8 << 32 | group);
        }
        let host = self.mixed(host, 64, prefix);
        if real.is_unicast_link_local() {
            return Ipv6Addr::from(0xfe80_u128 << 112 | u128::from(host));
        }
        let next = self.networks_6.len();
        let number = match self.networks_6.get(&prefix) {
            Some(number) => *number,
            None if next >= PREFIXES => low(self.key.hash_one(prefix)) | 1 << 31,
            None => {
                let next = low(next as u64);
                self.networks_6.insert(prefix, next);
                next
            }
        };
        let prefix = DOCUMENTATION_6 | u64::from(number);
        Ipv6Addr::from(u128::from(prefix) << 64 | u128::from(host))
    }

    /// Another number of so many bits, an even number, under the key: a Feistel network of six rounds, so that no two
    /// numbers become one. `within` has each network mixed in its own way.
    fn mixed(&self, number: u64, bits: u32, within: u64) -> u64 {
        let half = bits / 2;
        let mask = (1 << half) - 1;
        let (mut left, mut right) = ((number >> half) & mask, number & mask);
        for round in 0..6_u8 {
            let mixed = left ^ (self.key.hash_one((round, bits, within, right)) & mask);
            (left, right) = (right, mixed);
        }
        (left << half) | right
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is asked for"
)]
fn low(number: u64) -> u32 {
    number as u32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is asked for"
)]
fn low_64(number: u128) -> u64 {
    number as u64
}

fn high_64(number: u128) -> u64 {
    low_64(number >> 64)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn four((first, second, third): (u8, u8, u8)) -> u64 {
        network(first, second, third).into()
    }

    fn network_of(address: IpAddr) -> u64 {
        match address {
            IpAddr::V4(four) => u64::from(u32::from(four) >> 8),
            IpAddr::V6(six) => high_64(u128::from(six)),
        }
    }

    #[test]
    fn neighbours_stay_neighbours_and_strangers_strangers() {
        let mut addresses = Addresses::default();
        let real = [
            "10.1.2.3",
            "10.1.2.77",
            "10.1.3.3",
            "93.184.216.34",
            "2a00:1:2:3::5",
            "2a00:1:2:3:aa:bb:cc:dd",
            "2a00:1:2:4::5",
            "fd00::1",
        ];
        let real = real.map(ip);
        let stand_ins = real.map(|address| addresses.stand_in(address));
        for (a, of_a) in real.iter().zip(&stand_ins) {
            assert_eq!(a.is_ipv4(), of_a.is_ipv4(), "{a}");
            assert_eq!(addresses.stand_in(*a), *of_a, "the same again");
            for (b, of_b) in real.iter().zip(&stand_ins) {
                assert_eq!(
                    network_of(*a) == network_of(*b),
                    network_of(*of_a) == network_of(*of_b),
                    "{a} {b}"
                );
                assert_eq!(a == b, of_a == of_b);
            }
        }
        let networks: Vec<_> = stand_ins.iter().map(|address| network_of(*address)).collect();
        assert_eq!(
            networks.get(..4),
            Some(&[(192, 0, 2), (192, 0, 2), (198, 51, 100), (203, 0, 113)].map(four)[..])
        );
        assert_eq!(networks.get(4), Some(&0x2001_0DB8_0000_0000));
    }

    #[test]
    fn a_network_has_as_many_addresses_as_before_and_its_ends_stay() {
        let mut addresses = Addresses::default();
        let all = (0..=255).map(|host| addresses.stand_in([10, 0, 0, host].into()));
        let all: HashSet<_> = all.collect();
        assert_eq!(all.len(), 256);
        assert_eq!(addresses.stand_in(ip("10.0.0.0")), ip("192.0.2.0"));
        assert_eq!(addresses.stand_in(ip("10.0.0.255")), ip("192.0.2.255"));
    }

    #[test]
    fn the_scope_stays() {
        let mut addresses = Addresses::default();
        for same in ["127.0.0.1", "0.0.0.0", "::", "::1", "255.255.255.255"] {
            assert_eq!(addresses.stand_in(ip(same)), ip(same));
        }
        let link = addresses.stand_in(ip("fe80::211:22ff:fe33:4455"));
        assert!(
            link.to_string().starts_with("fe80::") && !link.to_string().contains("4455"),
            "{link}"
        );
        assert!(
            addresses
                .stand_in(ip("169.254.7.9"))
                .to_string()
                .starts_with("169.254.")
        );
        assert!(
            addresses
                .stand_in(ip("ff02::fb"))
                .to_string()
                .starts_with("ff02::db8:")
        );
        assert!(
            addresses
                .stand_in(ip("239.1.2.3"))
                .to_string()
                .starts_with("233.252.0.")
        );
        assert!(addresses.stand_in(ip("::ffff:10.0.0.1")).is_ipv4());
    }

    #[test]
    fn more_networks_than_documentation_has_go_on_elsewhere() {
        let mut addresses = Addresses::default();
        let networks = (0..4000_u32)
            .map(|number| addresses.stand_in(Ipv4Addr::from(0x0B00_0001 + (number << 8)).into()));
        let networks: Vec<_> = networks.map(network_of).collect();
        assert_eq!(networks.iter().collect::<HashSet<_>>().len(), 4000);
        assert_eq!(networks.get(3), Some(&four((198, 18, 0))));
        assert_eq!(networks.get(514), Some(&four((198, 19, 255))));
        assert_eq!(networks.get(515), Some(&four((240, 0, 0))));
    }

    #[test]
    fn another_file_has_other_stand_ins() {
        let hosts = |mut addresses: Addresses| {
            (1..=40)
                .map(|host| addresses.stand_in([10, 0, 0, host].into()))
                .collect::<Vec<_>>()
        };
        assert_ne!(hosts(Addresses::default()), hosts(Addresses::default()));
    }
}
