//! A scripted source: a laptop with Wi-Fi, Ethernet and a phone, eight connections and one handover.

#![allow(dead_code, unreachable_pub, unused_imports, clippy::unwrap_used)]

#[cfg(feature = "gui")]
mod lab;
mod recorded;
mod script;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use pathscope::model::{
    Access, Command, CommandOutcome, Connection, Consent, Cookie, Endpoint, EndpointFlags, Event, EventKind,
    FlagChange, Header, Interface, InterfaceAddress, InterfaceKind, JoinedBy, Lack, Limits, Line, Offer,
    Origin, Process, Remedy, Sample, Subflow, TcpState, Token, WhyNot,
};
use pathscope::source::{Control, Request, Source, Transport, Waker};

#[cfg(feature = "gui")]
pub use lab::Lab;
pub use script::{LOST, losing, script};

pub const WIFI: &str = "wlp0s20f3";
pub const ETHERNET: &str = "enx2800af081bee";
const PHONE: &str = "wwan0";

/// What the window asked of the source.
#[derive(Clone, Default)]
pub struct Asked {
    pub requests: Arc<Mutex<Vec<Request>>>,
    pub intervals: Arc<Mutex<Vec<Duration>>>,
    /// What is to be read each interval.
    pub focus: Arc<Mutex<Vec<Token>>>,
    pub allowed: Arc<AtomicUsize>,
    /// What was asked of a recording.
    pub controls: Arc<Mutex<Vec<Control>>>,
}

impl Asked {
    pub fn commands(&self) -> Vec<Command> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|request| request.command.clone()).collect()
    }

    pub fn last(&self) -> Option<Request> {
        self.requests.lock().unwrap().last().cloned()
    }
}

/// The source; lines are put into it through [`Scripted::sender`].
pub struct Scripted {
    header: Header,
    receiver: Receiver<Line>,
    pub sender: Sender<Line>,
    pub asked: Asked,
    waker: Arc<Mutex<Option<Waker>>>,
    failure: Option<String>,
    transport: Option<recorded::Fixed>,
}

impl Scripted {
    pub fn new(access: Access) -> Self {
        let (sender, receiver) = unbounded();
        let start = "2026-03-01T14:31:07Z".to_owned();
        Self {
            header: Header::new(start, "maxi-laptop".to_owned(), "6.18.4".to_owned(), access, 250),
            receiver,
            sender,
            asked: Asked::default(),
            waker: Arc::default(),
            failure: None,
            transport: None,
        }
    }

    /// With the whole script waiting to be read.
    pub fn played(access: Access) -> Self {
        let source = Self::new(access);
        for line in script() {
            source.sender.send(line).unwrap();
        }
        source
    }

    /// With the whole script, after which it ended.
    pub fn ended(access: Access, why: &str) -> Self {
        let (nowhere, _) = unbounded();
        Self {
            sender: nowhere,
            failure: Some(why.to_owned()),
            ..Self::played(access)
        }
    }

    /// Without a line, and ended.
    pub fn lost(access: Access, why: &str) -> Self {
        let (nowhere, _) = unbounded();
        Self {
            sender: nowhere,
            failure: Some(why.to_owned()),
            ..Self::new(access)
        }
    }

    pub fn waker(&self) -> Arc<Mutex<Option<Waker>>> {
        self.waker.clone()
    }
}

impl Source for Scripted {
    fn header(&self) -> &Header {
        &self.header
    }

    fn lines(&self) -> &Receiver<Line> {
        &self.receiver
    }

    fn request(&self, request: Request) -> Result<(), Request> {
        self.asked.requests.lock().unwrap().push(request);
        Ok(())
    }

    fn set_interval(&self, interval: Duration) {
        self.asked.intervals.lock().unwrap().push(interval);
    }

    fn set_focus(&self, connections: &[Token]) {
        *self.asked.focus.lock().unwrap() = connections.to_vec();
    }

    fn allow(&self) {
        self.asked.allowed.fetch_add(1, Ordering::Relaxed);
    }

