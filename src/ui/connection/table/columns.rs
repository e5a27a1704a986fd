//! The columns of the table, one definition each: key, head, unit, what it means, and how its value is found.

use crate::history::{Condition, Point, SubflowHistory};
use crate::model::{JoinedBy, SocketAddr};
use crate::ui::format;
use crate::ui::view::{PathName, peak_bps};
use crate::words::state;

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    /// What it is remembered by; the field of the public schema where it is one.
    pub key: &'static str,
    /// What stands above it.
    pub head: &'static str,
    /// The unit of its values; may be empty.
    pub unit: &'static str,
    /// What it means, for those who point at its head.
    pub meaning: &'static str,
    /// The least that it is wide.
    pub width: f32,
    /// How its values look.
    pub face: Face,
    /// Whether it is shown until somebody chooses.
    pub usual: bool,
    /// Its value for a subflow.
    pub value: fn(&Given<'_>) -> Value,
}

/// How the values of a column look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// The shape and name of the path.
    Path,
    /// An address, its middle left out where there is no room.
    Address,
    /// Words, from the left.
    Words,
    /// The state, in red where the path is lost.
    State,
    /// A number, to the right.
    Number,
}

/// What a value is found from.
pub(super) struct Given<'a> {
    pub subflow: &'a SubflowHistory,
    pub path: &'a PathName,
    /// The interface that has the local address, where it is another.
    pub owner: Option<String>,
    pub condition: Condition,
    /// What it sends and receives now, bits a second.
    pub out_bps: f64,
    pub in_bps: f64,
    /// Whether the interface of the subflow is up, where that is known.
    pub up: Option<bool>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// The kernel gave none, for this reason.
    Absent(&'static str),
    /// None now, for this reason; what it was before.
    Last(&'static str, String),
    /// Words.
    Text(String),
    /// An end of the subflow.
    Address(SocketAddr),
    /// A number and how it is written.
    Number(f64, String),
    /// The same with what stands after it in grey.
    Spread(f64, String, String),
    /// Bits a second, and the largest of the last seconds: the decimals follow the largest of those in the column.
    Rate(f64, f64),
}

/// What is said of a figure that no kernel of this age has.
const NOT_TOLD: &str = "This kernel does not tell it.";
const HIDDEN: &str = "The kernel does not tell it. Before Linux 6.15 it tells it only with CAP_NET_ADMIN.";
const NO_ROUND_TRIP: &str = "No round trip has been measured yet.";
const NOTHING_THROUGH: &str = "Nothing gets through now.";

impl Given<'_> {
    fn lost(&self) -> bool {
        self.condition == Condition::Stalled
    }

    fn rate(&self, bps: f64, rate: fn(&Point) -> f32) -> Value {
        let peak = peak_bps(self.subflow, |point| f64::from(rate(point)));
        Value::Rate(if self.lost() { 0.0 } else { bps }, peak)
    }
}

fn number(value: Option<impl Into<u64>>) -> Value {
    let value: Option<u64> = value.map(Into::into);
    value.map_or(Value::Absent(NOT_TOLD), |value| {
        Value::Number(value as f64, format::count(value))
    })
}

fn bytes(value: Option<u64>) -> Value {
    value.map_or(Value::Absent(NOT_TOLD), |bytes| {
        Value::Number(bytes as f64, format::megabytes(bytes))
    })
}

fn kilobytes(value: Option<u32>) -> Value {
    value.map_or(Value::Absent(NOT_TOLD), |bytes| {
        let bytes = f64::from(bytes);
        Value::Number(bytes, format!("{:.1}", bytes / 1e3))
    })
}

fn micros(value: Option<u32>, why: &'static str) -> Value {
    value.map_or(Value::Absent(why), |us| {
        Value::Number(f64::from(us), format::ms(us))
    })
}

fn since(value: Option<u32>) -> Value {
    value.map_or(Value::Absent(NOT_TOLD), |ms| {
        Value::Number(f64::from(ms), format!("{:.1}", f64::from(ms) / 1e3))
    })
}

fn yes_or_no(value: Option<bool>) -> Value {
    value.map_or(Value::Absent(HIDDEN), |yes| {
        Value::Text(if yes { "yes" } else { "no" }.to_owned())
    })
}

fn bps(value: Option<u64>, why: &'static str) -> Value {
    value.map_or(Value::Absent(why), |bps| Value::Rate(bps as f64, bps as f64))
}

