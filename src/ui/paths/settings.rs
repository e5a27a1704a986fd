//! Which limits and settings there are, what they are called, and how each is changed.

use crate::history::State;
use crate::model::{Command, Connection, Limits, SettingValue, is_read_only};
use crate::ui::format;

/// One of the two limits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    pub name: &'static str,
    pub caption: String,
    pub value: u32,
    /// What *more* and *less* ask for.
    pub more: Option<Command>,
    pub less: Option<Command>,
}

/// The limits, once they are known. How high they may be, the kernel says when it is asked for more.
pub(super) fn limits(state: &State) -> Vec<Limit> {
    let Some(limits) = state.limits else {
        return Vec::new();
    };
    let in_use = |used: fn(&Connection) -> Option<u8>, most: u32| {
        let used = state.connections.values().filter_map(used).max();
        let used = match used {
            Some(used) => used.to_string(),
            None if state.connections.is_empty() => "0".to_owned(),
            // The kernel does not tell.
            None => format::ABSENT.to_owned(),
        };
        format!("in use: {used} of {most} at most")
    };
    let step = |value: u32, by: i32| value.checked_add_signed(by);
    let extra = |value: u32| Command::LimitsSet {
        extra_subflows_max: Some(value),
        add_addr_accepted_max: None,
    };
    let accepted = |value: u32| Command::LimitsSet {
        extra_subflows_max: None,
        add_addr_accepted_max: Some(value),
    };
    let Limits {
        extra_subflows_max,
        add_addr_accepted_max,
    } = limits;
    vec![
        Limit {
            name: "Extra subflows for a connection",
            caption: in_use(|connection| connection.extra_subflows, extra_subflows_max),
            value: extra_subflows_max,
            more: step(extra_subflows_max, 1).map(extra),
            less: step(extra_subflows_max, -1).map(extra),
        },
        Limit {
            name: "ADD_ADDR accepted from the peer",
            caption: in_use(|connection| connection.add_addr_accepted, add_addr_accepted_max),
            value: add_addr_accepted_max,
            more: step(add_addr_accepted_max, 1).map(accepted),
            less: step(add_addr_accepted_max, -1).map(accepted),
        },
    ]
}

/// How a setting is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// On or off.
    Switch(bool),
    /// One of these: what is shown, and the value.
    Choice(Vec<(String, SettingValue)>),
    /// A number, with its unit.
    Number(&'static str),
    /// Only shown, since the kernel only tells it.
    ReadOnly,
    /// Only shown.
    Text,
}

/// One setting below net.mptcp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// What people call it.
    pub title: String,
    /// The kernel's name.
    pub name: String,
    pub value: SettingValue,
    pub control: Control,
    /// What to know before one changes it.
    pub hint: &'static str,
}

/// Known settings in the order shown: kernel's name, title, unit where it is a number, what to know.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    (
        "enabled",
        "MPTCP",
        "",
        "Decides about new sockets; connections that are open go on.",
    ),
    ("scheduler", "Scheduler", "", "For new connections."),
    ("path_manager", "Path manager", "", "For new connections."),
    ("pm_type", "Path manager", "", "For new connections."),
    (
        "allow_join_initial_addr_port",
        "Joins at the first address",
        "",
        "Whether the peer may open further subflows to the address and port of the first.",
    ),
    (
        "checksum_enabled",
        "Checksum",
        "",
        "A checksum over the data, for new connections.",
    ),
    (
        "add_addr_timeout",
        "ADD_ADDR timeout",
        "s",
        "Until an address is announced again that the peer did not confirm.",
    ),
    (
        "stale_loss_cnt",
        "Stale after loss",
        "",
        "Retransmission timeouts in a row until a subflow counts as stale.",
    ),
    (
        "close_timeout",
        "Close timeout",
        "s",
        "How long a connection without subflows waits for one.",
    ),
    (
        "blackhole_timeout",
        "Blackhole back-off",
        "s",
        "How long MPTCP is not tried after it was dropped on the way.",
    ),
    (
        "syn_retrans_before_tcp_fallback",
        "SYN retries before TCP",
        "",
        "Tries with MPTCP until plain TCP is tried.",
    ),
    ("available_schedulers", "Schedulers there are", "", ""),
    ("available_path_managers", "Path managers there are", "", ""),
];

const SWITCHES: [&str; 3] = ["enabled", "allow_join_initial_addr_port", "checksum_enabled"];

/// The settings that this kernel has, known ones first.
pub(super) fn settings(state: &State) -> Vec<Setting> {
    let all = &state.settings;
    let hidden = |name: &str| name == "pm_type" && all.contains_key("path_manager");
    let known = KNOWN.iter().filter_map(|(name, title, unit, hint)| {
        Some((
            (*name).to_owned(),
            (*title).to_owned(),
            *unit,
            *hint,
            all.get(*name)?,
        ))
    });
    let others = all
        .iter()
        .filter(|(name, _)| !KNOWN.iter().any(|(known, ..)| known == name))
        .map(|(name, value)| (name.clone(), name.replace('_', " "), "", "", value));
    known
        .chain(others)
        .filter(|(name, ..)| !hidden(name))
        .map(|(name, title, unit, hint, value)| Setting {
            control: control(&name, value, unit, state),
            title,
            value: value.clone(),
            hint,
            name,
        })
        .collect()
}

