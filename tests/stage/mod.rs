//! A scripted source: a laptop with Wi-Fi, Ethernet and a phone, eight connections and one handover.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use pathscope::model::{
    Access, Command, CommandOutcome, Connection, Cookie, Endpoint, EndpointFlags, Event, EventKind,
    FlagChange, Header, Interface, InterfaceAddress, InterfaceKind, JoinedBy, Limits, Line, Origin, Process,
    Sample, Subflow, TcpState, Token,
};
use pathscope::source::{Request, Source, Waker};

/// How long the script is, seconds.
pub const LENGTH_S: f64 = 75.0;
/// From one sample to the next, seconds.
pub const STEP_S: f64 = 0.25;

const WIFI: &str = "wlp0s20f3";
const ETHERNET: &str = "enx2800af081bee";
const PHONE: &str = "wwan0";

/// What the window asked of the source.
#[derive(Clone, Default)]
pub struct Asked {
    pub requests: Arc<Mutex<Vec<Request>>>,
    pub intervals: Arc<Mutex<Vec<Duration>>>,
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

    fn set_waker(&self, waker: Waker) {
        *self.waker.lock().unwrap() = Some(waker);
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }
}

/// May do everything.
pub fn full_access() -> Access {
    Access {
        events: true,
        control: true,
        subflow_tokens: true,
        why_not: None,
    }
}

