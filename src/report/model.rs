//! What a report says. Its serde form is what `pathscope report --json` prints (docs/report.md): fields may be added, never
//! renamed or re-typed; what is not known is `null`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::history::State;
use crate::history::handover::{Cause, Incident};
use crate::model::{
    Endpoint, Event, Interface, InterfaceKind, Limits, Settings, SocketAddr, TcpState, Token,
};
use crate::words::finding::FindingInWords;

/// A report on one recording, or on a part of it. Times are seconds on the stream.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of the schema.
    pub schema: u32,
    /// Always `report`.
    pub kind: &'static str,
    /// The program and its version.
    pub made_by: String,
    /// What happened, in a sentence or two, for people.
    pub sentence: String,
    /// What it is made of.
    pub recording: RecordingReport,
    /// The figures that count most.
    pub figures: Figures,
    /// What each interface carried, in the order of their names.
    pub paths: Vec<PathReport>,
    /// How much was carried when.
    pub throughput: Throughput,
    /// Each connection's handovers, in the order of the incidents that they belong to.
    pub handovers: Vec<HandoverReport>,
    /// The same by what happened.
    #[serde(skip)]
    pub incidents: Vec<Incident>,
    /// The connections, those that carried most first.
    pub connections: Vec<ConnectionReport>,
    /// What is not among them, because there were too many.
    pub connections_more: Leftover,
    /// The machine at the end.
    pub machine: Machine,
    /// What somebody changed meanwhile: events of commands, endpoints, limits and settings.
    pub changes: Vec<Event>,
    /// How many more there were.
    pub changes_more: u64,
    /// How many events there were of each kind.
    pub events: BTreeMap<String, u64>,
    /// The events, oldest first.
    #[serde(skip)]
    pub all_events: Vec<Event>,
    /// What was wrong at the end; `None` where no sample tells all that there is.
    pub findings: Option<Vec<FindingInWords>>,
    /// The time zone of clocks that people read.
    #[serde(skip)]
    pub zone: TimeZone,
    /// Every interface that was seen, for what names devices.
    #[serde(skip)]
    pub(super) names: State,
}

impl Report {
    /// A state in which every interface is that was seen, for what names devices.
    pub fn named(&self) -> &State {
        &self.names
    }
}

/// What a report is made of.
#[derive(Clone, Debug, Serialize)]
pub struct RecordingReport {
    /// The name of the file, without its directory; `None` where that would tell too much.
    pub file: Option<String>,
    /// The wall clock when the stream began, RFC 3339, UTC.
    pub started_at: String,
    /// The host's name.
    pub host: String,
    /// The kernel's release.
    pub kernel: String,
    /// The network namespace; `None` for the one Pathscope was started in.
    pub netns: Option<String>,
    /// Whether names and addresses are stand-ins.
    pub anonymised: bool,
    /// Whether the kernel told of events itself; else they are inferred by comparison.
    pub events_from_kernel: bool,
    /// From one sample to the next as asked for, ms.
    pub interval_ms: u64,
    /// Where the part begins that is told of, seconds.
    pub from_s: f64,
    /// Where it ends, seconds.
    pub to_s: f64,
    /// How many samples lie in it.
    pub samples: u64,
    /// How many streams stood in the file, one after another.
    pub streams: u64,
    /// Why the file ends before its time; `None` when it is whole.
    pub cut: Option<String>,
    /// Times of which nothing is known, because nothing was read: the machine was suspended.
    pub gaps: Vec<GapReport>,
}

/// A time of which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GapReport {
    /// When it began, seconds.
    pub from_s: f64,
    /// When it ended, seconds.
    pub to_s: f64,
}

/// The figures that count most.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Handovers; what happened to several connections at one time counts once.
    pub handovers: u64,
    /// The longest stretch without delivery, ms, of connections that had delivered steadily where there are such.
    pub worst_interruption_ms: Option<u64>,
    /// How far the truth may lie to either side, ms.
    pub worst_uncertainty_ms: Option<u64>,
    /// The longest stretch of any one connection, ms: it is longer where that connection had not delivered steadily before,
    /// which says less of the path.
    pub longest_interruption_ms: Option<u64>,
    /// The longest stretches of all handovers in sum, ms.
    pub without_delivery_ms: u64,
    /// Connections.
    pub connections: u64,
    /// Those that used more than one interface.
    pub connections_multipath: u64,
    /// Those that went on as plain TCP.
    pub connections_fallback: u64,
    /// Those that ended with data that was not delivered.
    pub connections_lost: u64,
    /// Programs that had a connection, by name.
    pub applications: u64,
    /// Data delivered to the peers, bytes.
    pub sent_bytes: u64,
    /// Data received, bytes.
    pub received_bytes: u64,
    /// How many times the kernel said that it could not deliver some events.
    pub events_lost: u64,
}

/// What one interface carried, of MPTCP connections.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathReport {
    /// Its device name; `None` for what no interface is known of.
    pub interface: Option<String>,
    /// What it is; `None` when it was not seen.
    pub kind: Option<InterfaceKind>,
    /// What people call it.
    pub name: String,
    /// Whether every subflow over it was a backup.
    pub backup: bool,
    /// Data that reached the peers over it, bytes: what was acknowledged.
    pub sent_bytes: u64,
    /// Data received over it, bytes.
    pub received_bytes: u64,
    /// Sent again over it, bytes.
    pub retransmitted_bytes: u64,
}

