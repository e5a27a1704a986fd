//! What present mode shows: which connection, what is said of it, and what the keys do.

use std::cmp::Reverse;

use egui::Key;

use crate::history::Condition;
use crate::history::handover::incidents;
use crate::model::{Connection, ConnectionId, Shared, Subflow};
use crate::ui::LabLink;
use crate::ui::format;
use crate::ui::laboratory::LabNow;
use crate::ui::view::{UiCommand, View, application};
use crate::words::connection::preposition;
use crate::words::handover::{self as words, Headline, headline};
use crate::words::listed;

/// A link has to carry so many times as much as the one named before to be named in its place.
const RELUCTANCE: f64 = 1.2;

/// When the busiest is known, seconds on the stream.
const SETTLED_S: f64 = 2.0;

/// The connection to show: the selected one, else the one shown before, else the busiest, of those with several paths
/// where there are any.
pub(super) fn choose(
    selected: Option<ConnectionId>,
    before: Option<ConnectionId>,
    view: &View<'_>,
) -> Option<ConnectionId> {
    let lives = |id: &ConnectionId| view.shown.state().connections.contains_key(id);
    let known = |id: &ConnectionId| view.shown.connection(*id).is_some();
    // In the first moments nobody knows yet who is busy.
    let settled = view.shown.now() > SETTLED_S;
    let held = selected
        .filter(lives)
        .or(before.filter(|id| settled && lives(id)));
    held.or_else(|| busiest(view)).or(selected.filter(known))
}

fn busiest(view: &View<'_>) -> Option<ConnectionId> {
    let connections = view.shown.state().connections.values();
    let best = connections.max_by_key(|connection| {
        let subflows = connection.subflows.iter();
        let moved = |subflow: &Shared<Subflow>| {
            subflow.bytes_acked.unwrap_or(0) + subflow.bytes_received.unwrap_or(0)
        };
        let moved: u64 = subflows.map(moved).sum();
        (
            connection.living_subflows().count() > 1,
            moved,
            Reverse(connection.cookie),
        )
    });
    best.map(Connection::id)
}

/// What stands at the top.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// The sentence, with its figure.
    pub sentence: Headline,
    pub second: String,
}

impl Said {
    fn plain(words: String, second: String) -> Self {
        let sentence = Headline { words, figure: None };
        Self { sentence, second }
    }
}

/// What is so when there is no connection.
pub(super) fn nothing(view: &View<'_>) -> Said {
    let (words, second) = crate::ui::empty::words_of(view);
    Said::plain(words, second)
}

/// What is said of a connection: its latest handover; before any, what it is.
pub(super) fn said(connection: &Connection, view: &View<'_>) -> Said {
    let app = application(connection);
    let ended = view
        .shown
        .connection(connection.id())
        .and_then(|record| record.ended_at);
    if let Some(ended) = ended {
        let ago = format::age(view.shown.now() - ended);
        let second = format!("{app} to {}, {ago} ago.", connection.remote.host());
        return Said::plain("The connection is closed".to_owned(), second);
    }
    let subflows = view.subflows(connection.id());
    let are = |condition| {
        subflows
            .iter()
            .filter(move |one| view.condition(one) == condition)
    };
    if are(Condition::Stalled).next().is_some() && are(Condition::Carrying).next().is_none() {
        return Said::plain("No path delivers".to_owned(), format!("{app} waits."));
    }
    if connection.has_no_path() {
        return Said::plain("No path is left".to_owned(), format!("{app} waits."));
    }
    let handovers = view.shown.handovers().iter().rev();
    let mut own = handovers.filter(|one| one.connection == connection.id());
    let Some(handover) = own.next() else {
        return beforehand(connection, view);
    };
    let Some(incident) = incidents([handover]).pop() else {
        return beforehand(connection, view);
    };
    let recovered = handover
        .interruption
        .and_then(|interruption| interruption.recovery_ms);
    let again = recovered.map(|ms| format!("{} ", words::recovery(ms)));
    let lived = words::fate(handover.fate());
    let ago = format::age(view.shown.now() - handover.t);
    Said {
        sentence: headline(&incident, |device| view.path(Some(device)).name),
        second: format!("{}{app} {lived}. {ago} ago.", again.unwrap_or_default()),
    }
}

