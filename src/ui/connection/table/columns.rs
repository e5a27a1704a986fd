//! The columns of the table: one for each number that the kernel tells of a subflow, and what is found here.

use std::sync::LazyLock;

use super::number;
use super::value::{HIDDEN, NO_ROUND_TRIP, NOT_TOLD, NOTHING_THROUGH, Value};
use crate::history::{Condition, SubflowHistory};
use crate::metrics::Field;
use crate::model::{JoinedBy, Metric, Subflow};
use crate::ui::format;
use crate::ui::view::PathName;
use crate::words::state;

/// One column.
#[derive(Clone, Copy, Debug)]
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
    pub style: CellStyle,
    /// Whether it is shown until somebody chooses.
    pub usual: bool,
    /// How its value for a subflow is found.
    find: Find,
}

/// How the value of a column is found.
#[derive(Clone, Copy, Debug)]
enum Find {
    /// Here.
    Here(fn(&CellInput<'_>) -> Value),
    /// As a number that the kernel tells.
    Metric(&'static Metric<Subflow>),
}

/// How the values of a column look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellStyle {
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
pub(super) struct CellInput<'a> {
    pub subflow: &'a SubflowHistory,
    pub path: &'a PathName,
    /// The interface that has the local address, where it is another.
    pub owner: Option<String>,
    pub condition: Condition,
    /// What it sends and receives now, bits a second.
    pub rates: (f64, f64),
    /// The most that its connection sent and received of late.
    pub peaks: (f64, f64),
    /// Whether the interface of the subflow is up, where that is known.
    pub up: Option<bool>,
    /// How long ago it ended, seconds, if it has.
    pub ended_s: Option<f64>,
}

impl CellInput<'_> {
    fn lost(&self) -> bool {
        self.condition == Condition::Stalled || self.ended_s.is_some()
    }

    /// Its state in words.
    pub(super) fn state(&self) -> String {
        let lasting = || state::condition(self.condition, self.up).to_owned();
        self.ended_s.map_or_else(lasting, state::closed)
    }
}

fn id(value: Option<u8>) -> Value {
    value.map_or(Value::Absent(HIDDEN), |id| {
        Value::Number(f64::from(id), id.to_string())
    })
}

fn yes_or_no(value: Option<bool>) -> Value {
    value.map_or(Value::Absent(HIDDEN), |yes| {
        Value::Text(if yes { "yes" } else { "no" }.to_owned())
    })
}

fn rtt(input: &CellInput<'_>) -> Value {
    let last = &input.subflow.last;
    let Some(rtt) = last.rtt_us.filter(|rtt| *rtt > 0) else {
        return Value::Absent(NO_ROUND_TRIP);
    };
    if input.lost() {
        return Value::Last(NOTHING_THROUGH, format!("last {}", format::ms(rtt)));
    }
    let spread = last.rtt_var_us.map(|var| format!("± {}", format::ms(var)));
    Value::Spread(f64::from(rtt), format::ms(rtt), spread.unwrap_or_default())
}

/// The interface that carries it, and the one whose address it uses where that is another: two subflows over one
/// interface are no two independent paths.
fn path(input: &CellInput<'_>) -> String {
    let name = &input.path.name;
    let owner = input.owner.as_ref();
    owner.map_or_else(|| name.clone(), |owner| format!("{name} ({owner}'s address)"))
}

fn ids(input: &CellInput<'_>) -> Value {
    let last = &input.subflow.last;
    let id = |id: Option<u8>| id.map_or_else(|| format::ABSENT.to_owned(), |id| id.to_string());
    match (last.local_id, last.remote_id) {
        (None, None) => Value::Absent(HIDDEN),
        (local, remote) => Value::Text(format!("{} → {}", id(local), id(remote))),
    }
}

fn role(input: &CellInput<'_>) -> Value {
    let last = &input.subflow.last;
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
    value: fn(&CellInput<'_>) -> Value,
) -> Column {
    Column {
        key,
        head,
        unit,
        meaning,
        width: 36.0,
        style: CellStyle::Number,
        usual: false,
        find: Find::Here(value),
    }
}

/// A column of a number that the kernel tells. It is remembered by the name of the number without its unit.
fn metric(metric: &'static Metric<Subflow>) -> Column {
    let Field {
        name, title, meaning, ..
    } = metric.field;
    let key = name.strip_suffix("_us").or_else(|| name.strip_suffix("_ms"));
    Column {
        find: Find::Metric(metric),
        ..figure(
            key.unwrap_or(name),
            title,
            number::unit(&metric.field),
            meaning,
            |_| Value::Absent(NOT_TOLD),
        )
    }
}

/// A column of words that is not among the usual ones.
const fn words(
    key: &'static str,
    head: &'static str,
    meaning: &'static str,
    value: fn(&CellInput<'_>) -> Value,
) -> Column {
    Column {
        style: CellStyle::Words,
        ..figure(key, head, "", meaning, value)
    }
}

impl Column {
    const fn usual(mut self, width: f32) -> Self {
        self.usual = true;
        self.width = width;
        self
    }

    const fn style(mut self, style: CellStyle) -> Self {
        self.style = style;
        self
    }

    /// Its value for a subflow.
    pub(super) fn value(&self, input: &CellInput<'_>) -> Value {
        let value = match self.find {
            Find::Here(value) => value(input),
            Find::Metric(metric) => number::value(metric, &input.subflow.last),
        };
        match value {
            // What has ended moves nothing.
            Value::Rate(..) if input.ended_s.is_some() => Value::Gone,
            value => value,
        }
    }

    /// What it means, and which Linux tells it where not every one does.
    pub(super) fn about(&self) -> String {
        let meaning = self.meaning;
        match self.find {
            Find::Metric(metric) if number::is_newer_than_mptcp(metric.field.since) => {
                format!("{meaning} Linux {} and later tell it.", metric.field.since)
            }
            _ => meaning.to_owned(),
        }
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

/// The columns that say where a subflow goes and how it does.
#[rustfmt::skip]
const PATH: &[Column] = &[
    words("path", "Path", "The interface that carries it: the one that it is bound to, else the one that its route leaves by.",
        |input| Value::Text(path(input))).usual(88.0).style(CellStyle::Path),
    words("interface", "Interface", "The device name.",
        |input| match input.path.device.as_str() {
            "" => Value::Absent("No interface has the address, and no route is known."),
            device => Value::Text(device.to_owned()),
        }),
    words("address_interface", "Address of", "The interface that has the local address, where another one carries it.",
        |input| Value::Text(input.owner.clone().unwrap_or_default())),
    words("local", "Local", "This host's address and port.",
        |input| Value::Address(input.subflow.last.local)).usual(110.0).style(CellStyle::Address),
    words("remote", "Remote", "The peer's address and port.",
        |input| Value::Address(input.subflow.last.remote)).usual(110.0).style(CellStyle::Address),
    words("ids", "Ids", "Address ids: this host's → the peer's.", ids).usual(44.0),
    figure("local_id", "Local id", "", "This host's address id.",
        |input| id(input.subflow.last.local_id)),
    figure("remote_id", "Remote id", "", "The peer's address id.",
        |input| id(input.subflow.last.remote_id)),
    words("condition", "State", "Whether data flows; stalled: data waits and nothing gets through.",
        |input| Value::Text(input.state())).usual(72.0).style(CellStyle::State),
    words("state", "TCP state", "The state of the TCP socket.", |input| Value::Text(state::tcp(input.subflow.last.state).to_owned())),
    words("role", "Role", "Initial: the connection began with it. Backup: carries data only when no other path can.",
        role).usual(44.0),
    words("initial", "Initial", "Whether the connection began with it.",
        |input| yes_or_no(input.subflow.last.initial)),
    words("backup_local", "Backup here", "This host asked the peer to use it as backup only.",
        |input| yes_or_no(input.subflow.last.backup_local)),
    words("backup_remote", "Backup there", "The peer asked this host to use it as backup only.",
        |input| yes_or_no(input.subflow.last.backup_remote)),
    words("joined_by", "Joined by", "How it is known which connection it belongs to; by inode it is inferred.",
        |input| Value::Text(match input.subflow.last.joined_by {
            JoinedBy::Token => "token",
            JoinedBy::Inode => "inode",
        }.to_owned())),
    figure("rtt", "RTT", "ms", "Smoothed round-trip time ± its mean deviation.", rtt).usual(80.0),
];

/// What moves now.
#[rustfmt::skip]
const RATES: &[Column] = &[
    figure("out", "Out", "Mbit/s", "Data that the peer acknowledges now.",
        |input| Value::Rate(input.rates.0, input.peaks.0)).usual(64.0),
    figure("in", "In", "", "Data received now, Mbit/s.", |input| Value::Rate(input.rates.1, input.peaks.1)).usual(40.0),
];

/// The last one.
#[rustfmt::skip]
const IDENTITY: &[Column] = &[
    words("cookie", "Cookie", "The identity of the TCP socket, as in ss -e.",
        |input| Value::Text(input.subflow.last.cookie.to_string())),
];

/// The kernel's numbers that stand first, and how wide they are where they are shown until somebody chooses.
const WINDOW: [(&str, Option<f32>); 5] = [
    ("min_rtt_us", None),
    ("rtt_var_us", None),
    ("cwnd", Some(36.0)),
    ("ssthresh", None),
    ("mss", None),
];
const DATA: [(&str, Option<f32>); 16] = [
    ("delivery_rate_bps", None),
    ("pacing_rate_bps", None),
    ("bytes_sent", Some(52.0)),
    ("bytes_acked", None),
    ("bytes_received", None),
    ("bytes_retrans", None),
    ("retrans_total", Some(48.0)),
    ("retrans", None),
    ("lost", None),
    ("unacked", None),
    ("snd_wnd", None),
    ("rto_us", None),
    ("backoff", None),
    ("last_data_sent_ms", None),
    ("last_data_received_ms", None),
    ("last_ack_received_ms", None),
];

/// Every column, in the order in which they stand. What the kernel tells and nobody has put in a place comes after the rest.
pub(super) static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let first = |names: &'static [(&str, Option<f32>)]| {
        names.iter().filter_map(|(name, width)| {
            let column = metric(
                Subflow::METRICS
                    .iter()
                    .find(|metric| metric.field.name == *name)?,
            );
            Some(width.map_or(column, |width| column.usual(width)))
        })
    };
    let mut columns = PATH.to_vec();
    columns.extend(first(&WINDOW));
    columns.extend(RATES);
    columns.extend(first(&DATA));
    for column in Subflow::METRICS.iter().map(metric) {
        if columns.iter().all(|other| other.key != column.key) {
            columns.push(column);
        }
    }
    columns.extend(IDENTITY);
    columns
});

/// The column with a key.
pub(super) fn column(key: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.key == key)
}