/// Mean rates of the paths in bins of one width.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Throughput {
    /// When the first bin begins, seconds.
    pub from_s: f64,
    /// How wide a bin is, seconds.
    pub bin_s: f64,
    /// The paths in the order of `Report::paths`.
    pub paths: Vec<PathRates>,
}

/// The mean rates of one path, a number a bin.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PathRates {
    /// Its device name; `None` for what no interface is known of.
    pub interface: Option<String>,
    /// Delivered to the peers, bits a second.
    pub sent_bps: Vec<f64>,
    /// Received, bits a second.
    pub received_bps: Vec<f64>,
}

/// A handover of one connection, as `pathscope handovers --json` has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandoverReport {
    /// The incident that it belongs to, from 1 on.
    pub number: usize,
    /// When delivery stopped, seconds.
    pub t: f64,
    /// The connection's token.
    pub token: Option<Token>,
    /// The program that holds the connection.
    pub application: Option<String>,
    /// The peer's address and port.
    pub remote: Option<SocketAddr>,
    /// Why.
    pub cause: Cause,
    /// The device that carried most before.
    pub from: Option<String>,
    /// The device that carried most afterwards.
    pub to: Option<String>,
    /// The longest stretch without delivery, ms.
    pub interruption_ms: Option<u64>,
    /// How far the truth may lie to either side, ms.
    pub uncertainty_ms: Option<u64>,
    /// Until delivery was as before, ms.
    pub recovery_ms: Option<u64>,
    /// Whether the connection lived on; `None` while nobody knows.
    pub survived: Option<bool>,
    /// Whether it had not ended when the recording did.
    pub ongoing: bool,
    /// The same for people.
    pub sentence: String,
}

/// One connection in the time that is told of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConnectionReport {
    /// Its token.
    pub token: Option<Token>,
    /// The program that holds it.
    pub application: Option<String>,
    /// That program's process id.
    pub pid: Option<u32>,
    /// The user's name.
    pub user: Option<String>,
    /// This host's address and port of the initial subflow.
    pub local: SocketAddr,
    /// The peer's address and port of the initial subflow.
    pub remote: SocketAddr,
    /// Whether this host accepted it.
    pub server_side: Option<bool>,
    /// Whether it went on as plain TCP.
    pub fallback: Option<bool>,
    /// When it was first seen, seconds.
    pub began_s: f64,
    /// Whether it was there before that.
    pub was_there: bool,
    /// When it was found gone, seconds.
    pub ended_s: Option<f64>,
    /// Data sent, bytes, each counted once however many subflows carried it.
    pub sent_bytes: u64,
    /// Data received, bytes, in the same way.
    pub received_bytes: u64,
    /// What its subflows sent in all, bytes.
    pub subflows_sent_bytes: u64,
    /// What they sent again of it, bytes.
    pub retransmitted_bytes: u64,
    /// Handovers.
    pub handovers: u64,
    /// Their interruptions in sum, ms; `None` where nothing was to be delivered in any of them.
    pub without_delivery_ms: Option<u64>,
    /// Whether it ended with data that was not delivered.
    pub lost: bool,
    /// Its subflows, oldest first.
    pub subflows: Vec<SubflowReport>,
}

/// One subflow in the time that is told of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubflowReport {
    /// This host's address and port.
    pub local: SocketAddr,
    /// The peer's address and port.
    pub remote: SocketAddr,
    /// The interface whose link it last used.
    pub interface: Option<String>,
    /// Whether the connection began with it.
    pub initial: Option<bool>,
    /// Whether either side last asked for it to be used as backup only.
    pub backup: bool,
    /// Its state when it was last seen.
    pub state: TcpState,
    /// When it was first seen, seconds.
    pub began_s: f64,
    /// When it was found gone, seconds.
    pub ended_s: Option<f64>,
    /// Data that reached the peer, bytes: what was acknowledged.
    pub delivered_bytes: u64,
    /// Data received, bytes.
    pub received_bytes: u64,
    /// Sent in all, bytes.
    pub sent_bytes: u64,
    /// Sent again, bytes.
    pub retransmitted_bytes: u64,
    /// Segments sent again.
    pub retransmitted_segments: u64,
    /// The smallest round-trip time ever, µs.
    pub min_rtt_us: Option<u32>,
    /// The smoothed round-trip time when it was last seen, µs.
    pub rtt_us: Option<u32>,
}

/// What was left out of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// How many connections.
    pub connections: u64,
    /// What they sent, bytes.
    pub sent_bytes: u64,
    /// What they received, bytes.
    pub received_bytes: u64,
}

/// The machine when the time that is told of ended.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Machine {
    /// Its interfaces.
    pub interfaces: Vec<Interface>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// The path manager's limits.
    pub limits: Option<Limits>,
    /// The settings below net.mptcp.
    pub settings: Settings,
    /// MPTcpExt counters by their kernel name: what they grew by.
    pub counters: BTreeMap<String, u64>,
    /// Established connections on plain TCP.
    pub plain_tcp: Option<u32>,
}