/// May only look.
pub fn read_only() -> Access {
    Access {
        events: false,
        control: false,
        subflow_tokens: true,
        why_not: Some("CAP_NET_ADMIN is missing; run as root to change things".to_owned()),
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
        speed_mbps: None,
        ssid: None,
        signal_dbm: None,
        tx_bytes: None,
        rx_bytes: None,
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
    let json = serde_json::json!({
        "cookie": Cookie(cookie), "local": local, "remote": remote, "interface": device,
        "joined_by": JoinedBy::Token, "state": TcpState::Established, "bytes_acked": 0, "bytes_sent": 0,
        "bytes_received": 0, "rtt_us": 20_000, "rtt_var_us": 2_000, "cwnd": 10, "retrans_total": 0,
        "local_id": 0, "remote_id": 0,
    });
    serde_json::from_value(json).unwrap()
}

/// A connection without subflows.
pub fn connection(cookie: u64, app: &str, pid: u32, remote: &str) -> Connection {
    let json = serde_json::json!({
        "cookie": Cookie(cookie), "token": Token(0x91c7_87ca_u32.wrapping_mul(u32::try_from(cookie).unwrap())),
        "uid": 1000, "process": Process { pid, name: app.to_owned() }, "state": TcpState::Established,
        "local": "192.168.1.149:51344", "remote": remote, "fallback": false, "subflows": [],
    });
    serde_json::from_value(json).unwrap()
}

/// How one path of a connection behaves over the script.
struct Path {
    device: &'static str,
    /// Mbit/s at a time; `None` where there is no subflow.
    mbps: fn(f64) -> Option<f64>,
    rtt_ms: f64,
    cwnd: fn(f64) -> f64,
}

/// Noise between -1 and 1 that is the same in every run.
fn noise(t: f64, seed: f64) -> f64 {
    let wave = |speed: f64, share: f64| share * (t * speed + seed * 12.9).sin();
    (wave(3.1, 0.4) + wave(1.7, 0.35) + wave(7.3, 0.25)).clamp(-1.0, 1.0)
}

const JOINED: f64 = LENGTH_S - 38.0;
const LOST: f64 = LENGTH_S - 22.0;
const BACK: f64 = LENGTH_S - 8.0;

fn wifi_there(t: f64) -> bool {
    !(LOST..BACK).contains(&t)
}

fn bulk_wifi(t: f64) -> Option<f64> {
    if !wifi_there(t) {
        return None;
    }
    let level = match t {
        t if t < JOINED => 41.0,
        t if t < LOST => 31.0,
        t => 28.0 * (1.0 - (-(t - BACK) / 1.5).exp()),
    };
    Some(level + 2.5 * noise(t, 1.0))
}

fn bulk_ethernet(t: f64) -> Option<f64> {
    let level = match t {
        t if t < JOINED => return None,
        t if t < LOST => 75.0 * (1.0 - (-(t - JOINED) / 1.6).exp()),
        t if t < LOST + 0.3 => 6.0,
        t if t < BACK => 98.0,
        _ => 88.0,
    };
    Some(level + 5.0 * noise(t, 2.0))
}

fn nothing(_: f64) -> Option<f64> {
    Some(0.0)
}

fn burst(t: f64, every: f64, offset: f64, mbps: f64) -> f64 {
    let phase = (t + offset).rem_euclid(every);
    if phase < 1.1 {
        mbps * (1.0 - phase / 1.3)
    } else {
        0.0
    }
}

fn bursts_wifi(t: f64) -> Option<f64> {
    wifi_there(t).then(|| burst(t, 7.0, 1.0, 4.2) + 0.4)
}

fn bursts_ethernet(t: f64) -> Option<f64> {
    (t >= JOINED).then(|| burst(t, 5.3, 0.0, 6.0) + 0.8)
}

fn rare_wifi(t: f64) -> Option<f64> {
    wifi_there(t).then(|| burst(t, 11.0, 3.0, 0.3) + 0.002)
}

fn rare_ethernet(t: f64) -> Option<f64> {
    (t >= JOINED).then(|| burst(t, 13.0, 7.0, 0.8))
}

fn saw(t: f64, from: f64, to: f64, period: f64) -> f64 {
    from + (to - from) * (t / period).fract()
}

/// The eight connections with their paths.
fn cast() -> Vec<(Connection, Vec<Path>)> {
    let path = |device, mbps: fn(f64) -> Option<f64>, rtt_ms, cwnd: fn(f64) -> f64| Path {
        device,
        mbps,
        rtt_ms,
        cwnd,
    };
    let wifi = |mbps| {
        path(WIFI, mbps, 24.0, |t| {
            if t > BACK {
                20.0 + (t - BACK) * 9.0
            } else {
                saw(t, 60.0, 116.0, 26.0)
            }
        })
    };
    let ethernet = |mbps| {
        path(ETHERNET, mbps, 12.3, |t| {
            saw(t - JOINED, 150.0, 262.0, 19.0).max(10.0)
        })
    };
    let phone = || path(PHONE, nothing, 54.0, |_| 10.0);
    let fallback = |connection: Connection| Connection {
        fallback: Some(true),
        ..connection
    };
    vec![
        (
            connection(1, "nextcloud", 2214, "104.28.152.1:443"),
            vec![wifi(bulk_wifi), ethernet(bulk_ethernet), phone()],
        ),
        (
            connection(2, "firefox", 3120, "104.28.152.1:443"),
            vec![wifi(bursts_wifi), ethernet(bursts_ethernet), phone()],
        ),
        (
            connection(3, "firefox", 3120, "[2606:4700::6816:1]:443"),
            vec![wifi(bursts_wifi)],
        ),
        (
            connection(4, "firefox", 3120, "151.101.65.91:443"),
            vec![wifi(rare_wifi), ethernet(rare_ethernet), phone()],
        ),
        (
            fallback(connection(5, "firefox", 3120, "142.250.181.14:443")),
            vec![ethernet(bursts_ethernet)],
        ),
        (
            connection(6, "ssh", 4001, "203.0.113.24:22"),
            vec![wifi(rare_wifi), ethernet(rare_ethernet), phone()],
        ),
        (
            connection(7, "ssh", 4188, "198.51.100.9:22"),
            vec![ethernet(rare_ethernet)],
        ),
        (
            connection(8, "curl", 5120, "198.51.100.7:443"),
            vec![
                wifi(|t| bulk_wifi(t).map(|m| m * 0.45)),
                ethernet(|t| bulk_ethernet(t).map(|m| m * 0.45)),
                phone(),
            ],
        ),
    ]
}

fn local_of(device: &str, port: u16) -> SocketAddr {
    let address = match device {
        WIFI => "192.168.1.149",
        ETHERNET => "192.168.2.143",
        _ => "10.45.3.7",
    };
    SocketAddr::new(address.parse().unwrap(), port)
}

/// What has been counted on each subflow, by cookie.
#[derive(Default)]
pub struct Play {
    counters: std::collections::BTreeMap<u64, (f64, f64)>,
    step: u32,
}

impl Play {
    /// The lines of the next step.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn step(&mut self) -> Vec<Line> {
        let t = f64::from(self.step) * STEP_S;
        let mut lines: Vec<Line> = events_between(t - STEP_S, t);
        let mut sample = Sample {
            interfaces: interfaces(wifi_there(t)),
            ..quiet(t)
        };
        for (mut connection, paths) in cast() {
            let (mut sent, mut received) = (0, 0);
            for (number, path) in paths.iter().enumerate() {
                // After the loss a new subflow comes, with a cookie of its own.
                let life = u64::from(path.device == WIFI && t >= BACK);
                let cookie = connection.cookie.0 * 100 + number as u64 * 10 + life;
                let Some(mbps) = (path.mbps)(t) else { continue };
                let jitter = noise(t, cookie as f64);
                let entry = self.counters.entry(cookie).or_insert((0.0, 0.0));
                entry.0 += mbps.max(0.0) * STEP_S * 125_000.0;
                let lossy = path.device == ETHERNET && (LOST..LOST + 0.6).contains(&t);
                let stray = jitter > 0.985 && mbps > 5.0;
                entry.1 += if lossy { 9.0 } else { f64::from(u8::from(stray)) };
                let port = 40_000 + (cookie % 9000) as u16;
                let mut subflow = subflow(cookie, path.device, "0.0.0.0:0", "192.0.2.1:1");
                subflow.local = local_of(path.device, port);
                subflow.remote = connection.remote;
                subflow.bytes_acked = Some(entry.0 as u64);
                subflow.bytes_sent = Some(entry.0 as u64);
                subflow.bytes_received = Some((entry.0 / 100.0) as u64);
                let spread = if mbps > 0.0 { 1.0 } else { 0.0 };
                subflow.rtt_us = Some(((path.rtt_ms * (1.0 + 0.09 * jitter * spread)) * 1000.0) as u32);
                subflow.rtt_var_us = Some((path.rtt_ms * 130.0) as u32);
                subflow.cwnd = Some((path.cwnd)(t) as u32);
                subflow.retrans_total = Some(entry.1 as u32);
                subflow.local_id = Some(match path.device {
                    WIFI => 1,
                    ETHERNET => 2,
                    _ => 4,
                });
                subflow.initial = Some(number == 0 && life == 0);
                subflow.backup_local = Some(path.device == PHONE);
                sent += entry.0 as u64;
                received += (entry.0 / 100.0) as u64;
                connection.subflows.push(subflow);
            }
            connection.bytes_sent = Some(sent);
            connection.bytes_received = Some(received);
            sample.connections.push(connection);
        }
        lines.push(Line::Sample(Box::new(sample)));
        self.step += 1;
        lines
    }
}

