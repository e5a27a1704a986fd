//! What is read along with the sockets: interfaces, endpoints, limits, settings, counters.

use std::collections::BTreeMap;

use crate::kernel::{Error, PathManager, ProcFiles, Route};
use crate::model::{Endpoint, Event, EventKind, Interface, Limits, Origin, Sample, Settings};

/// Everything besides sockets, at one instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Inventory {
    pub(super) interfaces: Vec<Interface>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) limits: Option<Limits>,
    pub(super) settings: Settings,
    pub(super) counters: BTreeMap<String, u64>,
}

impl Inventory {
    /// Reads everything.
    ///
    /// # Errors
    /// What the kernel refused. Endpoints and limits that may not be read (a few kernels around 6.7 keep the
    /// endpoints from normal users) are left out instead.
    pub(super) fn read(
        route: &mut Route,
        path_manager: &mut PathManager,
        files: &mut ProcFiles,
    ) -> Result<Self, Error> {
        Ok(Self {
            interfaces: route.interfaces()?,
            endpoints: readable(path_manager.endpoints())?.unwrap_or_default(),
            limits: readable(path_manager.limits())?,
            settings: files.settings(),
            counters: files.counters()?,
        })
    }

    /// Writes into `sample` what differs from `before`; everything when there is no before.
    pub(super) fn write(&self, before: Option<&Self>, sample: &mut Sample) {
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
    }

    /// The changes of the path manager's configuration since `before`. The kernel sends no events about them.
    pub(super) fn events_since(&self, before: &Self) -> Vec<Event> {
        let event = |kind| Event::new(0.0, kind, Origin::Inferred);
        let about = |kind, endpoint: &Endpoint| Event {
            interface: endpoint.interface.clone(),
            endpoint: Some(endpoint.clone()),
            ..event(kind)
        };
        let mut events = Vec::new();
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
