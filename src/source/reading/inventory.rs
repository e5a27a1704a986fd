//! What is read along with the sockets: interfaces, endpoints, limits, settings, counters.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::{Error, PathManager, ProcFiles, Route, RoutingTables};
use crate::model::{
    Endpoint, Event, EventKind, Interface, Limits, MacAddress, Neighbour, Origin, Sample, Settings,
};

/// Everything besides sockets, at one instant.
#[derive(Clone, Debug, Default)]
pub(in crate::source) struct Inventory {
    pub(super) interfaces: Vec<Interface>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) limits: Option<Limits>,
    pub(super) settings: Settings,
    pub(super) counters: BTreeMap<String, u64>,
    host_counters: BTreeMap<String, u64>,
    tables: Arc<RoutingTables>,
    neighbours: Vec<Neighbour>,
    /// The last access point of each client, by interface index: between two of them there is none.
    access_points: BTreeMap<u32, MacAddress>,
}

impl Inventory {
    /// Reads everything, after `before`.
    ///
    /// # Errors
    /// What the kernel refused. Endpoints and limits that may not be read (a few kernels around 6.7 keep the
    /// endpoints from normal users) are left out instead.
    pub(in crate::source) fn read(
        route: &mut Route,
        path_manager: &mut PathManager,
        files: &mut ProcFiles,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        let interfaces = route.interfaces()?;
        Ok(Self {
            access_points: access_points(&interfaces, before),
            interfaces,
            endpoints: readable(path_manager.endpoints())?.unwrap_or_default(),
            limits: readable(path_manager.limits())?,
            settings: files.settings(),
            counters: files.counters()?,
            host_counters: files.host_counters(),
            tables: route.routing_tables(),
            neighbours: route.neighbours()?,
        })
    }

    /// Whether an interface has another name, or other addresses, than `before`.
    pub(super) fn owns_otherwise(&self, before: &Self) -> bool {
        let owned = |interface: &Interface| {
            let addresses = interface.addresses.clone();
            (interface.index, interface.name.clone(), addresses)
        };
        let (now, was) = (
            self.interfaces.iter().map(owned),
            before.interfaces.iter().map(owned),
        );
        !now.eq(was)
    }

    /// Whether nothing differs from `before` but what counts or measures.
    pub(super) fn is_like(&self, before: &Self) -> bool {
        let what = |interface: &Interface| Interface {
            signal_dbm: None,
            tx_bitrate_bps: None,
            rx_bitrate_bps: None,
            tx_bytes: None,
            rx_bytes: None,
            ..interface.clone()
        };
        let (now, was) = (
            self.interfaces.iter().map(what),
            before.interfaces.iter().map(what),
        );
        now.eq(was)
            && self.endpoints == before.endpoints
            && self.limits == before.limits
            && self.settings == before.settings
    }

    /// Writes into `sample` what differs from `before`; everything when there is no before.
    pub(in crate::source) fn write(&self, before: Option<&Self>, sample: &mut Sample) {
        let nothing = Self::default();
        let was = before.unwrap_or(&nothing);
        let new = |interface: &&Interface| !was.interfaces.contains(interface);
        sample.interfaces = self.interfaces.iter().filter(new).cloned().collect();
        let gone = |index: &u32| !self.interfaces.iter().any(|interface| interface.index == *index);
        sample.interfaces_gone = was
            .interfaces
            .iter()
            .map(|interface| interface.index)
            .filter(gone)
            .collect();
        let new = |endpoint: &&Endpoint| !was.endpoints.contains(endpoint);
        sample.endpoints = self.endpoints.iter().filter(new).cloned().collect();
        let gone = |id: &u8| !self.endpoints.iter().any(|endpoint| endpoint.id == *id);
        sample.endpoints_gone = was
            .endpoints
            .iter()
            .map(|endpoint| endpoint.id)
            .filter(gone)
            .collect();
        sample.limits = self.limits.filter(|limits| was.limits != Some(*limits));
        sample.settings = changed(&was.settings, &self.settings);
        sample.counters = changed(&was.counters, &self.counters);
        sample.host_counters = changed(&was.host_counters, &self.host_counters);
        if before.is_none_or(|was| was.tables.rules != self.tables.rules) {
            sample.routing_rules = Some(self.tables.rules.clone());
        }
        if before.is_none_or(|was| was.tables.routes != self.tables.routes) {
            sample.routes.clone_from(&self.tables.routes);
        }
        if before.is_none_or(|was| was.neighbours != self.neighbours) {
            sample.neighbours = Some(self.neighbours.clone());
        }
    }

