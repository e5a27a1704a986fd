//! The settings below net.mptcp that are known (Documentation/networking/mptcp-sysctl.rst): what each takes and means.
//!
//! The one list for the window, the command line and the helper. A setting that is not in it is shown as it is, and only
//! who has the privilege can write it: the helper writes none that it does not know.

use super::SettingValue;

/// The longest word that a setting takes, bytes; numbers are shorter.
const WORD_BYTES: usize = 32;

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// 0 for off, 1 for on.
    Switch,
    /// A number from 0.
    Number {
        /// The largest that makes sense.
        most: i64,
        /// Its unit; may be empty.
        unit: &'static str,
    },
    /// A word that the kernel knows.
    Word {
        /// The setting that lists what there is to choose from.
        listed_in: &'static str,
    },
    /// One of these, by its number from 0.
    Choice(&'static [&'static str]),
    /// Nothing: it only tells.
    Nothing,
}

/// A setting below net.mptcp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSetting {
    /// The kernel's name.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What to know before one changes it; a sentence.
    pub meaning: &'static str,
}

/// Those that are known, in the order in which they are shown.
#[rustfmt::skip]
pub const SETTINGS: &[KnownSetting] = &[
    of("enabled", "MPTCP", Takes::Switch, "Decides about new sockets; connections that are open go on."),
    of("scheduler", "Scheduler", Takes::Word { listed_in: "available_schedulers" }, "For new connections."),
    of("path_manager", "Path manager", Takes::Word { listed_in: "available_path_managers" }, "For new connections."),
    // What there was before Linux 6.15.
    of("pm_type", "Path manager", Takes::Choice(&["kernel", "userspace"]), "For new connections."),
    of("allow_join_initial_addr_port", "Joins at the first address", Takes::Switch,
        "Whether the peer may open further subflows to the address and port of the first."),
    of("checksum_enabled", "Checksum", Takes::Switch, "A checksum over the data, for new connections."),
    of("add_addr_timeout", "ADD_ADDR timeout", Takes::Number { most: 86_400, unit: "s" },
        "Until an address is announced again that the peer did not confirm."),
    of("stale_loss_cnt", "Stale after loss", Takes::Number { most: 1_000_000, unit: "" },
        "Retransmission timeouts in a row until a subflow counts as stale."),
    of("close_timeout", "Close timeout", Takes::Number { most: 86_400, unit: "s" },
        "How long a connection without subflows waits for one."),
    of("blackhole_timeout", "Blackhole back-off", Takes::Number { most: 604_800, unit: "s" },
        "How long MPTCP is not tried after it was dropped on the way."),
    of("syn_retrans_before_tcp_fallback", "SYN retries before TCP", Takes::Number { most: 255, unit: "" },
        "Tries with MPTCP until plain TCP is tried."),
    of("available_schedulers", "Schedulers there are", Takes::Nothing, ""),
    of("available_path_managers", "Path managers there are", Takes::Nothing, ""),
];

const fn of(name: &'static str, title: &'static str, takes: Takes, meaning: &'static str) -> KnownSetting {
    KnownSetting {
        name,
        title,
        takes,
        meaning,
    }
}

impl KnownSetting {
    /// The setting with the kernel's name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// The unit of its value; may be empty.
    pub fn unit(&self) -> &'static str {
        match self.takes {
            Takes::Number { unit, .. } => unit,
            _ => "",
        }
    }

    /// The largest number that it takes; `None` where it takes none.
    pub fn most(&self) -> Option<i64> {
        match self.takes {
            Takes::Switch => Some(1),
            Takes::Number { most, .. } => Some(most),
            Takes::Choice(words) => i64::try_from(words.len()).ok().map(|words| words - 1),
            Takes::Word { .. } | Takes::Nothing => None,
        }
    }

    /// A text as its value; `None` for what it does not take. Of words only the form is looked at.
    pub fn parse(&self, text: &str) -> Option<SettingValue> {
        if text.is_empty() || text.len() > WORD_BYTES || self.takes == Takes::Nothing {
            return None;
        }
        let Some(most) = self.most() else {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            return text
                .bytes()
                .all(letter)
                .then(|| SettingValue::Text(text.to_owned()));
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && *number <= most);
        number.map(SettingValue::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_once_and_what_lists_words_only_tells() {
        for setting in SETTINGS {
            assert_eq!(KnownSetting::named(setting.name), Some(setting));
            assert_eq!(
                super::super::is_read_only(setting.name),
                setting.takes == Takes::Nothing
            );
            if let Takes::Word { listed_in } = setting.takes {
                let list = KnownSetting::named(listed_in).expect("the list");
                assert_eq!(list.takes, Takes::Nothing);
            }
        }
    }

    #[test]
    fn only_what_it_takes_is_a_value() {
        let parse = |name: &str, text: &str| KnownSetting::named(name).expect("a setting").parse(text);
        assert_eq!(parse("enabled", "1"), Some(SettingValue::Number(1)));
        assert_eq!(parse("pm_type", "1"), Some(SettingValue::Number(1)));
        assert_eq!(
            parse("scheduler", "default"),
            Some(SettingValue::Text("default".to_owned()))
        );
        for (name, text) in [
            ("enabled", "2"),
            ("pm_type", "2"),
            ("close_timeout", "-1"),
            ("close_timeout", "86401"),
            ("scheduler", "a b"),
            ("scheduler", ""),
            ("available_schedulers", "default"),
        ] {
            assert_eq!(parse(name, text), None, "{name} {text}");
        }
    }
}
