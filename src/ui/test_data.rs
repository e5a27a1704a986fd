//! A small made-up state for the tests of panels.

use super::changes::Changes;
use super::theme::Slots;
use super::view::{Direction, View};
use crate::history::History;
use crate::model::{
    Access, Connection, Cookie, Header, Interface, InterfaceKind, JoinedBy, Line, Process, Sample, Subflow,
    TcpState, Token,
};

/// A history with what a view needs around it.
pub(super) struct Stage {
    pub(super) history: History,
    pub(super) access: Access,
    pub(super) slots: Slots,
    pub(super) changes: Changes,
}

/// A subflow over a device.
pub(super) fn subflow(cookie: u64, device: &str, local: &str, remote: &str, bytes: u64) -> Subflow {
    Subflow {
        cookie: Cookie(cookie),
        local: local.parse().expect("an address"),
        remote: remote.parse().expect("an address"),
        interface: Some(device.to_owned()),
        joined_by: JoinedBy::Token,
        state: TcpState::Established,
        bytes_acked: Some(bytes),
        ..Subflow::default()
    }
}

/// A connection without subflows.
pub(super) fn connection(number: u32, app: &str, remote: &str) -> Connection {
    Connection {
        cookie: Cookie(number.into()),
        token: Some(Token(number)),
        state: TcpState::Established,
        local: "10.0.0.1:4000".parse().expect("an address"),
        remote: remote.parse().expect("an address"),
        process: Some(Process {
            pid: 100,
            name: app.to_owned(),
        }),
        ..Connection::default()
    }
}

fn interface(index: u32, name: &str, kind: InterfaceKind) -> Interface {
    Interface {
        index,
        name: name.to_owned(),
        kind,
        up: true,
        ..Interface::default()
    }
}

impl Stage {
    /// Three connections: one carries 8 Mbit/s over Wi-Fi with a phone as backup, one is idle on one path, one
    /// fell back to TCP.
    pub(super) fn usual() -> Self {
        let at = |bytes: u64| {
            let one = Connection {
                subflows: vec![
                    subflow(11, "wlan0", "10.0.0.1:4000", "198.51.100.7:443", bytes).into(),
                    Subflow {
                        backup_local: Some(true),
                        ..subflow(12, "wwan0", "10.0.9.1:4001", "198.51.100.7:443", 0)
                    }
                    .into(),
                ],
                ..connection(1, "nextcloud", "198.51.100.7:443")
            };
            let two = Connection {
                subflows: vec![subflow(21, "wlan0", "10.0.0.1:4002", "203.0.113.24:22", 0).into()],
                ..connection(2, "ssh", "203.0.113.24:22")
            };
            let three = Connection {
                fallback: Some(true),
                subflows: vec![subflow(31, "eth0", "10.0.1.1:4003", "192.0.2.7:443", bytes / 10).into()],
                ..connection(3, "firefox", "192.0.2.7:443")
            };
            vec![one, two, three]
        };
        let interfaces = vec![
            interface(2, "wlan0", InterfaceKind::Wifi),
            interface(3, "eth0", InterfaceKind::Ethernet),
            interface(4, "wwan0", InterfaceKind::Cellular),
        ];
        let mut slots = Slots::default();
        for interface in &interfaces {
            slots.assign(&interface.name, interface.kind, || None);
        }
        let access = Access {
            events: true,
            control: true,
            subflow_tokens: true,
            ..Access::default()
        };
        let mut history = History::default();
        let start = "2026-03-01T14:31:00Z".to_owned();
        let header = Header::new(start, "host".to_owned(), "6.18.4".to_owned(), access.clone(), 500);
        history.apply(Line::Header(header));
        for second in 0..=10 {
            let (t, bytes) = (f64::from(second), if second < 10 { 0 } else { 1_000_000 });
            history.apply(Line::Sample(Box::new(Sample {
                t,
                full: true,
                connections: at(bytes),
                interfaces: interfaces.clone(),
                ..Sample::default()
            })));
        }
        Self {
            history,
            access,
            slots,
            changes: Changes::default(),
        }
    }

    /// The view of it.
    pub(super) fn view(&self) -> View<'_> {
        View {
            shown: &self.history,
            live: &self.history,
            access: &self.access,
            slots: &self.slots,
            title: "Test",
            turned: None,
            main: Direction::Sent,
            paused: false,
            replay: None,
            recording: None,
            ended: None,
            waited_s: 0.0,
            still: false,
            changes: &self.changes,
            waits: None,
            interval_ms: 500,
        }
    }
}
