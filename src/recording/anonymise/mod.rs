//! Stand-ins for all that says who and where somebody is: the same for the same within one file, and no way back.
//!
//! Names are numbered in the order in which they come. Of an address the prefix (/24, /64) is numbered and what follows it
//! is mixed under a random key, which is another for each file and kept nowhere. Where the tables are full, what is new
//! shares a stand-in, so memory is bounded whatever comes.

mod addresses;
mod devices;

use std::collections::HashMap;

use self::addresses::Addresses;
use self::devices::Devices;
use crate::model::{Header, InterfaceKind, Line, MacAddress, NameOf, StandIns};

/// The most names of one kind that are told apart.
const NAMES: usize = 65_536;
/// The first number of a user who is a person, on most systems.
const FIRST_UID: u32 = 1000;

/// Anonymises one stream.
#[derive(Debug, Default)]
pub struct Anonymiser {
    addresses: Addresses,
    devices: Devices,
    macs: HashMap<MacAddress, u32>,
    uids: HashMap<u32, u32>,
    names: HashMap<NameOf, HashMap<String, usize>>,
}

impl Anonymiser {
    /// A header with stand-ins.
    pub fn header(&mut self, header: &Header) -> Header {
        let mut header = header.clone();
        header.stand_in(self);
        header
    }

    /// Puts stand-ins in the place of everything in a line that identifies.
    pub fn replace(&mut self, line: &mut Line) {
        line.stand_in(self);
    }
}

/// The number of something, from 1 on in the order in which they come; 0 for what comes when there are too many.
fn numbered<K: std::hash::Hash + Eq>(known: &mut HashMap<K, u32>, what: K) -> u32 {
    let next = u32::try_from(known.len() + 1).unwrap_or(0);
    if known.len() >= NAMES {
        return known.get(&what).copied().unwrap_or(0);
    }
    *known.entry(what).or_insert(next)
}

impl StandIns for Anonymiser {
    fn address(&mut self, real: std::net::IpAddr) -> std::net::IpAddr {
        self.addresses.stand_in(real)
    }

    /// One for documentation (RFC 9542, 2.1.4: 00-00-5E-00-53-xx); of more than fit there, a locally administered one.
    fn mac(&mut self, real: MacAddress) -> MacAddress {
        if real.0 == [0; 6] || real.0 == [0xff; 6] {
            return real;
        }
        let [_, high, middle, low] = numbered(&mut self.macs, real).to_be_bytes();
        MacAddress(match (high, middle) {
            (0, 0) => [0, 0, 0x5e, 0, 0x53, low],
            _ => [2, 0, 0x5e, high, middle, low],
        })
    }

    fn interface(&mut self, real: &str, kind: Option<InterfaceKind>) -> String {
        self.devices.stand_in(real, kind)
    }

    fn uid(&mut self, real: u32) -> u32 {
        match real {
            0 => 0,
            real => FIRST_UID + numbered(&mut self.uids, real),
        }
    }

    fn name(&mut self, of: NameOf, real: &str) -> String {
        let known = self.names.entry(of).or_default();
        let next = known.len() + 1;
        let number = match known.get(real) {
            Some(number) => *number,
            None if next > NAMES => 0,
            None => {
                known.insert(real.to_owned(), next);
                next
            }
        };
        let word = match of {
            NameOf::Host => "host",
            NameOf::User => "user",
            NameOf::Process => "process",
            NameOf::WirelessNetwork => "network",
            NameOf::Namespace => "netns",
            NameOf::Module => "module",
            NameOf::Setting => "setting",
            NameOf::Asker => "asker",
        };
        format!("{word}-{number}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_stand_in_and_root_stays_root() {
        let mut anonymiser = Anonymiser::default();
        let names = ["lena", "ada", "lena"].map(|name| anonymiser.name(NameOf::User, name));
        assert_eq!(names, ["user-1", "user-2", "user-1"]);
        assert_eq!(anonymiser.name(NameOf::Process, "lena"), "process-1");
        assert_eq!([0, 4711, 4711].map(|uid| anonymiser.uid(uid)), [0, 1001, 1001]);
        let mac = anonymiser.mac(MacAddress([2, 1, 2, 3, 4, 5]));
        assert_eq!(mac.to_string(), "00:00:5e:00:53:01");
        assert_eq!(anonymiser.mac(MacAddress([0; 6])), MacAddress([0; 6]), "none");
    }

    #[test]
    fn what_comes_when_a_table_is_full_shares_a_stand_in() {
        let mut anonymiser = Anonymiser::default();
        for number in 0..=NAMES {
            anonymiser.name(NameOf::Process, &number.to_string());
        }
        assert_eq!(anonymiser.name(NameOf::Process, "one more"), "process-0");
        assert_eq!(anonymiser.name(NameOf::Process, "7"), "process-8");
    }
}
