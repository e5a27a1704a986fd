//! What the stream says of one host.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use pathscope::history::History;
use pathscope::kernel::Namespace;
use pathscope::model::{Event, EventKind, InterfaceBy, Line, Subflow};
use pathscope::source::{LiveSource, Options, Source as _};

use super::hosts::{Host, until};

const LIMIT: Duration = Duration::from_mins(1);

/// A subflow's interface, how it is known, and the other one that has its address.
pub(crate) type Place = (Option<String>, Option<InterfaceBy>, Option<String>);

pub(crate) fn place(interface: &str, by: Option<InterfaceBy>, owner: Option<&str>) -> Place {
    (Some(interface.to_owned()), by, owner.map(str::to_owned))
}

/// A source on a host, and what it has said.
pub(crate) struct Watch {
    source: LiveSource,
    pub(crate) history: History,
    /// The events that nobody has asked for yet.
    pub(crate) events: Vec<Event>,
}

impl Watch {
    pub(crate) fn new(host: &Host) -> Self {
        let source = host.run(|| {
            let options = Options {
                interval: Duration::from_millis(100),
                ..Options::default()
            };
            LiveSource::open(&Namespace::current().unwrap(), &options).unwrap()
        });
        let mut watch = Self {
            source,
            history: History::default(),
            events: Vec::new(),
        };
        watch.wait_for_sample();
        watch
    }

    fn next(&mut self) -> bool {
        let line = self.source.lines().recv_timeout(LIMIT).expect("a line");
        if let Line::Event(event) = &line {
            self.events.push((**event).clone());
        }
        let is_sample = matches!(line, Line::Sample(_));
        self.history.apply(line);
        is_sample
    }

    /// Takes lines until a sample that was taken after this was asked.
    pub(crate) fn wait_for_sample(&mut self) {
        // What waits already may be older.
        for _ in 0..self.source.lines().len() {
            self.next();
        }
        for _ in 0..2 {
            let end = Instant::now() + LIMIT;
            while !self.next() {
                assert!(Instant::now() < end, "no sample");
            }
        }
    }

    /// The first event of a kind that was not asked for yet.
    pub(crate) fn event(&mut self, kind: EventKind) -> Event {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.events.iter().position(|event| event.kind == kind) {
                return self.events.remove(at);
            }
            assert!(Instant::now() < end, "no event {kind}");
            self.next();
        }
    }

    /// The subflows of all connections that are established.
    pub(crate) fn subflows(&mut self) -> Vec<Subflow> {
        let connections = self.history.state().connections.values();
        let subflows = connections.flat_map(|connection| &connection.subflows);
        subflows
            .filter(|subflow| !subflow.state.is_ending())
            .map(|subflow| Subflow::clone(subflow))
            .collect()
    }

    /// The subflows, once there are so many.
    pub(crate) fn once_there_are(&mut self, count: usize) -> Vec<Subflow> {
        until(&format!("{count} subflows"), || {
            self.wait_for_sample();
            let subflows = self.subflows();
            (subflows.len() == count).then_some(subflows)
        })
    }

    /// Where they are, by their local address, once there are so many.
    pub(crate) fn places(&mut self, count: usize) -> BTreeMap<IpAddr, Place> {
        let subflows = self.once_there_are(count).into_iter();
        subflows
            .map(|subflow| (subflow.local.ip(), place_of(subflow)))
            .collect()
    }

    /// The same by the peer's address.
    pub(crate) fn by_remote(&mut self, count: usize) -> BTreeMap<IpAddr, Place> {
        let subflows = self.once_there_are(count).into_iter();
        subflows
            .map(|subflow| (subflow.remote.ip(), place_of(subflow)))
            .collect()
    }

    /// Waits until a subflow from an address is there.
    pub(crate) fn until_at(&mut self, local: IpAddr, expected: &Place) {
        let mut found = None;
        let end = Instant::now() + LIMIT;
        while found.as_ref() != Some(expected) {
            assert!(
                Instant::now() < end,
                "{local} is at {found:?}, not at {expected:?}"
            );
            self.wait_for_sample();
            let mut subflows = self.subflows().into_iter();
            found = subflows.find(|subflow| subflow.local.ip() == local).map(place_of);
        }
    }
}

fn place_of(subflow: Subflow) -> Place {
    (subflow.interface, subflow.interface_by, subflow.address_interface)
}
