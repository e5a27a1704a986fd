//! What this host asked of a subflow, concluded from its endpoint where the kernel keeps the subflow's own flags from this
//! user (before Linux 6.15).

use std::net::IpAddr;

use super::materialise::asked_for;
use super::reader::Reader;
use super::table::Row;
use crate::model::{Endpoint, Event, EventKind, Origin, Token};

/// The addresses whose endpoint was there before and asks for something else now.
fn changed(before: &[Endpoint], after: &[Endpoint]) -> Vec<(IpAddr, bool)> {
    let changed = |endpoint: &Endpoint| {
        let is = asked_for(after, endpoint.address)?;
        (asked_for(before, endpoint.address)? != is).then_some((endpoint.address, is))
    };
    after.iter().filter_map(changed).collect()
}

impl Reader {
    /// The connections, by position, whose hidden flags the change of an endpoint concerns, and what it did to their
    /// subflows.
    pub(super) fn backups_since(&self, before: &[Endpoint], after: &[Endpoint]) -> (Vec<usize>, Vec<Event>) {
        let changed = changed(before, after);
        let (mut positions, mut events) = (Vec::new(), Vec::new());
        if changed.is_empty() {
            return (positions, events);
        }
        for (position, entry) in self.table.entries().iter().enumerate() {
            let hidden = |row: &Row<'_>| row.socket.flags.is_none();
            for row in self.table.rows(entry).filter(hidden) {
                let address = row.socket.local.ip();
                let Some((_, backup)) = changed.iter().find(|(changed, _)| *changed == address) else {
                    continue;
                };
                positions.push(position);
                events.push(Event {
                    token: entry.socket.token.map(Token),
                    local: Some(self.surroundings.address(row.socket.local)),
                    remote: Some(self.surroundings.address(row.socket.remote)),
                    interface: self.surroundings.interface_of(row),
                    backup: Some(*backup),
                    backup_local: Some(*backup),
                    ..Event::new(0.0, EventKind::SubflowPriority, Origin::Inferred)
                });
            }
        }
        (positions, events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EndpointFlags;

    fn endpoint(address: &str, flags: EndpointFlags) -> Endpoint {
        Endpoint {
            id: 1,
            address: address.parse().expect("an address"),
            port: None,
            interface: None,
            interface_index: None,
            flags,
        }
    }

    #[test]
    fn only_a_change_of_the_backup_flag_counts() {
        let (subflow, backup) = (
            EndpointFlags::SUBFLOW,
            EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP),
        );
        let (one, two) = ("10.0.0.1", "10.0.0.2");
        let before = [endpoint(one, subflow), endpoint(two, subflow)];
        let after = [endpoint(one, backup), endpoint("10.0.0.3", backup)];
        let address = one.parse().expect("an address");
        assert_eq!(changed(&before, &after), [(address, true)]);
        assert_eq!(changed(&after, &before), [(address, false)]);
        assert_eq!(changed(&before, &before), []);
    }
}