/// `ssh to 10.77.0.1 over Wi-Fi and Ethernet`
fn beforehand(connection: &Connection, view: &View<'_>) -> Said {
    let subflows = view.subflows(connection.id());
    let paths = |which: &dyn Fn(Condition, bool) -> bool| {
        let mut names = Vec::new();
        for subflow in &subflows {
            let name = view.path(subflow.last.interface.as_deref()).name;
            if which(view.condition(subflow), subflow.last.is_backup()) && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let mut over = paths(&|condition, _| condition == Condition::Carrying);
    let idle = over.is_empty();
    if idle {
        over = paths(&|_, backup| !backup);
    }
    let backups = paths(&|condition, backup| backup && condition == Condition::Idle);
    let second = if connection.fallback == Some(true) {
        "It fell back to plain TCP: there is no other path."
    } else if let [backup] = backups.as_slice() {
        &format!("{backup} stands by as backup.")
    } else if idle {
        "Nothing is being sent."
    } else if subflows.len() == 1 {
        "One path: there is none to move to."
    } else {
        "Nothing has been interrupted."
    };
    let words = format!(
        "{} {} {} over {}",
        application(connection),
        preposition(view.direction_of(connection.id())),
        connection.remote.host(),
        if over.is_empty() {
            "no path".to_owned()
        } else {
            listed(&over)
        }
    );
    Said::plain(words, second.to_owned())
}

/// A key of the strip.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeyCap {
    /// What stands on it.
    pub key: Key,
    /// What it does.
    pub text: String,
    /// `None` where there is nothing to do now.
    pub act: Option<UiCommand>,
}

impl KeyCap {
    fn new(key: Key, text: impl Into<String>, act: impl Into<Option<UiCommand>>) -> Self {
        Self {
            key,
            text: text.into(),
            act: act.into(),
        }
    }
}

impl KeyCap {
    /// The way out.
    pub(super) fn leave() -> Self {
        Self::new(Key::F11, "leave", UiCommand::Present(false))
    }
}

/// What stands beside the keys, and whether it is trouble.
pub(super) fn note(lab: Option<&LabNow>, view: &View<'_>) -> (String, bool) {
    if let Some(why) = view.changes.failure().or(view.ended) {
        return (why.to_owned(), true);
    }
    if view.paused {
        return ("Frozen".to_owned(), false);
    }
    let note = lab.map(|lab| match &lab.starting {
        Some(next) => format!("Starting {next}…"),
        None if lab.scenario.is_empty() => String::new(),
        None => format!("Scenario: {}", lab.scenario),
    });
    (note.unwrap_or_default(), false)
}

/// The keys that there are, the most used first.
pub(super) fn keys(
    lab: Option<&LabNow>,
    (cut, back): (Option<&LabLink>, Option<&LabLink>),
    view: &View<'_>,
) -> Vec<KeyCap> {
    let mut keys = Vec::new();
    if let Some(lab) = lab {
        let plug = |word: &str, link: Option<&LabLink>, plugged| match link {
            Some(link) => (
                format!("{word} {}", link.label),
                Some(UiCommand::Plug(link.name.clone(), plugged)),
            ),
            None => (word.to_owned(), None),
        };
        let (text, act) = plug("cut", cut, false);
        keys.push(KeyCap::new(Key::C, text, act));
        let (text, act) = plug("bring back", back, true);
        keys.push(KeyCap::new(Key::R, text, act));
        if lab.next.is_some() {
            let act = lab.starting.is_none().then_some(UiCommand::NextScenario);
            keys.push(KeyCap::new(Key::N, "next scenario", act));
        }
    }
    let text = if view.paused { "go on" } else { "freeze" };
    keys.push(KeyCap::new(Key::Space, text, UiCommand::Pause(!view.paused)));
    keys
}

/// The link to cut: the one that carries most of the connection; the one named before unless another carries far more.
pub(super) fn to_cut<'a>(
    links: &'a [LabLink],
    before: Option<&str>,
    connection: Option<ConnectionId>,
    view: &View<'_>,
) -> Option<&'a LabLink> {
    let subflows = connection.map_or_else(Vec::new, |id| view.subflows(id));
    let carries = |link: &LabLink| -> f64 {
        let over = |one: &&&crate::history::SubflowHistory| one.last.interface.as_deref() == Some(&link.name);
        subflows.iter().filter(over).map(|one| view.bps(one)).sum()
    };
    let plugged = || links.iter().filter(|link| link.plugged);
    let best = plugged().rev().max_by(|a, b| carries(a).total_cmp(&carries(b)))?;
    let held = plugged().find(|link| Some(link.name.as_str()) == before);
    Some(match held {
        Some(held) if carries(held) * RELUCTANCE >= carries(best) => held,
        _ => best,
    })
}

