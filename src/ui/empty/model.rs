//! Which empty state is so, and what it says.

use egui_material_icons::icons::{ICON_CHECK, ICON_INFO, ICON_LOCK, ICON_WARNING};

use crate::model::{Command, SettingValue};
use crate::ui::view::View;
use crate::words::access;
use crate::words::empty::{self, Reason};

/// Why there is nothing to show.
pub(super) fn reason(view: &View<'_>) -> Reason {
    if view.shown.sampled_at().is_none() {
        return if view.ended.is_some() {
            Reason::Lost
        } else {
            Reason::Reading
        };
    }
    let settings = &view.live.state().settings;
    match settings.get("enabled") {
        None if settings.is_empty() => Reason::NoMptcp,
        Some(SettingValue::Number(0)) => Reason::Off,
        _ => Reason::None,
    }
}

/// Headline and the sentence below it.
pub(super) fn words(reason: Reason, view: &View<'_>) -> (String, String) {
    let plain_tcp = view.shown.state().plain_tcp;
    let sentence = empty::sentence(reason, view.ended, plain_tcp);
    (empty::headline(reason).to_owned(), sentence)
}

/// What switches MPTCP on.
pub(super) fn switch_on() -> Command {
    Command::Set {
        name: "enabled".to_owned(),
        value: SettingValue::Number(1),
    }
}

/// One thing that Pathscope sees.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub icon: &'static str,
    /// Whether it wants a look.
    pub warns: bool,
    pub title: String,
    pub shown: Shown,
    /// Lines below the title.
    pub details: Vec<String>,
}

/// What stands at the right of a thing that is seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    Nothing,
    Value(String),
    /// The interfaces that are up, as chips.
    Interfaces,
}

impl Seen {
    /// What stands at the right, as far as it is text.
    pub(super) fn value(&self) -> &str {
        match &self.shown {
            Shown::Value(value) => value,
            Shown::Nothing | Shown::Interfaces => "",
        }
    }
}

/// The column *What Pathscope sees*. Interfaces are painted as chips beside it.
pub(super) fn seen(reason: Reason, view: &View<'_>) -> Vec<Seen> {
    let state = view.live.state();
    let row = |fine: bool, title: &str, shown: Shown| Seen {
        icon: if fine { ICON_CHECK } else { ICON_WARNING }.codepoint,
        warns: !fine,
        title: title.to_owned(),
        shown,
        details: Vec::new(),
    };
    let kernel = view
        .live
        .header()
        .map(|header| format!("Linux {}", header.kernel));
    let mut rows = vec![row(
        reason != Reason::NoMptcp,
        "MPTCP in the kernel",
        kernel.map_or(Shown::Nothing, Shown::Value),
    )];
    if let Some(enabled) = state.settings.get("enabled") {
        let title = if reason == Reason::Off {
            "Switched off"
        } else {
            "Switched on"
        };
        rows.push(row(
            reason != Reason::Off,
            title,
            Shown::Value(format!("net.mptcp.enabled = {enabled}")),
        ));
    }
    rows.push(row(up(view) > 0, "Interfaces up", Shown::Interfaces));
    if reason != Reason::NoMptcp {
        let number = state.endpoints.len();
        rows.push(row(number > 0, "Endpoints", Shown::Value(number.to_string())));
    }
    if let Some(limits) = state.limits {
        let most = limits.extra_subflows_max;
        let most_shown = Shown::Value(most.to_string());
        rows.push(row(most > 0, "Extra subflows for a connection", most_shown));
    }
    if !view.access.control {
        rows.push(Seen {
            icon: ICON_LOCK.codepoint,
            warns: true,
            title: "Read-only".to_owned(),
            shown: Shown::Nothing,
            details: [access::while_read_only(view.access).to_owned()]
                .into_iter()
                .chain(view.access.why_not.as_ref().map(access::what_lifts))
                .collect(),
        });
    }
    if let Some(number) = view.shown.state().plain_tcp.filter(|number| *number > 0) {
        rows.push(Seen {
            icon: ICON_INFO.codepoint,
            warns: false,
            title: empty::on_plain_tcp(number),
            shown: Shown::Nothing,
            details: vec!["An application must ask for MPTCP.".to_owned()],
        });
    }
    rows
}

fn up(view: &View<'_>) -> usize {
    let interfaces = view.live.state().interfaces.values();
    interfaces
        .filter(|interface| interface.up && interface.can_carry_subflows())
        .count()
}

/// How an application is started with MPTCP: title, where it comes from, the lines.
pub(super) const RECIPES: [(&str, &str, &str); 3] = [
    (
        "Any application",
        "from the package mptcpize",
        "mptcpize run firefox",
    ),
    (
        "One transfer",
        "curl 8.9 or newer, says whether it worked",
        "curl --mptcp https://check.mptcp.dev",
    ),
    (
        "Your own code",
        "Python 3.10 or newer",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_STREAM,\n              socket.IPPROTO_MPTCP)",
    ),
];

/// What starts the demo.
pub(super) const DEMO: &str = "pathscope demo";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::model::{Line, Sample};
    use crate::ui::test_data::Stage;

    fn stage(settings: &[(&str, &str)]) -> Stage {
        let mut stage = Stage::usual();
        stage.history = History::default();
        stage.history.apply(Line::Sample(Box::new(Sample {
            t: 1.0,
            full: true,
            plain_tcp: Some(31),
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), SettingValue::from(*value)))
                .collect(),
            ..Sample::default()
        })));
        stage
    }

    #[test]
    fn the_reason_follows_the_kernel() {
        let reasons = [stage(&[]), stage(&[("enabled", "0")]), stage(&[("enabled", "1")])]
            .map(|stage| reason(&stage.view()));
        assert_eq!(reasons, [Reason::NoMptcp, Reason::Off, Reason::None]);
    }

    #[test]
    fn before_the_first_sample_it_is_being_read_unless_the_source_ended() {
        let mut stage = stage(&[]);
        stage.history = History::default();
        let mut view = stage.view();
        assert_eq!(reason(&view), Reason::Reading);
        view.ended = Some("gone");
        assert_eq!(reason(&view), Reason::Lost);
    }

    #[test]
    fn what_is_missing_warns() {
        let stage = stage(&[("enabled", "0")]);
        let rows = seen(Reason::Off, &stage.view());
        let warns: Vec<_> = rows
            .iter()
            .filter(|row| row.warns)
            .map(|row| row.title.as_str())
            .collect();
        assert_eq!(warns, ["Switched off", "Interfaces up", "Endpoints"]);
    }

    #[test]
    fn the_sentence_counts_plain_tcp() {
        let (_, sentence) = words(Reason::None, &stage(&[("enabled", "1")]).view());
        assert_eq!(
            sentence,
            "This machine is ready for MPTCP. 31 connections are open, and all of them are plain TCP."
        );
    }
}
