//! The rows of the plot: one a unit, in it a line for each chosen metric of each subflow.

use super::metrics::Metric;
use super::record::{Recorder, Recording, Value};
use crate::history::SubflowHistory;
use crate::model::ConnectionId;
use crate::ui::kit::ValueScale;
use crate::ui::resample::{Bins, Curve, Extent, Track};
use crate::ui::theme::Slot;
use crate::ui::view::{View, application};

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub metric: &'static Metric,
    /// The path, with the application where two connections are shown.
    pub name: String,
    pub slot: Slot,
    pub backup: bool,
    /// Which of the metrics of its row it shows: the first is the strongest.
    pub rank: usize,
    /// Whether it belongs to the connection that is compared with.
    pub other: bool,
    pub curve: Curve,
}

impl Line {
    /// Its value at a time: that of the newest point not after it.
    pub(super) fn value_at(&self, t: f64) -> Option<f64> {
        crate::ui::plots::series::value_at(&self.curve, t)
    }
}

/// The lines of one unit.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub unit: &'static str,
    pub metrics: Vec<&'static Metric>,
    pub lines: Vec<Line>,
    pub scale: ValueScale,
    pub whole: bool,
}

/// How wide a bin is, points of the window.
const BIN: f64 = 2.0;

/// The rows of what is chosen from one time to another, over `width` points. `scales` are those of the last time.
pub(super) fn rows(
    recorder: &Recorder,
    view: &View<'_>,
    (from, to): (f64, f64),
    width: f32,
    scales: &[(&'static str, ValueScale)],
) -> Vec<Row> {
    let point = (to - from) / f64::from(width.max(16.0));
    let bins = Bins::covering(from, to, BIN * point);
    let mut rows: Vec<Row> = Vec::new();
    for metric in recorder.chosen.iter().copied() {
        let unit = metric.display.unit;
        let at = rows.iter().position(|row| row.unit == unit).unwrap_or_else(|| {
            rows.push(Row {
                unit,
                metrics: Vec::new(),
                lines: Vec::new(),
                scale: ValueScale::Linear(1.0),
                whole: true,
            });
            rows.len() - 1
        });
        let Some(row) = rows.get_mut(at) else { continue };
        let rank = row.metrics.len();
        row.metrics.push(metric);
        row.whole &= metric.display.whole;
        for (number, connection) in recorder.connections.iter().enumerate() {
            row.lines.extend(lines(
                recorder,
                metric,
                (rank, number),
                *connection,
                view,
                (from, to),
                &bins,
            ));
        }
    }
    for row in &mut rows {
        let values = || {
            row.lines
                .iter()
                .flat_map(|line| &line.curve)
                .filter_map(|(_, value)| *value)
        };
        let highest = values().fold(0.0, f64::max);
        let least = values()
            .filter(|value| *value > 0.0)
            .fold(f64::INFINITY, f64::min);
        let before = scales
            .iter()
            .find(|(unit, _)| *unit == row.unit)
            .map(|(_, scale)| *scale);
        row.scale = ValueScale::of(least, highest, row.whole, before);
    }
    rows
}

fn lines<'a>(
    recorder: &'a Recorder,
    metric: &'static Metric,
    (rank, number): (usize, usize),
    connection: ConnectionId,
    view: &'a View<'_>,
    (from, to): (f64, f64),
    bins: &'a Bins,
) -> impl Iterator<Item = Line> + 'a {
    let mut subflows: Vec<&SubflowHistory> = view
        .shown
        .subflows_of(connection)
        .filter(|subflow| subflow.began_at <= to && subflow.ended_at.is_none_or(|ended| ended >= from))
        .collect();
    view.sort(&mut subflows);
    let compared = recorder.connections.len() > 1;
    let app = view
        .shown
        .latest(connection)
        .filter(|_| compared)
        .map(application);
    subflows.into_iter().filter_map(move |subflow| {
        let recording = recorder.of(subflow.last.cookie, metric)?;
        let path = view.path(subflow.last.interface.as_deref());
        let name = match &app {
            Some(app) => format!("{}, {app}", path.name),
            None => path.name,
        };
        Some(Line {
            metric,
            name,
            slot: path.slot,
            backup: subflow.last.is_backup(),
            rank,
            other: number > 0,
            curve: curve(
                recording,
                bins,
                subflow.ended_at.unwrap_or(view.shown.now()).min(to),
            ),
        })
    })
}

/// The values of a recording on bins, the newest held until `end`.
fn curve(recording: &Recording, bins: &Bins, end: f64) -> Curve {
    let shown = |value: &Value| value.shown;
    let mut track = Track::<Extent>::default();
    track.read_extents(&recording.values, bins, shown);
    let mut curve = track.curve(&recording.values, bins, shown);
    curve.retain(|(t, _)| *t <= end);
    if let Some((t, value)) = curve.last().copied()
        && t < end
    {
        curve.push((end, value));
    }
    curve
}

/// Everything that was recorded from one time to another, as lines of comma-separated values with a head.
pub(super) fn csv(recorder: &Recorder, view: &View<'_>, (from, to): (f64, f64)) -> String {
    let mut text = "seconds,connection,peer,path,local,remote,metric,unit,value\n".to_owned();
    for metric in &recorder.chosen {
        for id in &recorder.connections {
            let Some(connection) = view.shown.latest(*id) else {
                continue;
            };
            for subflow in view.shown.subflows_of(*id) {
                let Some(recording) = recorder.of(subflow.last.cookie, metric) else {
                    continue;
                };
                let fields = [
                    application(connection).into_owned(),
                    connection.remote.to_string(),
                    view.path(subflow.last.interface.as_deref()).name,
                    subflow.last.local.to_string(),
                    subflow.last.remote.to_string(),
                    metric.name.to_owned(),
                    metric.unit.to_owned(),
                ]
                .map(|field| quoted(&field))
                .join(",");
                let within = |value: &&Value| value.t >= from && value.t <= to;
                for value in recording.values.iter().filter(within) {
                    let raw = value.raw.map_or_else(String::new, |raw| raw.to_string());
                    text.push_str(&format!("{:.3},{fields},{raw}\n", value.t));
                }
            }
        }
    }
    text
}

/// A field as RFC 4180 has it, and none that a spreadsheet would take for a formula.
fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let field = if formula {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}