/// The link to bring back: the last that was cut here and is not back yet, else any that is unplugged.
pub(super) fn to_bring_back<'a>(links: &'a [LabLink], cut: &[String]) -> Option<&'a LabLink> {
    let gone = |link: &&LabLink| !link.plugged;
    let mut last = cut.iter().rev();
    last.find_map(|name| links.iter().filter(gone).find(|link| link.name == *name))
        .or_else(|| links.iter().find(gone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{InterfaceKind, Token};
    use crate::ui::LabQuality;
    use crate::ui::test_data::Stage;

    fn link(name: &str, plugged: bool) -> LabLink {
        let planned = LabQuality {
            delay_ms: 1.0,
            rate_mbps: 10.0,
            loss_percent: 0.0,
        };
        LabLink {
            name: name.to_owned(),
            label: name.to_owned(),
            kind: InterfaceKind::Other,
            delay_ms: planned.delay_ms,
            rate_mbps: planned.rate_mbps,
            loss_percent: planned.loss_percent,
            plugged,
            planned,
        }
    }

    #[test]
    fn the_busiest_with_several_paths_is_shown_unless_another_is_selected() {
        let stage = Stage::usual();
        let view = stage.view();
        assert_eq!(choose(None, None, &view), Some(Token(1).into()));
        assert_eq!(
            choose(Some(Token(2).into()), Some(Token(1).into()), &view),
            Some(Token(2).into())
        );
        assert_eq!(
            choose(None, Some(Token(3).into()), &view),
            Some(Token(3).into()),
            "held"
        );
        assert_eq!(choose(Some(Token(99).into()), None, &view), Some(Token(1).into()));
    }

    #[test]
    fn before_any_handover_it_says_what_is_so() {
        let stage = Stage::usual();
        let view = stage.view();
        let said = |token: u32| {
            let said = said(view.shown.latest(Token(token).into()).expect("known"), &view);
            (said.sentence.to_string(), said.second)
        };
        let (sentence, second) = said(1);
        assert_eq!(sentence, "nextcloud to 198.51.100.7 over Wi-Fi");
        assert_eq!(second, "Phone stands by as backup.");
        assert_eq!(said(2).0, "ssh to 203.0.113.24 over Wi-Fi");
        assert_eq!(said(3).1, "It fell back to plain TCP: there is no other path.");
        let names = ["Wi-Fi", "Ethernet", "Phone"].map(str::to_owned);
        assert_eq!(listed(&names), "Wi-Fi, Ethernet and Phone");
    }

    #[test]
    fn what_carries_most_is_cut_and_what_was_cut_last_comes_back() {
        let stage = Stage::usual();
        let view = stage.view();
        let links = [link("eth0", true), link("wlan0", true), link("wwan0", true)];
        let name = |link: Option<&LabLink>| link.map(|link| link.name.clone());
        let cut = |before| name(to_cut(&links, before, Some(Token(1).into()), &view));
        assert_eq!(cut(None).as_deref(), Some("wlan0"));
        assert_eq!(cut(Some("wwan0")).as_deref(), Some("wlan0"), "it carries nothing");
        let links = [link("eth0", false), link("wlan0", false), link("wwan0", true)];
        assert_eq!(
            name(to_cut(&links, None, Some(Token(1).into()), &view)).as_deref(),
            Some("wwan0")
        );
        let history = ["eth0", "wlan0", "wwan0"].map(str::to_owned);
        assert_eq!(name(to_bring_back(&links, &history)).as_deref(), Some("wlan0"));
        assert_eq!(name(to_bring_back(&links, &[])).as_deref(), Some("eth0"));
        assert_eq!(to_bring_back(&[link("wwan0", true)], &history), None);
    }

    #[test]
    fn without_a_lab_there_is_nothing_to_cut() {
        let stage = Stage::usual();
        let keys: Vec<_> = keys(None, (None, None), &stage.view())
            .iter()
            .map(|key| key.key)
            .collect();
        assert_eq!(keys, [Key::Space]);
    }
}
