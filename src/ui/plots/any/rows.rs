//! The rows of the plot: one a unit, in it a line for each chosen metric of each subflow.

use super::metrics::{Display, SubflowMetric, raw_unit};
use super::record::{Recorder, Recording, Value};
use crate::history::SubflowHistory;
use crate::model::ConnectionId;
use crate::ui::kit::ValueScale;
use crate::ui::plots::series::value_at;
use crate::ui::resample::{Bins, Curve, Extent, Track, cut};
use crate::ui::theme::Slot;
use crate::ui::view::{View, application};

/// One line.
#[derive(Clone, Debug)]
pub(super) struct MetricLine {
    pub metric: &'static SubflowMetric,
    /// The path, with the application where two connections are shown.
    pub name: String,
    pub slot: Slot,
    pub backup: bool,
    /// Which of the metrics of its row it shows: the first is the strongest.
    pub rank: usize,
    /// Whether it belongs to the connection that is compared with.
    pub other: bool,
    /// When its subflow began and, if it did, ended.
    pub life: (f64, Option<f64>),
    pub curve: Curve,
    /// What it is now and since when, where that is a mean over the last second, as every rate of now is.
    pub newest: Option<(f64, f64)>,
}

impl MetricLine {
    /// Whether its subflow was there at a time.
    pub(super) fn lives_at(&self, t: f64) -> bool {
        t >= self.life.0 && self.life.1.is_none_or(|ended| t <= ended)
    }

    /// Its value at a time: that of the newest point not after it.
    pub(super) fn value_at(&self, t: f64) -> Option<f64> {
        let newest = self.newest.filter(|(since, _)| t >= *since);
        newest.map_or_else(|| value_at(&self.curve, t), |(_, value)| Some(value))
    }

    /// The same in words.
    pub(super) fn written_at(&self, t: f64) -> Option<String> {
        self.value_at(t)
            .map(|value| Display::of(&self.metric.field).write(value))
    }
}

/// The lines of one unit.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub unit: &'static str,
    pub metrics: Vec<&'static SubflowMetric>,
    pub lines: Vec<MetricLine>,
    pub scale: ValueScale,
    pub whole: bool,
}

/// What stands beside a row, one below the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry<'a> {
    /// A metric, by its rank in the row.
    Metric(usize, &'a SubflowMetric),
    /// A line of the metric before it.
    Line(&'a MetricLine),
}

impl Row {
    /// Its metrics, and below each the lines of subflows that live at a time.
    pub(super) fn entries(&self, at: f64) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        for (rank, metric) in self.metrics.iter().enumerate() {
            entries.push(Entry::Metric(rank, metric));
            let lines = self
                .lines
                .iter()
                .filter(|line| line.rank == rank && line.lives_at(at));
            entries.extend(lines.map(Entry::Line));
        }
        entries
    }
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
        let display = Display::of(&metric.field);
        let unit = display.unit;
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
        row.whole &= display.whole;
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

/// What tells a connection from the one beside it: the application, or the peer where that is the same.
fn owner(recorder: &Recorder, connection: ConnectionId, view: &View<'_>) -> Option<String> {
    let mut others = recorder.connections.iter().filter(|other| **other != connection);
    let other = others.find_map(|other| view.shown.latest(*other))?;
    let shown = view.shown.latest(connection)?;
    let is_same = application(shown) == application(other);
    Some(if is_same {
        shown.remote.to_string()
    } else {
        application(shown).into_owned()
    })
}

fn lines<'a>(
    recorder: &'a Recorder,
    metric: &'static SubflowMetric,
    (rank, number): (usize, usize),
    connection: ConnectionId,
    view: &'a View<'_>,
    (from, to): (f64, f64),
    bins: &'a Bins,
) -> impl Iterator<Item = MetricLine> + 'a {
    let mut subflows: Vec<&SubflowHistory> = view
        .shown
        .subflows_of(connection)
        .filter(|subflow| subflow.began_at <= to && subflow.ended_at.is_none_or(|ended| ended >= from))
        .collect();
    view.sort(&mut subflows);
    let whose = owner(recorder, connection, view);
    subflows.into_iter().filter_map(move |subflow| {
        let recording = recorder.of(subflow.last.cookie, metric)?;
        let end = subflow.ended_at.unwrap_or(view.shown.now()).min(to);
        let mut curve = curve(recording, bins, end);
        cut(&mut curve, view.shown.gaps());
        // Of what the kernel does not tell there is nothing to show.
        curve.iter().find(|(_, value)| value.is_some())?;
        let path = view.path(subflow.last.interface.as_deref());
        let name = match &whose {
            Some(whose) => format!("{}, {whose}", path.name),
            None => path.name,
        };
        Some(MetricLine {
            metric,
            name,
            slot: path.slot,
            backup: subflow.last.is_backup(),
            rank,
            other: number > 0,
            life: (subflow.began_at, subflow.ended_at),
            newest: newest(recording).filter(|_| subflow.ended_at.is_none()),
            curve,
        })
    })
}