    /// The changes since `before` of the path manager's configuration, of which the kernel sends no events, and of the
    /// access points, of which it does, a driver or another.
    pub(super) fn events_since(&self, before: &Self) -> Vec<Event> {
        let event = |kind| Event::new(0.0, kind, Origin::Inferred);
        let about = |kind, endpoint: &Endpoint| Event {
            interface: endpoint.interface.clone(),
            endpoint: Some(endpoint.clone()),
            ..event(kind)
        };
        let mut events = self.access_points_since(before);
        let same_endpoint = |a: &Endpoint, b: &Endpoint| a.id == b.id && a.address == b.address;
        for was in &before.endpoints {
            if !self.endpoints.iter().any(|is| same_endpoint(was, is)) {
                events.push(about(EventKind::EndpointRemoved, was));
            }
        }
        for is in &self.endpoints {
            match before.endpoints.iter().find(|was| same_endpoint(was, is)) {
                None => events.push(about(EventKind::EndpointAdded, is)),
                Some(was) if was != is => events.push(about(EventKind::EndpointChanged, is)),
                Some(_) => {}
            }
        }
        if let Some(limits) = self.limits
            && before.limits.is_some_and(|was| was != limits)
        {
            events.push(Event {
                limits: Some(limits),
                ..event(EventKind::LimitsChanged)
            });
        }
        for (name, value) in changed(&before.settings, &self.settings) {
            events.push(Event {
                setting: Some(name),
                value: Some(value),
                ..event(EventKind::SettingChanged)
            });
        }
        events
    }

    fn access_points_since(&self, before: &Self) -> Vec<Event> {
        let changed = self.interfaces.iter().filter(|interface| {
            let was = before.access_points.get(&interface.index);
            interface.bssid.is_some() && was.is_some() && interface.bssid.as_ref() != was
        });
        changed
            .map(|interface| Event {
                interface: Some(interface.name.clone()),
                ssid: interface.ssid.clone(),
                bssid: interface.bssid,
                ..Event::new(0.0, EventKind::AccessPointChanged, Origin::Inferred)
            })
            .collect()
    }
}

fn access_points(interfaces: &[Interface], before: Option<&Inventory>) -> BTreeMap<u32, MacAddress> {
    let last = |interface: &Interface| {
        let was = || before?.access_points.get(&interface.index).copied();
        Some((interface.index, interface.bssid.or_else(was)?))
    };
    interfaces.iter().filter_map(last).collect()
}

/// What may be read, if it may.
fn readable<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Err(error) if error.is_not_permitted() => Ok(None),
        other => other.map(Some),
    }
}

fn changed<V: Clone + PartialEq>(
    before: &BTreeMap<String, V>,
    after: &BTreeMap<String, V>,
) -> BTreeMap<String, V> {
    let new = |(name, value): &(&String, &V)| before.get(*name) != Some(*value);
    after
        .iter()
        .filter(new)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InterfaceKind;

    /// The inventory after `before` in which wlan0 is the client of an access point.
    fn at(access_point: Option<[u8; 6]>, before: Option<&Inventory>) -> Inventory {
        let bssid = access_point.map(MacAddress);
        let interfaces = vec![Interface {
            index: 3,
            name: "wlan0".to_owned(),
            kind: InterfaceKind::Wifi,
            up: bssid.is_some(),
            ssid: bssid.map(|_| "HomeNet".to_owned()),
            bssid,
            ..Interface::default()
        }];
        Inventory {
            access_points: access_points(&interfaces, before),
            interfaces,
            ..Inventory::default()
        }
    }

    #[test]
    fn another_access_point_is_told_whatever_lies_between() {
        let (one, two) = ([2, 0, 0, 0, 0, 0], [2, 0, 0, 0, 2, 0]);
        let steps = [
            None,
            Some(one),
            Some(one),
            Some(two),
            None,
            Some(two),
            None,
            Some(one),
        ];
        let mut told = Vec::new();
        let mut before = at(None, None);
        for (step, access_point) in steps.into_iter().enumerate() {
            let now = at(access_point, Some(&before));
            told.extend(now.events_since(&before).into_iter().map(|event| (step, event)));
            before = now;
        }
        let said: Vec<_> = told.iter().map(|(step, event)| (*step, event.bssid)).collect();
        assert_eq!(said, [(3, Some(MacAddress(two))), (7, Some(MacAddress(one)))]);
        for (_, event) in told {
            assert_eq!(event.kind, EventKind::AccessPointChanged);
            assert_eq!(event.interface.as_deref(), Some("wlan0"));
            assert_eq!(event.ssid.as_deref(), Some("HomeNet"));
        }
    }
}
