//! What the keys of present mode do now, and what stands beside them. No key offers what cannot be meant.

use egui::Key;

use super::subject::{Subject, after};
use crate::ui::laboratory::LabNow;
use crate::ui::view::{UiCommand, View};
use crate::ui::{LabLink, LabStep};

/// The keys of the links, in their order.
const LINKS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// A key of the strip.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeyCap {
    pub key: Key,
    /// What stands on it.
    pub sign: &'static str,
    /// What it does.
    pub text: String,
    /// `None` where there is nothing to do now.
    pub act: Option<Act>,
}

/// What a key does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Something of the window's.
    Ask(UiCommand),
    /// Shows something else.
    Show(Subject),
}

impl KeyCap {
    fn new(key: Key, text: impl Into<String>, act: impl Into<Option<UiCommand>>) -> Self {
        Self {
            key,
            sign: match key {
                Key::ArrowDown => "↓",
                key => key.name(),
            },
            text: text.into(),
            act: act.into().map(Act::Ask),
        }
    }

    /// The way out.
    pub(super) fn leave() -> Self {
        Self::new(Key::F11, "leave", UiCommand::Present(false))
    }

    /// What hands the links over.
    pub(super) fn hand(by_itself: bool) -> Self {
        Self::new(Key::H, "", UiCommand::PlayByItself(!by_itself))
    }
}

/// Whether what is shown has a path over a link.
fn uses(link: &LabLink, shown: Option<Subject>, view: &View<'_>) -> bool {
    let state = view.shown.state();
    let over = |interface: Option<&str>| interface == Some(link.name.as_str());
    match shown {
        Some(Subject::Connection(id)) => {
            let mut subflows = view.subflows(id).into_iter();
            subflows.any(|one| over(one.last.interface.as_deref()))
        }
        Some(Subject::Crowd) | None => {
            let mut all = state.connections.values().flat_map(|one| &one.subflows);
            all.any(|one| over(one.interface.as_deref()))
        }
    }
}

/// A key a link: it cuts one that is used, and brings back one that is gone.
fn links(lab: &LabNow, shown: Option<Subject>, view: &View<'_>) -> Vec<KeyCap> {
    let keys = LINKS.into_iter().zip(&lab.links);
    keys.map(|(key, link)| {
        let plug = |plugged| UiCommand::Plug(link.name.clone(), plugged);
        if !link.plugged {
            KeyCap::new(key, format!("bring {} back", link.label), plug(true))
        } else if uses(link, shown, view) {
            KeyCap::new(key, format!("cut {}", link.label), plug(false))
        } else {
            KeyCap::new(key, format!("{} not used", link.label), None)
        }
    })
    .collect()
}

/// The keys of what is shown: the links, another connection, time.
pub(super) fn of_shown(lab: Option<&LabNow>, shown: Option<Subject>, view: &View<'_>) -> Vec<KeyCap> {
    let mut keys = lab.map_or_else(Vec::new, |lab| links(lab, shown, view));
    if let Some(next) = shown.and_then(|shown| after(shown, 1, view)) {
        keys.push(KeyCap {
            act: Some(Act::Show(next)),
            ..KeyCap::new(Key::ArrowDown, format!("show {}", next.name(view)), None)
        });
    }
    let text = if view.paused { "go on" } else { "freeze" };
    keys.push(KeyCap::new(Key::Space, text, UiCommand::Pause(!view.paused)));
    keys
}

/// The keys of the scenarios.
pub(super) fn of_scenarios(lab: &LabNow) -> Vec<KeyCap> {
    let ways = [
        (Key::P, "back", LabStep::Back, &lab.before),
        (Key::N, "next", LabStep::Forth, &lab.next),
    ];
    let there = ways.into_iter().filter(|(.., other)| other.is_some());
    there
        .map(|(key, text, step, _)| {
            let act = lab.starting.is_none().then_some(UiCommand::Scenario(step));
            KeyCap::new(key, text, act)
        })
        .collect()
}

/// What stands beside the keys, and whether it is trouble; of a laboratory what its scenario demonstrates.
pub(super) fn note(lab: Option<&LabNow>, view: &View<'_>) -> (String, bool) {
    if let Some(why) = view.changes.failure().or(view.ended) {
        return (why.to_owned(), true);
    }
    if view.paused {
        return ("Frozen".to_owned(), false);
    }
    let note = lab.map(|lab| match &lab.starting {
        Some(next) => format!("Starting {next}…"),
        None if lab.demonstrates.is_empty() => lab.scenario.clone(),
        None => format!("{}: {}", lab.scenario, lab.demonstrates),
    });
    (note.unwrap_or_default(), false)
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

    fn texts(keys: &[KeyCap]) -> Vec<(&str, bool)> {
        keys.iter()
            .map(|key| (key.text.as_str(), key.act.is_some()))
            .collect()
    }

    #[test]
    fn a_link_is_cut_where_it_is_used_and_brought_back_where_it_is_gone() {
        let stage = Stage::usual();
        let view = stage.view();
        let lab = LabNow {
            links: vec![link("eth0", true), link("wlan0", true), link("wwan0", false)],
            ..LabNow::default()
        };
        let shown = Some(Subject::Connection(Token(1).into()));
        assert_eq!(
            texts(&links(&lab, shown, &view)),
            [
                ("eth0 not used", false),
                ("cut wlan0", true),
                ("bring wwan0 back", true)
            ]
        );
        assert!(texts(&links(&lab, Some(Subject::Crowd), &view)).contains(&("cut wlan0", true)));
    }

    #[test]
    fn without_a_lab_there_is_nothing_to_cut() {
        let stage = Stage::usual();
        let keys = of_shown(None, None, &stage.view());
        assert_eq!(texts(&keys), [("freeze", true)]);
    }

    #[test]
    fn the_scenarios_have_a_way_forth_and_back_one_at_a_time() {
        let mut lab = LabNow {
            before: Some("many".to_owned()),
            next: Some("backup".to_owned()),
            ..LabNow::default()
        };
        assert_eq!(texts(&of_scenarios(&lab)), [("back", true), ("next", true)]);
        lab.starting = Some("backup".to_owned());
        assert_eq!(texts(&of_scenarios(&lab)), [("back", false), ("next", false)]);
    }

    #[test]
    fn what_the_scenario_demonstrates_stands_beside_the_keys() {
        let stage = Stage::usual();
        let lab = LabNow {
            scenario: "backup".to_owned(),
            demonstrates: "A phone for backup".to_owned(),
            ..LabNow::default()
        };
        let note = note(Some(&lab), &stage.view());
        assert_eq!(note, ("backup: A phone for backup".to_owned(), false));
    }
}