fn rtt(given: &Given<'_>) -> Value {
    let last = &given.subflow.last;
    let Some(rtt) = last.rtt_us.filter(|rtt| *rtt > 0) else {
        return Value::Absent(NO_ROUND_TRIP);
    };
    if given.lost() {
        return Value::Last(NOTHING_THROUGH, format!("last {}", format::ms(rtt)));
    }
    let spread = last.rtt_var_us.map(|var| format!("± {}", format::ms(var)));
    Value::Spread(f64::from(rtt), format::ms(rtt), spread.unwrap_or_default())
}

/// The interface that carries it, and the one whose address it uses where that is another: two subflows over one
/// interface are no two independent paths.
fn path(given: &Given<'_>) -> String {
    let name = &given.path.name;
    let owner = given.owner.as_ref();
    owner.map_or_else(|| name.clone(), |owner| format!("{name} ({owner}'s address)"))
}

fn ids(given: &Given<'_>) -> Value {
    let last = &given.subflow.last;
    let id = |id: Option<u8>| id.map_or_else(|| format::ABSENT.to_owned(), |id| id.to_string());
    match (last.local_id, last.remote_id) {
        (None, None) => Value::Absent(HIDDEN),
        (local, remote) => Value::Text(format!("{} → {}", id(local), id(remote))),
    }
}

fn role(given: &Given<'_>) -> Value {
    let last = &given.subflow.last;
    let word = match (last.backup_local, last.backup_remote, last.initial) {
        (Some(true), _, _) => "backup",
        (_, Some(true), _) => "peer's backup",
        (_, _, Some(true)) => "initial",
        (None, None, None) => return Value::Absent(HIDDEN),
        _ => "",
    };
    Value::Text(word.to_owned())
}