fn control(name: &str, value: &SettingValue, unit: &'static str, state: &State) -> Control {
    let choice = |list: &str| {
        let words = state
            .settings
            .get(list)
            .map(ToString::to_string)
            .unwrap_or_default();
        let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let now = value.to_string();
        if !words.contains(&now) {
            words.insert(0, now);
        }
        let values = words.into_iter().map(|word| {
            let value = SettingValue::Text(word.clone());
            (word, value)
        });
        Control::Choice(values.collect())
    };
    if is_read_only(name) {
        return Control::ReadOnly;
    }
    match (name, value) {
        (name, SettingValue::Number(number @ (0 | 1))) if SWITCHES.contains(&name) => {
            Control::Switch(*number == 1)
        }
        ("scheduler", _) => choice("available_schedulers"),
        ("path_manager", _) => choice("available_path_managers"),
        ("pm_type", _) => Control::Choice(vec![
            ("kernel".to_owned(), SettingValue::Number(0)),
            ("userspace".to_owned(), SettingValue::Number(1)),
        ]),
        (_, SettingValue::Number(_)) => Control::Number(unit),
        _ => Control::Text,
    }
}

impl Setting {
    /// What asks for another value.
    pub(super) fn set(&self, value: SettingValue) -> Command {
        Command::Set {
            name: self.name.clone(),
            value,
        }
    }

    /// The value as it is shown.
    pub(super) fn shown(&self) -> String {
        match &self.control {
            Control::Choice(choices) => choices
                .iter()
                .find(|(_, value)| value.to_string() == self.value.to_string())
                .map_or_else(|| self.value.to_string(), |(name, _)| name.clone()),
            _ => self.value.to_string(),
        }
    }

    /// What was typed, as a value that asks for a change; `None` when it is no number or no change.
    pub(super) fn typed(&self, text: &str) -> Option<Command> {
        let number: i64 = text.trim().trim_end_matches('s').trim().parse().ok()?;
        let value = SettingValue::Number(number);
        (number >= 0 && value != self.value).then(|| self.set(value))
    }
}

/// The line under a change that was made.
pub(super) fn change_caption(clock: &str, note: Option<&str>) -> String {
    note.map_or_else(|| clock.to_owned(), |note| format!("{clock} · {note}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(settings: &[(&str, &str)]) -> State {
        State {
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), SettingValue::from(*value)))
                .collect(),
            limits: Some(Limits {
                extra_subflows_max: 8,
                add_addr_accepted_max: 0,
            }),
            ..State::default()
        }
    }

    #[test]
    fn each_setting_has_the_control_that_fits() {
        let state = state(&[
            ("enabled", "1"),
            ("scheduler", "default"),
            ("available_schedulers", "default burst"),
            ("stale_loss_cnt", "4"),
            ("zz_new", "7"),
        ]);
        let settings = settings(&state);
        let shown: Vec<_> = settings.iter().map(|setting| setting.title.as_str()).collect();
        assert_eq!(
            shown,
            [
                "MPTCP",
                "Scheduler",
                "Stale after loss",
                "Schedulers there are",
                "zz new"
            ]
        );
        let controls: Vec<_> = settings.iter().map(|setting| &setting.control).collect();
        assert_eq!(controls.first(), Some(&&Control::Switch(true)));
        assert!(matches!(controls.get(1), Some(Control::Choice(choices)) if choices.len() == 2));
        assert_eq!(controls.get(2), Some(&&Control::Number("")));
        assert_eq!(controls.get(3), Some(&&Control::ReadOnly));
    }

    #[test]
    fn an_old_kernel_chooses_the_path_manager_by_number() {
        let settings = settings(&state(&[("pm_type", "0")]));
        assert_eq!(settings.first().map(Setting::shown).as_deref(), Some("kernel"));
    }

    #[test]
    fn limits_have_no_end_but_nothing() {
        let limits = limits(&state(&[]));
        let steps: Vec<_> = limits
            .iter()
            .map(|limit| (limit.less.is_some(), limit.more.is_some()))
            .collect();
        assert_eq!(steps, [(true, true), (false, true)]);
    }

    #[test]
    fn only_another_number_is_a_change() {
        let settings = settings(&state(&[("close_timeout", "60")]));
        let setting = settings.first().expect("a setting");
        assert_eq!(setting.typed("60 s"), None);
        assert_eq!(setting.typed("soon"), None);
        assert_eq!(setting.typed("90 s"), Some(setting.set(SettingValue::Number(90))));
    }
}
