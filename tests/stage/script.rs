//! The script: what eight connections do over 75 seconds, with the Wi-Fi lost for 14 of them.

use pathscope::model::{Connection, Event, EventKind, Line, Origin, Sample, SocketAddr};

use super::{ETHERNET, PHONE, WIFI, connection, interfaces, quiet, subflow};

/// How long the script is, seconds.
const LENGTH_S: f64 = 75.0;
/// From one sample to the next, seconds.
const STEP_S: f64 = 0.25;

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
/// When Wi-Fi is lost, seconds on the stream.
pub const LOST: f64 = LENGTH_S - 22.0;
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

#[allow(clippy::unnecessary_wraps, reason = "one of several such functions")]
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
struct Play {
    counters: std::collections::BTreeMap<u64, (f64, f64)>,
    /// What the peer acknowledged of each connection.
    acked: std::collections::BTreeMap<u64, f64>,
    step: u32,
}

impl Play {
    /// The lines of the next step.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn step(&mut self) -> Vec<Line> {
        let t = f64::from(self.step) * STEP_S;
        let mut lines: Vec<Line> = events_between(t - STEP_S, t);
        let mut sample = Sample {
            interfaces: interfaces(wifi_there(t)),
            ..quiet(t)
        };
        for (mut connection, paths) in cast() {
            let (mut moved, mut received) = (0.0, 0);
            for (number, path) in paths.iter().enumerate() {
                // After the loss a new subflow comes, with a cookie of its own.
                let life = u64::from(path.device == WIFI && t >= BACK);
                let cookie = connection.cookie.0 * 100 + number as u64 * 10 + life;
                let Some(mbps) = (path.mbps)(t) else { continue };
                let jitter = noise(t, cookie as f64);
                let entry = self.counters.entry(cookie).or_insert((0.0, 0.0));
                entry.0 += mbps.max(0.0) * STEP_S * 125_000.0;
                moved += mbps.max(0.0) * STEP_S * 125_000.0;
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
                received += (entry.0 / 100.0) as u64;
                connection.subflows.push(subflow.into());
            }
            let acked = self.acked.entry(connection.cookie.0).or_insert(0.0);
            // What was on the way over Wi-Fi holds everything up until it is sent again.
            if !(LOST..LOST + STEP_S).contains(&t) {
                *acked += moved;
            }
            let waits = if moved > 10_000.0 { 200_000 } else { 0 };
            connection.bytes_acked = Some(*acked as u64);
            connection.bytes_sent = Some(*acked as u64 + waits);
            connection.bytes_received = Some(received);
            connection.add_addr_accepted = Some(0);
            connection.extra_subflows = u8::try_from(connection.subflows.len().saturating_sub(1)).ok();
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

/// The script until Wi-Fi is lost, and for so many seconds after that nothing but samples in which nothing moves.
pub fn losing(seconds: f64) -> Vec<Line> {
    let mut lines: Vec<Line> = script()
        .into_iter()
        .filter(|line| line.t() < LOST + STEP_S)
        .collect();
    let mut t = LOST + STEP_S;
    while t <= LOST + seconds {
        lines.push(Line::Sample(Box::new(Sample {
            t,
            ..Sample::default()
        })));
        t += STEP_S;
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