    fn set_waker(&self, waker: Waker) {
        *self.waker.lock().unwrap() = Some(waker);
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn transport(&self) -> Option<&dyn Transport> {
        self.transport
            .as_ref()
            .map(|transport| transport as &dyn Transport)
    }
}

/// May do everything.
pub fn full_access() -> Access {
    Access {
        events: true,
        control: true,
        subflow_tokens: true,
        ..Access::default()
    }
}

/// May only look.
pub fn read_only() -> Access {
    Access {
        events: false,
        control: false,
        subflow_tokens: true,
        why_not: Some(WhyNot::NoCapability {
            lacks: Vec::new(),
            remedy: Remedy::Said("run as root to change things".to_owned()),
        }),
        ..Access::default()
    }
}

/// May only look, but could be allowed more.
pub fn may_ask() -> Access {
    Access {
        events: true,
        why_not: Some(WhyNot::NoCapability {
            lacks: vec![Lack::Control],
            remedy: Remedy::Service,
        }),
        offer: Some(Offer {
            observe: Consent::Yes,
            configure: Consent::Asks,
            close_subflow: Consent::Asks,
            by_group: false,
        }),
        ..read_only()
    }
}

/// With a capability from the program's own file.
pub fn by_file() -> Access {
    Access {
        by_file: true,
        ..full_access()
    }
}

/// May do everything, more than is good.
pub fn as_root() -> Access {
    Access {
        as_root: true,
        ..full_access()
    }
}

/// A change, told as done.
pub fn outcome(t: f64, request: &Request, refused: Option<&str>) -> Line {
    let mut event = Event::new(t, EventKind::Command, Origin::Kernel);
    event.command = Some(CommandOutcome {
        asked: Some(request.command.clone()),
        by: request.by.clone(),
        reference: request.reference.clone(),
        ok: refused.is_none(),
        message: refused.map(str::to_owned),
    });
    Line::Event(Box::new(event))
}

/// The endpoints of the script, one of them with other flags.
pub fn endpoints(change: Option<(u8, FlagChange)>) -> Vec<Endpoint> {
    let endpoint = |id: u8, address: &str, device: &str, flags: &[EndpointFlags]| {
        let flags = flags
            .iter()
            .fold(EndpointFlags::NONE, |all, flag| all.with(*flag));
        let flags = match change {
            Some((changed, change)) if changed == id => change.apply(flags),
            _ => flags,
        };
        Endpoint {
            id,
            address: address.parse().unwrap(),
            port: None,
            interface: Some(device.to_owned()),
            interface_index: None,
            flags,
        }
    };
    vec![
        endpoint(1, "192.168.1.149", WIFI, &[EndpointFlags::SUBFLOW]),
        endpoint(2, "192.168.2.143", ETHERNET, &[EndpointFlags::SUBFLOW]),
        endpoint(
            3,
            "2001:db8:1::7a3",
            WIFI,
            &[EndpointFlags::SUBFLOW, EndpointFlags::FULLMESH],
        ),
        endpoint(
            4,
            "10.45.3.7",
            PHONE,
            &[EndpointFlags::SUBFLOW, EndpointFlags::BACKUP],
        ),
    ]
}

pub fn interfaces(wifi_up: bool) -> Vec<Interface> {
    let interface = |index: u32, name: &str, kind, up: bool, addresses: &[(&str, u8)]| Interface {
        index,
        name: name.to_owned(),
        kind,
        up,
        addresses: addresses
            .iter()
            .map(|(address, prefix)| InterfaceAddress {
                address: address.parse().unwrap(),
                prefix: *prefix,
            })
            .collect(),
        default_route: true,
        mtu: Some(1500),
        ..Interface::default()
    };
    let wifi_addresses: &[(&str, u8)] = &[("192.168.1.149", 24), ("2001:db8:1::7a3", 64), ("fe80::12", 64)];
    let wifi = interface(
        2,
        WIFI,
        InterfaceKind::Wifi,
        wifi_up,
        if wifi_up { wifi_addresses } else { &[] },
    );
    let ethernet_addresses: &[(&str, u8)] =
        &[("192.168.2.143", 24), ("2001:db8:2::143", 64), ("fe80::34", 64)];
    vec![
        interface(
            1,
            "lo",
            InterfaceKind::Loopback,
            true,
            &[("127.0.0.1", 8), ("::1", 128)],
        ),
        Interface {
            ssid: Some("HomeNet".to_owned()),
            signal_dbm: wifi_up.then_some(-58),
            ..wifi
        },
        Interface {
            speed_mbps: Some(1000),
            ..interface(3, ETHERNET, InterfaceKind::Ethernet, true, ethernet_addresses)
        },
        interface(4, PHONE, InterfaceKind::Cellular, true, &[("10.45.3.7", 29)]),
        interface(5, "docker0", InterfaceKind::Bridge, true, &[("172.17.0.1", 16)]),
        interface(
            6,
            "virbr0",
            InterfaceKind::Bridge,
            false,
            &[("192.168.122.1", 24)],
        ),
    ]
}

/// A full sample without connections.
pub fn quiet(t: f64) -> Sample {
    let settings = [
        ("enabled", "1"),
        ("scheduler", "default"),
        ("available_schedulers", "default roundrobin"),
        ("path_manager", "kernel"),
        ("available_path_managers", "kernel userspace"),
        ("allow_join_initial_addr_port", "1"),
        ("checksum_enabled", "0"),
        ("add_addr_timeout", "120"),
        ("stale_loss_cnt", "4"),
        ("close_timeout", "60"),
        ("blackhole_timeout", "3600"),
    ];
    Sample {
        t,
        full: true,
        interfaces: interfaces(true),
        endpoints: endpoints(None),
        limits: Some(Limits {
            extra_subflows_max: 4,
            add_addr_accepted_max: 0,
        }),
        settings: settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect(),
        plain_tcp: Some(31),
        cost_us: Some(900),
        ..Sample::default()
    }
}

/// A subflow with counters at rest.
pub fn subflow(cookie: u64, device: &str, local: &str, remote: &str) -> Subflow {
    Subflow {
        cookie: Cookie(cookie),
        local: local.parse().unwrap(),
        remote: remote.parse().unwrap(),
        interface: Some(device.to_owned()),
        joined_by: JoinedBy::Token,
        state: TcpState::Established,
        bytes_acked: Some(0),
        bytes_sent: Some(0),
        bytes_received: Some(0),
        rtt_us: Some(20_000),
        rtt_var_us: Some(2_000),
        cwnd: Some(10),
        retrans_total: Some(0),
        local_id: Some(0),
        remote_id: Some(0),
        ..Subflow::default()
    }
}

/// A connection without subflows.
pub fn connection(cookie: u64, app: &str, pid: u32, remote: &str) -> Connection {
    Connection {
        cookie: Cookie(cookie),
        token: Some(Token(
            0x91c7_87ca_u32.wrapping_mul(u32::try_from(cookie).unwrap()),
        )),
        uid: Some(1000),
        process: Some(Process {
            pid,
            name: app.to_owned(),
        }),
        state: TcpState::Established,
        local: "192.168.1.149:51344".parse().unwrap(),
        remote: remote.parse().unwrap(),
        fallback: Some(false),
        ..Connection::default()
    }
}