fn events_between(from: f64, to: f64) -> Vec<Line> {
    let due = |t: f64| t > from && t <= to;
    let mut lines = Vec::new();
    let mut add = |kind, t: f64, device: &str, token: bool| {
        let mut event = Event::new(t, kind, Origin::Kernel);
        event.interface = Some(device.to_owned());
        event.local = Some(local_of(device, 51344));
        event.token = token.then(|| connection(1, "", 1, "192.0.2.1:1").token).flatten();
        if kind == EventKind::AddressLost {
            event.address = Some(local_of(device, 1).ip());
            event.local = None;
        }
        lines.push(Line::Event(Box::new(event)));
    };
    if due(JOINED) {
        add(EventKind::SubflowEstablished, JOINED, ETHERNET, true);
    }
    if due(LOST) {
        add(EventKind::InterfaceDown, LOST, WIFI, false);
        add(EventKind::AddressLost, LOST + 0.05, WIFI, false);
        add(EventKind::SubflowClosed, LOST + 0.1, WIFI, true);
    }
    if due(BACK) {
        add(EventKind::InterfaceUp, BACK - 0.4, WIFI, false);
        add(EventKind::SubflowEstablished, BACK, WIFI, true);
    }
    lines
}

/// All lines of the script.
pub fn script() -> Vec<Line> {
    let mut play = Play::default();
    let mut lines = Vec::new();
    while f64::from(play.step) * STEP_S <= LENGTH_S {
        lines.extend(play.step());
    }
    lines
}
