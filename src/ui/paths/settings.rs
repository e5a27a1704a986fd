//! How each limit and setting is changed in the window.

use crate::history::State;
use crate::model::{Command, Connection, KnownSetting, Limits, SETTINGS, SettingValue, Takes, is_read_only};
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

/// The settings that this kernel has, known ones first.
pub(super) fn settings(state: &State) -> Vec<Setting> {
    let all = &state.settings;
    let is_hidden = |name: &str| name == "pm_type" && all.contains_key("path_manager");
    let known = SETTINGS.iter().filter(|setting| !is_hidden(setting.name));
    let known = known.filter_map(|setting| Some((setting, all.get(setting.name)?)));
    let known = known.map(|(setting, value)| Setting {
        title: setting.title.to_owned(),
        name: setting.name.to_owned(),
        value: value.clone(),
        control: known_control(setting, value, state),
        hint: setting.meaning,
    });
    let others = all.iter().filter(|(name, _)| KnownSetting::named(name).is_none());
    let others = others.map(|(name, value)| Setting {
        title: name.replace('_', " "),
        name: name.clone(),
        value: value.clone(),
        control: other_control(name, value),
        hint: "",
    });
    known.chain(others).collect()
}

fn known_control(setting: &KnownSetting, value: &SettingValue, state: &State) -> Control {
    match (setting.takes, value) {
        (Takes::Nothing, _) => Control::ReadOnly,
        (Takes::Switch, SettingValue::Number(number @ (0 | 1))) => Control::Switch(*number == 1),
        (Takes::Word { listed_in }, _) => {
            let listed = state.settings.get(listed_in).map(ToString::to_string);
            let listed = listed.unwrap_or_default();
            let mut words: Vec<String> = listed.split_whitespace().map(str::to_owned).collect();
            let now = value.to_string();
            if !words.contains(&now) {
                words.insert(0, now);
            }
            let choice = |word: String| (word.clone(), SettingValue::Text(word));
            Control::Choice(words.into_iter().map(choice).collect())
        }
        (Takes::Choice(words), _) => {
            let choice = |(number, word): (i64, &&str)| ((*word).to_owned(), SettingValue::Number(number));
            Control::Choice((0..).zip(words).map(choice).collect())
        }
        (_, SettingValue::Number(_)) => Control::Number(setting.unit()),
        _ => Control::Text,
    }
}

/// The control of a setting that a newer kernel has.
fn other_control(name: &str, value: &SettingValue) -> Control {
    match value {
        _ if is_read_only(name) => Control::ReadOnly,
        SettingValue::Number(_) => Control::Number(""),
        SettingValue::Text(_) => Control::Text,
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
pub(super) fn change_caption(clock: &str, note: &str) -> String {
    if note.is_empty() {
        clock.to_owned()
    } else {
        format!("{clock} · {note}")
    }
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
