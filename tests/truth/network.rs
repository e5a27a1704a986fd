//! Two hosts with two paths between them, Ethernet and Wi-Fi, and what can be done to these.
//!
//! Where there is no delay they are joined by bare pairs of interfaces, else by the program's own laboratory. Both have the
//! same addresses and names: the client is 10.77.1.2 on Wi-Fi, where its connections begin, and 10.77.2.2 on Ethernet; the
//! server is 10.77.0.1 on either. Everything is gone with the value.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use pathscope::lab::{self, Lab};

use super::cell::Network;
use super::{common, hosts};

/// The port and address of the server.
pub(crate) const SERVER: &str = "10.77.0.1:7000";
pub(crate) const CLIENT: &str = "10.77.1.2:0";
pub(crate) const DEVICES: [&str; 2] = ["wifi", "ethernet"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

enum Kind {
    Bare { _hosts: [hosts::Host; 2] },
    Far(Lab),
}

/// Both hosts.
pub(crate) struct Hosts {
    pub(crate) network: Network,
    client: PathBuf,
    server: PathBuf,
    kind: Kind,
}

/// What stands in the name of a path: its subnet, its table and its endpoint's id.
pub(crate) fn number(device: &str) -> u8 {
    if device == "wifi" { 1 } else { 2 }
}

impl Hosts {
    pub(crate) fn new(network: Network) -> Self {
        match network.round_trips_ms {
            None => Self::bare(network),
            Some(round_trips) => Self::far(network, round_trips),
        }
    }

    fn bare(network: Network) -> Self {
        let [client, server] = [(); 2].map(|()| hosts::Host::new().expect("a network namespace"));
        for host in [&client, &server] {
            host.run(|| {
                for name in ["all", "default"] {
                    let setting = format!("/proc/sys/net/ipv4/conf/{name}/rp_filter");
                    std::fs::write(setting, "0").expect("a setting");
                }
            });
        }
        let netns = server.thread_id;
        let hosts = Self {
            network,
            client: client.netns(),
            server: server.netns(),
            kind: Kind::Bare {
                _hosts: [client, server],
            },
        };
        let pair = |device| format!("link add name {device} type veth peer name {device} netns {netns}");
        hosts.ip(Side::Client, &DEVICES.map(pair));
        for side in [Side::Client, Side::Server] {
            hosts.ip(
                side,
                &["mptcp limits set subflows 8 add_addr_accepted 8".to_owned()],
            );
        }
        hosts.ip(Side::Server, &["addr add 10.77.0.1/32 dev lo".to_owned()]);
        for device in DEVICES {
            let (number, table) = (number(device), 100 + number(device));
            hosts.ip(Side::Server, &Self::up_batch(Side::Server, device));
            let mut batch = vec![
                format!("rule add from 10.77.{number}.2 table {table}"),
                format!("route add unreachable default metric 4000000000 table {table}"),
            ];
            batch.extend(Self::up_batch(Side::Client, device));
            batch.push(format!(
                "mptcp endpoint add 10.77.{number}.2 dev {device} id {number} subflow"
            ));
            hosts.ip(Side::Client, &batch);
            for side in [Side::Client, Side::Server] {
                hosts.limit(side, device);
            }
        }
        hosts
    }

    fn far(network: Network, (ethernet_ms, wifi_ms): (f64, f64)) -> Self {
        let options = lab::Options {
            automatic: false,
            connections: Some(0),
            program: Some(common::pathscope()),
        };
        let lab = Lab::start(lab::scenario("aggregation").expect("known"), &options).expect("a laboratory");
        let loss = Some(network.loss_percent);
        for (device, round_trip_ms) in [("ethernet", ethernet_ms), ("wifi", wifi_ms)] {
            lab.shape(device, Some(round_trip_ms / 2.0), network.mbps, loss)
                .expect("a shape");
        }
        Self {
            network,
            client: lab.netns(),
            server: lab.server_netns(),
            kind: Kind::Far(lab),
        }
    }

    pub(crate) fn netns(&self, side: Side) -> &Path {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// What a command on a host prints.
    pub(crate) fn run(&self, side: Side, words: &[&str]) -> String {
        common::output(self.netns(side), words)
    }

    /// A batch for `ip` on a host.
    pub(crate) fn ip(&self, side: Side, batch: &[String]) {
        let mut ip = common::inside(self.netns(side), Path::new("ip"), false)
            .args(["-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("ip from iproute2");
        let mut input = ip.stdin.take().expect("its input");
        input
            .write_all((batch.join("\n") + "\n").as_bytes())
            .expect("a batch");
        drop(input);
        let status = ip.wait().expect("ip from iproute2");
        assert!(status.success(), "{batch:?}");
    }

    /// What makes a device work: up, with its address and routes, and the other end is known.
    fn up_batch(side: Side, device: &str) -> Vec<String> {
        let number = number(device);
        let (own, other) = match side {
            Side::Client => (2, 1),
            Side::Server => (1, 2),
        };
        let mut batch = vec![
            format!("link set {device} address 02:77:00:00:{number:02x}:{own:02x}"),
            format!("link set {device} up"),
            format!("addr replace 10.77.{number}.{own}/24 dev {device}"),
            format!(
                "neigh replace 10.77.{number}.{other} lladdr 02:77:00:00:{number:02x}:{other:02x} dev {device} \
                 nud permanent"
            ),
        ];
        if side == Side::Client {
            let (gateway, table) = (format!("10.77.{number}.1"), 100 + number);
            let metric = 100 * (3 - u16::from(number));
            batch.extend([
                format!("route replace default via {gateway} dev {device} table {table}"),
                format!("route replace default via {gateway} dev {device} metric {metric}"),
            ]);
        }
        batch
    }

    pub(crate) fn up(&self, side: Side, device: &str) {
        self.ip(side, &Self::up_batch(side, device));
    }

    pub(crate) fn down(&self, side: Side, device: &str) {
        self.ip(side, &[format!("link set {device} down")]);
    }

    /// Gives a bare pair's end its rate.
    fn limit(&self, side: Side, device: &str) {
        if let (Kind::Bare { .. }, Some(mbps)) = (&self.kind, self.network.mbps) {
            self.narrow_end(side, device, mbps);
        }
    }

    fn narrow_end(&self, side: Side, device: &str, mbps: f64) {
        let rate = format!("{:.0}kbit", mbps * 1e3);
        // Two milliseconds at a time, and a whole frame.
        let burst = format!("{:.0}", (mbps * 250.0).max(3100.0));
        let words = [
            "tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate", &rate, "burst", &burst,
            "latency", "50ms",
        ];
        self.run(side, &words);
    }

    /// Makes a path so narrow, in both directions.
    pub(crate) fn narrow(&self, device: &str, mbps: f64) {
        match &self.kind {
            Kind::Far(lab) => lab.shape(device, None, Some(mbps), None).expect("a shape"),
            Kind::Bare { .. } => {
                for side in [Side::Client, Side::Server] {
                    self.narrow_end(side, device, mbps);
                }
            }
        }
    }

    /// Changes a path's delay each way, ms, or its loss, percent. A bare pair has neither.
    pub(crate) fn shape(&self, device: &str, delay_ms: Option<f64>, loss_percent: Option<f64>) {
        let Kind::Far(lab) = &self.kind else {
            panic!("{} has no delay and no loss", self.network.name);
        };
        lab.shape(device, delay_ms, None, loss_percent).expect("a shape");
    }

    /// Loses everything on the way, or no longer. On a bare pair what goes to the receiver is lost a few milliseconds
    /// before what comes back: the other way round the sender would change over without missing anything.
    pub(crate) fn silence(&self, device: &str, receiver: Side, on: bool) {
        match &self.kind {
            Kind::Far(_) => {
                let loss = if on { 100.0 } else { self.network.loss_percent };
                self.shape(device, None, Some(loss));
            }
            Kind::Bare { .. } => {
                for side in [receiver, receiver.other()] {
                    self.lose_incoming(side, device, on);
                }
            }
        }
    }

    /// Loses what comes to one end before it gets in: to the hosts it was lost on the way.
    pub(crate) fn lose_incoming(&self, side: Side, device: &str, on: bool) {
        let chain = format!("type filter hook ingress device {device} priority 0; drop;");
        self.filter(side, "netdev", &format!("way_{device}"), &chain, on);
    }

    /// A firewall that drops what a host sends over a device, or what comes in.
    pub(crate) fn firewall(&self, side: Side, hook: &str, device: &str, on: bool) {
        let name = if hook == "output" { "oifname" } else { "iifname" };
        let chain = format!("type filter hook {hook} priority 0; {name} \"{device}\" drop;");
        self.filter(side, "inet", &format!("cut_{hook}_{device}"), &chain, on);
    }

    /// A firewall that resets every connection to the server.
    pub(crate) fn reset_all(&self, side: Side) {
        let port = if side == Side::Client { "dport" } else { "sport" };
        let chain = format!("type filter hook output priority 0; tcp {port} 7000 reject with tcp reset;");
        self.filter(side, "inet", "cut_all", &chain, true);
    }

    fn filter(&self, side: Side, family: &str, name: &str, chain: &str, on: bool) {
        let words = if on {
            format!("table {family} {name} {{ chain cut {{ {chain} }}; }}")
        } else {
            format!("delete table {family} {name}")
        };
        self.run(side, &["nft", &words]);
    }

    /// A queue that takes nothing, or swallows what it takes.
    pub(crate) fn queue(&self, side: Side, device: &str, swallows: bool, on: bool) {
        let change = |verb: &str, kind: &[&str]| {
            let mut words = vec!["tc", "qdisc", verb, "dev", device, "root"];
            words.extend(kind);
            self.run(side, &words);
        };
        match (on, swallows) {
            (true, true) => change("replace", &["blackhole"]),
            (true, false) => change("replace", &["pfifo", "limit", "0"]),
            (false, _) => {
                change("del", &[]);
                self.limit(side, device);
            }
        }
    }
}
