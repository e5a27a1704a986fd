//! The sentence of present mode: what happens, else what happened, else what is so.

use crate::history::handover::{Cause, Handover, incidents};
use crate::history::{Condition, SubflowHistory};
use crate::model::Connection;
use crate::ui::format;
use crate::ui::running::{self, Happening};
use crate::ui::view::{View, application};
use crate::words::connection::preposition;
use crate::words::handover::{self as words, Headline, headline};
use crate::words::{listed, path};

/// What stands at the top.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// The sentence, with its figure.
    pub sentence: Headline,
    pub second: String,
}

impl Said {
    pub(super) fn plain(words: String, second: String) -> Self {
        let sentence = Headline { words, figure: None };
        Self { sentence, second }
    }
}

impl From<Happening> for Said {
    fn from(Happening { headline, second }: Happening) -> Self {
        let sentence = headline;
        Self { sentence, second }
    }
}

/// What is so when there is no connection.
pub(super) fn nothing(view: &View<'_>) -> Said {
    let (words, second) = crate::ui::empty::words_of(view);
    Said::plain(words, second)
}

/// What is said of a connection: what happens to it now; else its latest handover, while that still says how it is; else
/// what it is.
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
    if let Some(happening) = running::of_connection(connection, view) {
        return happening.into();
    }
    let subflows = view.subflows(connection.id());
    if delivers_nowhere(&subflows, view) {
        return Said::plain("No path delivers".to_owned(), format!("{app} waits."));
    }
    if connection.has_no_path() {
        return Said::plain("No path is left".to_owned(), format!("{app} waits."));
    }
    let handovers = view.shown.handovers().iter().rev();
    let mut own = handovers.filter(|one| one.connection == connection.id());
    let newest = own
        .next()
        .filter(|handover| is_as_told(handover, &subflows, view));
    newest
        .and_then(|handover| told(handover, &app, view))
        .unwrap_or_else(|| beforehand(connection, view))
}

/// Whether a subflow stands still and none carries.
fn delivers_nowhere(subflows: &[&SubflowHistory], view: &View<'_>) -> bool {
    let any = |which: Condition| subflows.iter().any(|one| view.condition(one) == which);
    any(Condition::Stalled) && !any(Condition::Carrying)
}

/// Whether data still goes the way that a handover tells of.
fn is_as_told(handover: &Handover, subflows: &[&SubflowHistory], view: &View<'_>) -> bool {
    let Some(to) = handover.to.as_deref() else {
        return true;
    };
    let over = |one: &&SubflowHistory| one.last.interface.as_deref() == Some(to);
    let mut there = subflows.iter().filter(|one| over(one));
    there.any(|one| view.interface_up(&one.last) != Some(false))
}

/// What a handover was, and whether what went is back.
fn told(handover: &Handover, app: &str, view: &View<'_>) -> Option<Said> {
    let incident = incidents([handover]).pop()?;
    let recovered = handover
        .interruption
        .and_then(|interruption| interruption.recovery_ms);
    let again = recovered.map(|ms| format!("{} ", words::recovery(ms)));
    let lived = words::fate(handover.fate());
    let lost = matches!(handover.cause, Cause::LinkLost | Cause::AddressLost);
    let from = handover.from.as_deref().filter(|_| lost);
    let back = from.filter(|device| {
        let interface = view.shown.state().interface(device);
        interface.is_some_and(|interface| interface.up)
    });
    let back = back.map(|device| format!("{} ", path::is_back(&view.path(Some(device)).name)));
    let ago = format::age(view.shown.now() - handover.t);
    Some(Said {
        sentence: headline(&incident, |device| view.path(Some(device)).name),
        second: format!(
            "{}{app} {lived}. {}{ago} ago.",
            again.unwrap_or_default(),
            back.unwrap_or_default()
        ),
    })
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
    let down = down_paths(connection, view);
    let mut handovers = view.shown.handovers().iter().rev();
    let last = handovers.find(|one| one.connection == connection.id());
    let second = if connection.fallback == Some(true) {
        "It fell back to plain TCP: there is no other path."
    } else if !down.is_empty() {
        &path::are_down(&down)
    } else if let [backup] = backups.as_slice() {
        &format!("{backup} stands by as backup.")
    } else if idle {
        "Nothing is being sent."
    } else if let Some(last) = last {
        &words::last_was(view.shown.now() - last.t)
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

/// The paths that a connection uses, or used lately, and that are down.
fn down_paths(connection: &Connection, view: &View<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for subflow in view.shown.subflows_of(connection.id()) {
        let name = view.path(subflow.last.interface.as_deref()).name;
        if view.interface_up(&subflow.last) == Some(false) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

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
}
