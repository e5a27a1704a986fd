//! What the list of events says.

use crate::history::handover::Incident;
use crate::model::Event;
use crate::model::text::for_terminal;
use crate::ui::format;
use crate::ui::view::{PathName, View};
use crate::words::event as words;
use crate::words::handover::{headline, outcome};

/// One event, or a handover among them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// When, seconds on the stream.
    pub t: f64,
    /// The same on the clock, with milliseconds where they are wanted.
    pub clock: String,
    pub what: String,
    pub path: Option<PathName>,
    pub details: String,
    /// Whether a path was lost or a change failed.
    pub loss: bool,
    /// Whether it is a handover, which has a story of its own.
    pub is_handover: bool,
}

/// What the rows were made from: while it is the same, they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    filter: String,
    with_ms: bool,
    number: usize,
    oldest: Option<f64>,
    newest: Option<f64>,
    /// Events are named by what is known of their interfaces.
    interfaces: usize,
    /// A handover's figures come while it lasts.
    incidents: Vec<Incident>,
}

impl Key {
    pub(super) fn new(view: &View<'_>, filter: &str, with_ms: bool) -> Self {
        let events = view.shown.events();
        Self {
            filter: filter.to_owned(),
            with_ms,
            number: events.len(),
            oldest: events.front().map(|event| event.t),
            newest: events.back().map(|event| event.t),
            interfaces: view.shown.state().interfaces.len(),
            incidents: view.shown.incidents().to_vec(),
        }
    }

    /// Whether both stand for the same words.
    pub(super) fn filters_as(&self, other: &Self) -> bool {
        self.filter == other.filter
    }
}

/// How many rows came above the one that was the newest before.
pub(super) fn newer(before: &[Row], now: &[Row]) -> usize {
    let Some(newest) = before.first() else { return 0 };
    let same = |row: &Row| row.t.to_bits() == newest.t.to_bits() && row.what == newest.what;
    now.iter()
        .position(|row| same(row) && (row.is_handover || row == newest))
        .unwrap_or(0)
}

/// The events and handovers that match all words, newest first.
pub(super) fn rows(view: &View<'_>, filter: &str, with_ms: bool) -> Vec<Row> {
    let words: Vec<String> = filter
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let clock = |t: f64| {
        let header = view.shown.header();
        let started_at = header.map_or("", |header| header.started_at.as_str());
        if with_ms {
            format::clock_ms(started_at, t)
        } else {
            format::clock(started_at, t)
        }
    };
    let events = view.shown.events().iter();
    let mut all: Vec<Row> = events.map(|event| row(event, &clock, view)).collect();
    let incidents = view.shown.incidents().iter();
    all.extend(incidents.map(|incident| of_handover(incident, &clock, view)));
    // What came of an event stands above it, also where both have one time.
    all.sort_by(|a, b| a.t.total_cmp(&b.t));
    all.into_iter()
        .rev()
        .filter(|row| {
            let text = row.as_text().to_lowercase();
            words.iter().all(|word| text.contains(word))
        })
        .collect()
}

/// A handover: what it was, and what became of its connections.
fn of_handover(incident: &Incident, clock: &impl Fn(f64) -> String, view: &View<'_>) -> Row {
    let said = headline(incident, |device| view.path(Some(device)).name);
    Row {
        t: incident.t,
        clock: clock(incident.t),
        what: format!("Handover {}", incident.number),
        path: incident.from.as_deref().map(|device| view.path(Some(device))),
        details: for_terminal(&format!("{said} {}", outcome(incident))).into_owned(),
        loss: incident.worst().is_some(),
        is_handover: true,
    }
}

fn row(event: &Event, clock: &impl Fn(f64) -> String, view: &View<'_>) -> Row {
    let device = event.interface.clone().or_else(|| owner(event, view));
    let own = view.shown.closed_by(event);
    let mut details = words::details(event);
    details.extend(own.map(words::closed_by));
    Row {
        t: event.t,
        clock: clock(event.t),
        what: words::title(event.kind),
        path: device.map(|device| view.path(Some(&device))),
        details: for_terminal(&details.join(" · ")).into_owned(),
        loss: own.is_none() && words::is_loss(event),
        is_handover: false,
    }
}

/// The interface with the local address of an event.
fn owner(event: &Event, view: &View<'_>) -> Option<String> {
    let local = event
        .local
        .map(|local| local.ip())
        .or_else(|| event.endpoint.as_ref().map(|endpoint| endpoint.address))?;
    let mut interfaces = view.shown.state().interfaces.values();
    let owner = interfaces.find(|interface| interface.addresses.iter().any(|entry| entry.address == local));
    owner.map(|interface| interface.name.clone())
}

impl Row {
    /// The row as one line of text.
    pub(super) fn as_text(&self) -> String {
        let path = self.path.as_ref().map_or("", |path| path.name.as_str());
        let parts = [
            self.clock.as_str(),
            self.what.as_str(),
            path,
            self.details.as_str(),
        ];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("  ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, Line, Origin};
    use crate::ui::test_data::Stage;

    fn stage() -> Stage {
        let mut stage = Stage::usual();
        for (t, kind, device) in [
            (1.0, EventKind::InterfaceDown, "wlan0"),
            (2.0, EventKind::InterfaceUp, "eth0"),
        ] {
            let mut event = Event::new(t, kind, Origin::Inferred);
            event.interface = Some(device.to_owned());
            stage.history.apply(Line::Event(Box::new(event)));
        }
        stage
    }

    #[test]
    fn the_newest_comes_first_and_words_narrow() {
        let stage = stage();
        let said = |filter: &str| -> Vec<String> {
            rows(&stage.view(), filter, false)
                .into_iter()
                .map(|row| row.what)
                .collect()
        };
        assert_eq!(said(""), ["Interface up", "Interface down"]);
        assert_eq!(said("wi-fi interface"), ["Interface down"]);
        assert_eq!(said("nothing"), Vec::<String>::new());
    }

    #[test]
    fn what_came_since_is_counted() {
        let all = rows(&stage().view(), "", false);
        let before = all.get(1..).unwrap_or_default();
        assert_eq!(
            (newer(before, &all), newer(&all, &all), newer(&[], &all)),
            (1, 0, 0)
        );
    }

    #[test]
    fn a_row_says_where_it_is_known_from() {
        let rows = rows(&stage().view(), "", false);
        let first = rows.first().expect("a row");
        assert_eq!(first.details, "eth0 · inferred");
        assert_eq!(
            first.path.as_ref().map(|path| path.name.as_str()),
            Some("Ethernet")
        );
        assert!(!first.loss);
    }
}