/// What a rate is now: its mean over the second before the newest value, and when that was.
fn newest(recording: &Recording) -> Option<(f64, f64)> {
    let last = recording.values.back().filter(|value| value.shown.is_some())?;
    if !Display::of(&recording.metric.field).per_second {
        return None;
    }
    let from = last.t - 1.0;
    let mut values = recording.values.iter().rev().peekable();
    let (mut sum, mut seconds) = (0.0, 0.0);
    while let Some(value) = values.next().filter(|value| value.t > from) {
        let began = values.peek().map_or(value.t, |before| before.t.max(from));
        if let Some(shown) = value.shown {
            sum += shown * (value.t - began);
            seconds += value.t - began;
        }
    }
    (seconds > 0.0).then(|| (last.t, sum / seconds))
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
                    metric.field.name.to_owned(),
                    raw_unit(&metric.field).to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Sample, Token};
    use crate::ui::plots::any::metrics::all;
    use crate::ui::test_data::Stage;

    fn chosen(names: &[&str]) -> Recorder {
        let mut recorder = Recorder::default();
        recorder.follow(&[Token(1).into()]);
        for name in names {
            recorder.toggle(all().find(|metric| metric.field.name == *name).expect("a metric"));
        }
        recorder
    }

    #[test]
    fn metrics_of_one_unit_share_a_row_and_each_subflow_has_a_line() {
        let mut stage = Stage::usual();
        let mut recorder = chosen(&["rtt_us", "bytes_acked", "rto_us"]);
        recorder.record(&stage.history);
        let mut connection = stage.history.latest(Token(1).into()).expect("known").clone();
        for subflow in &mut connection.subflows {
            subflow.rtt_us = Some(24_000);
            subflow.bytes_acked = subflow.bytes_acked.map(|acked| acked + 1_000_000);
        }
        let sample = Sample {
            t: 11.0,
            connections: vec![connection],
            ..Sample::default()
        };
        stage.history.apply(crate::model::Line::Sample(Box::new(sample)));
        recorder.record(&stage.history);
        let view = stage.view();
        let rows = rows(&recorder, &view, (0.0, view.shown.now()), 400.0, &[]);
        let units: Vec<_> = rows.iter().map(|row| (row.unit, row.metrics.len())).collect();
        assert_eq!(units, [("ms", 2), ("Mbit/s", 1)]);
        let rtt = rows.first().expect("two rows");
        let names: Vec<_> = rtt.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["Wi-Fi", "Phone"], "nobody told the timeout");
        let acked = rows.last().and_then(|row| row.lines.first()).expect("a line");
        assert_eq!(
            acked.written_at(11.0).as_deref(),
            Some("8.00"),
            "1 MB in a second"
        );
    }

    #[test]
    fn a_table_for_programs_has_the_numbers_of_the_kernel() {
        let stage = Stage::usual();
        let mut recorder = chosen(&["rtt_us"]);
        recorder.record(&stage.history);
        let view = stage.view();
        let text = csv(&recorder, &view, (0.0, view.shown.now()));
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some("seconds,connection,peer,path,local,remote,metric,unit,value")
        );
        let first = lines.next().expect("a value");
        assert!(
            first.contains(",nextcloud,") && first.contains(",rtt_us,us,"),
            "{first}"
        );
    }

    #[test]
    fn a_field_is_no_formula_and_keeps_its_commas() {
        assert_eq!(quoted("Wi-Fi"), "Wi-Fi");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
