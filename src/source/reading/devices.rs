//! The names of interfaces, and whose an address is, also of what is gone.

use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Interface, InterfaceKind};
use crate::wire::sock_diag::TcpSocket;

/// Interfaces by the kernel's number, which stays when one is renamed.
#[derive(Default)]
pub(super) struct Devices {
    names: FxHashMap<u32, String>,
    /// Which interfaces have an address; those that last had it, once none has.
    owners: FxHashMap<IpAddr, Vec<u32>>,
    /// This host itself.
    loopback: FxHashSet<u32>,
}

/// What is known otherwise than before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// Interfaces with another name.
    renamed: FxHashSet<u32>,
    /// Addresses with another owner.
    addresses: FxHashSet<IpAddr>,
}

impl Touched {
    pub(super) fn is_empty(&self) -> bool {
        self.renamed.is_empty() && self.addresses.is_empty()
    }

    /// Whether another name than before may be told of a subflow, which this interface carries.
    pub(super) fn concerns(&self, socket: &TcpSocket, carries: Option<u32>) -> bool {
        self.renamed.contains(&socket.interface_index)
            || carries.is_some_and(|index| self.renamed.contains(&index))
            || self.addresses.contains(&socket.local.ip())
    }
}

impl Devices {
    /// Takes the interfaces as they are now. An address that went with its interface stays known by its last
    /// owner, so that a subflow over a dead interface keeps its name.
    pub(super) fn take(&mut self, interfaces: &[Interface]) -> Touched {
        let mut touched = Touched::default();
        let mut owners: FxHashMap<IpAddr, Vec<u32>> = FxHashMap::default();
        self.loopback.clear();
        for interface in interfaces {
            let before = self.names.insert(interface.index, interface.name.clone());
            if before.is_some_and(|before| before != interface.name) {
                touched.renamed.insert(interface.index);
            }
            if interface.kind == InterfaceKind::Loopback {
                self.loopback.insert(interface.index);
            }
            for owned in &interface.addresses {
                owners.entry(owned.address).or_default().push(interface.index);
            }
        }
        let renamed = &touched.renamed;
        for (address, now) in owners {
            let of_renamed = now.iter().any(|index| renamed.contains(index));
            if self.owners.get(&address) != Some(&now) || of_renamed {
                touched.addresses.insert(address);
                self.owners.insert(address, now);
            }
        }
        touched
    }

    /// Keeps the owners of addresses in use only, and the names of the interfaces that are there or in use.
    pub(super) fn forget(
        &mut self,
        used: &FxHashSet<IpAddr>,
        in_use: &FxHashSet<u32>,
        interfaces: &[Interface],
    ) {
        self.owners.retain(|address, _| used.contains(address));
        let owners: FxHashSet<u32> = self.owners.values().flatten().copied().collect();
        self.names
            .retain(|index, _| in_use.contains(index) || owners.contains(index));
        self.take(interfaces);
    }

    /// The name of an interface, as it is or last was.
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str)
    }

    /// The interface that has an address, or last had it.
    pub(super) fn owner(&self, address: IpAddr) -> Option<u32> {
        self.owners.get(&address)?.first().copied()
    }

    /// The interface that has an address, where what is sent from there leaves by another. What stays on this host
    /// leaves by none.
    pub(super) fn other_owner(&self, address: IpAddr, carries: u32) -> Option<u32> {
        let owners = self.owners.get(&address)?;
        let own = owners.contains(&carries) || self.loopback.contains(&carries);
        owners.first().copied().filter(|_| !own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InterfaceAddress;

    fn interface(index: u32, name: &str, addresses: &[[u8; 4]]) -> Interface {
        let owned = addresses.iter().map(|address| InterfaceAddress {
            address: IpAddr::from(*address),
            prefix: 24,
        });
        Interface {
            index,
            name: name.to_owned(),
            kind: if name == "lo" {
                InterfaceKind::Loopback
            } else {
                InterfaceKind::Ethernet
            },
            up: true,
            addresses: owned.collect(),
            ..Interface::default()
        }
    }

    const ONE: [u8; 4] = [10, 0, 1, 1];
    const TWO: [u8; 4] = [10, 0, 2, 1];

    #[test]
    fn an_address_is_anothers_where_none_of_its_owners_carries() {
        let mut devices = Devices::default();
        devices.take(&[
            interface(1, "lo", &[[127, 0, 0, 1]]),
            interface(2, "wlan0", &[ONE]),
            interface(3, "eth0", &[TWO]),
            interface(4, "eth1", &[TWO]),
        ]);
        let other = |address: [u8; 4], carries| devices.other_owner(IpAddr::from(address), carries);
        assert_eq!(other(ONE, 2), None);
        assert_eq!(other(TWO, 2), Some(3));
        assert_eq!((other(TWO, 3), other(TWO, 4)), (None, None), "both have it");
        assert_eq!(other(TWO, 1), None, "it stays on this host");
        assert_eq!(other([10, 9, 9, 9], 2), None);
    }

    #[test]
    fn what_is_gone_keeps_its_name_while_it_is_in_use() {
        let mut devices = Devices::default();
        devices.take(&[interface(2, "wlan0", &[ONE]), interface(3, "eth0", &[TWO])]);
        let left = [interface(3, "eth0", &[TWO])];
        assert!(devices.take(&left).is_empty());
        assert_eq!(devices.owner(IpAddr::from(ONE)), Some(2));
        let used = [IpAddr::from(ONE)].into_iter().collect();
        devices.forget(&used, &FxHashSet::default(), &left);
        assert_eq!(devices.name(2), Some("wlan0"));
        devices.forget(&FxHashSet::default(), &[2].into_iter().collect(), &left);
        assert_eq!(devices.name(2), Some("wlan0"), "it carries");
        devices.forget(&FxHashSet::default(), &FxHashSet::default(), &left);
        assert_eq!((devices.name(2), devices.name(3)), (None, Some("eth0")));
    }

    #[test]
    fn a_new_name_and_a_new_owner_concern_those_that_are_told_by_it() {
        let mut devices = Devices::default();
        devices.take(&[interface(2, "wlan0", &[ONE]), interface(3, "eth0", &[TWO])]);
        let renamed = devices.take(&[interface(2, "air", &[ONE]), interface(3, "eth0", &[TWO])]);
        let socket = |address: [u8; 4], bound| TcpSocket {
            local: (address, 1).into(),
            interface_index: bound,
            ..TcpSocket::default()
        };
        assert!(renamed.concerns(&socket(ONE, 0), None));
        assert!(renamed.concerns(&socket(TWO, 2), None));
        assert!(renamed.concerns(&socket(TWO, 0), Some(2)));
        assert!(!renamed.concerns(&socket(TWO, 0), Some(3)));
        let moved = devices.take(&[interface(2, "air", &[ONE, TWO]), interface(3, "eth0", &[])]);
        assert!(moved.concerns(&socket(TWO, 0), Some(3)));
        assert!(!moved.concerns(&socket(ONE, 0), Some(2)));
    }
}