/// A column of numbers that is not among the usual ones.
const fn figure(
    key: &'static str,
    head: &'static str,
    unit: &'static str,
    meaning: &'static str,
    value: fn(&Given<'_>) -> Value,
) -> Column {
    Column {
        key,
        head,
        unit,
        meaning,
        width: 36.0,
        face: Face::Number,
        usual: false,
        value,
    }
}

/// A column of words that is not among the usual ones.
const fn words(
    key: &'static str,
    head: &'static str,
    meaning: &'static str,
    value: fn(&Given<'_>) -> Value,
) -> Column {
    Column {
        face: Face::Words,
        ..figure(key, head, "", meaning, value)
    }
}

impl Column {
    const fn usual(mut self, width: f32) -> Self {
        self.usual = true;
        self.width = width;
        self
    }

    const fn face(mut self, face: Face) -> Self {
        self.face = face;
        self
    }

    /// The head with its unit.
    pub(super) fn title(&self) -> String {
        if self.unit.is_empty() {
            self.head.to_owned()
        } else {
            format!("{}, {}", self.head, self.unit)
        }
    }
}

/// Every column, in the order in which they stand.
#[rustfmt::skip]
pub(super) static COLUMNS: [Column; 40] = [
    words("path", "Path", "The interface that carries it: the one that it is bound to, else the one that its route leaves by.",
        |given| Value::Text(path(given))).usual(88.0).face(Face::Path),
    words("interface", "Interface", "The device name.",
        |given| match given.path.device.as_str() {
            "" => Value::Absent("No interface has the address, and no route is known."),
            device => Value::Text(device.to_owned()),
        }),
    words("address_interface", "Address of", "The interface that has the local address, where another one carries it.",
        |given| Value::Text(given.owner.clone().unwrap_or_default())),
    words("local", "Local", "This host's address and port.",
        |given| Value::Address(given.subflow.last.local)).usual(110.0).face(Face::Address),
    words("remote", "Remote", "The peer's address and port.",
        |given| Value::Address(given.subflow.last.remote)).usual(110.0).face(Face::Address),
    words("ids", "Ids", "Address ids: this host's → the peer's.", ids).usual(44.0),
    figure("local_id", "Local id", "", "This host's address id.",
        |given| given.subflow.last.local_id.map_or(Value::Absent(HIDDEN), |id| number(Some(id)))),
    figure("remote_id", "Remote id", "", "The peer's address id.",
        |given| given.subflow.last.remote_id.map_or(Value::Absent(HIDDEN), |id| number(Some(id)))),
    words("condition", "State", "Whether data flows; stalled: data waits and nothing gets through.",
        |given| Value::Text(state::condition(given.condition, given.up).to_owned())).usual(72.0).face(Face::State),
    words("state", "TCP state", "The state of the TCP socket.", |given| Value::Text(state::tcp(given.subflow.last.state).to_owned())),
    words("role", "Role", "Initial: the connection began with it. Backup: carries data only when no other path can.",
        role).usual(44.0),
    words("initial", "Initial", "Whether the connection began with it.",
        |given| yes_or_no(given.subflow.last.initial)),
    words("backup_local", "Backup here", "This host asked the peer to use it as backup only.",
        |given| yes_or_no(given.subflow.last.backup_local)),
    words("backup_remote", "Backup there", "The peer asked this host to use it as backup only.",
        |given| yes_or_no(given.subflow.last.backup_remote)),
    words("joined_by", "Joined by", "How it is known which connection it belongs to; by inode it is inferred.",
        |given| Value::Text(match given.subflow.last.joined_by {
            JoinedBy::Token => "token",
            JoinedBy::Inode => "inode",
        }.to_owned())),
    figure("rtt", "RTT", "ms", "Smoothed round-trip time ± its mean deviation.", rtt).usual(80.0),
    figure("min_rtt", "Min. RTT", "ms", "The least round-trip time seen.",
        |given| micros(given.subflow.last.min_rtt_us.filter(|us| *us != u32::MAX), NO_ROUND_TRIP)),
    figure("rtt_var", "RTT deviation", "ms", "The mean deviation of the round-trip time.",
        |given| micros(given.subflow.last.rtt_var_us, NO_ROUND_TRIP)),
    figure("cwnd", "cwnd", "", "Congestion window, segments.", |given| number(given.subflow.last.cwnd)).usual(36.0),
    figure("ssthresh", "ssthresh", "", "Slow-start threshold, segments.",
        |given| given.subflow.last.ssthresh
            .map_or(Value::Absent("Not set: no loss has ended slow start yet."), |segments| number(Some(segments)))),
    figure("mss", "MSS", "B", "The largest segment sent.", |given| number(given.subflow.last.mss)),
    figure("out", "Out", "Mbit/s", "Data that the peer acknowledges now.",
        |given| given.rate(given.out_bps, |point| point.out_bps)).usual(64.0),
    figure("in", "In", "", "Data received now, Mbit/s.", |given| given.rate(given.in_bps, |point| point.in_bps)).usual(40.0),
    figure("delivery_rate_bps", "Delivery rate", "Mbit/s", "The latest rate that the kernel measured.",
        |given| bps(given.subflow.last.delivery_rate_bps, NOT_TOLD)),
    figure("pacing_rate_bps", "Pacing rate", "Mbit/s", "As fast as the kernel lets packets go.",
        |given| bps(given.subflow.last.pacing_rate_bps, "Unlimited, or this kernel does not tell it.")),
    figure("bytes_sent", "Sent", "MB", "Retransmissions included.",
        |given| bytes(given.subflow.last.bytes_sent)).usual(52.0),
    figure("bytes_acked", "Acknowledged", "MB", "Data that the peer acknowledged.",
        |given| bytes(given.subflow.last.bytes_acked)),
    figure("bytes_received", "Received", "MB", "Data that came in.",
        |given| bytes(given.subflow.last.bytes_received)),
    figure("bytes_retrans", "Sent again", "MB", "Data that was sent more than once.",
        |given| bytes(given.subflow.last.bytes_retrans)),
    figure("retrans_total", "Retrans.", "", "Segments ever sent again.",
        |given| number(given.subflow.last.retrans_total)).usual(48.0),
    figure("retrans", "Retrans. now", "", "Segments sent again and not acknowledged yet.",
        |given| number(given.subflow.last.retrans)),
    figure("lost", "Lost", "", "Segments thought lost.", |given| number(given.subflow.last.lost)),
    figure("unacked", "Unacked", "", "Segments sent and not acknowledged.",
        |given| number(given.subflow.last.unacked)),
    figure("snd_wnd", "Peer's window", "kB", "What the peer is ready to receive.",
        |given| kilobytes(given.subflow.last.snd_wnd)),
    figure("rto", "RTO", "ms", "Retransmission timeout.", |given| micros(given.subflow.last.rto_us, NOT_TOLD)),
    figure("backoff", "Backoff", "", "How often the timeout was doubled.",
        |given| number(given.subflow.last.backoff)),
    figure("last_data_sent", "Sent before", "s", "Since data was last sent.",
        |given| since(given.subflow.last.last_data_sent_ms)),
    figure("last_data_received", "Received before", "s", "Since data last came in.",
        |given| since(given.subflow.last.last_data_received_ms)),
    figure("last_ack_received", "Heard before", "s", "Since an acknowledgement last came in.",
        |given| since(given.subflow.last.last_ack_received_ms)),
    words("cookie", "Cookie", "The identity of the TCP socket, as in ss -e.",
        |given| Value::Text(given.subflow.last.cookie.to_string())),
];

/// The column with a key.
pub(super) fn column(key: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.key == key)
}
