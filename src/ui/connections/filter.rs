//! The words of the filter field: `port:443 app:ssh if:wlan0 fallback`, and plain words.

use crate::history::Condition;
use crate::model::Connection;
use crate::ui::view::{View, application};

/// Words that a connection must all match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Port(String),
    App(String),
    Interface(String),
    Pid(String),
    Address(String),
    Token(String),
    Fallback,
    Backup,
    OnePath,
    NoPath,
    Stalled,
    Idle,
    /// Anywhere in what the row could show.
    Word(String),
    Not(Box<Term>),
}

impl Filter {
    /// What somebody typed.
    pub(super) fn parse(text: &str) -> Self {
        let terms = text.to_lowercase();
        let terms = terms.split_whitespace().filter(|word| !word.ends_with(':'));
        Self {
            terms: terms.map(term).collect(),
        }
    }

    /// Whether everything matches.
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a connection has all that the words ask for.
    pub(super) fn matches(&self, connection: &Connection, view: &View<'_>) -> bool {
        self.terms.iter().all(|term| term.matches(connection, view))
    }
}

fn term(word: &str) -> Term {
    if let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
        return Term::Not(Box::new(term(rest)));
    }
    let value = |value: &str| value.to_owned();
    match word.split_once(':') {
        Some(("port", port)) => Term::Port(value(port)),
        Some(("app", app)) => Term::App(value(app)),
        Some(("if" | "path", name)) => Term::Interface(value(name)),
        Some(("pid", pid)) => Term::Pid(value(pid)),
        Some(("ip" | "host" | "addr", address)) => Term::Address(value(address)),
        Some(("token", token)) => Term::Token(value(token)),
        _ => match word {
            "fallback" => Term::Fallback,
            "backup" => Term::Backup,
            "one-path" | "onepath" => Term::OnePath,
            "no-path" | "nopath" => Term::NoPath,
            "stalled" => Term::Stalled,
            "idle" => Term::Idle,
            word => Term::Word(value(word)),
        },
    }
}

fn lower(text: &impl ToString) -> String {
    text.to_string().to_lowercase()
}

impl Term {
    fn matches(&self, connection: &Connection, view: &View<'_>) -> bool {
        let in_state = |wanted| {
            view.subflows(connection.id())
                .iter()
                .any(|subflow| view.condition(subflow) == wanted)
        };
        match self {
            Self::Port(port) => {
                connection.remote.port().to_string() == *port || connection.local.port().to_string() == *port
            }
            Self::App(app) => application(connection).to_lowercase().contains(app),
            Self::Interface(name) => has_path(connection, name, view),
            Self::Pid(pid) => {
                let mut holders = connection.process.iter().chain(&connection.processes);
                holders.any(|process| process.pid.to_string() == *pid)
            }
            Self::Address(text) => has_address(connection, text),
            Self::Token(text) => connection
                .token
                .is_some_and(|token| token.to_string().contains(text)),
            Self::Fallback => connection.fallback == Some(true),
            Self::Backup => connection.subflows.iter().any(|subflow| subflow.is_backup()),
            Self::OnePath => connection.fallback != Some(true) && connection.subflows.len() == 1,
            Self::NoPath => connection.has_no_path(),
            Self::Stalled => in_state(Condition::Stalled),
            Self::Idle => !in_state(Condition::Carrying),
            Self::Word(word) => {
                application(connection).to_lowercase().contains(word)
                    || has_address(connection, word)
                    || has_path(connection, word, view)
                    || connection
                        .token
                        .is_some_and(|token| token.to_string().contains(word))
            }
            Self::Not(term) => !term.matches(connection, view),
        }
    }
}

fn has_address(connection: &Connection, text: &str) -> bool {
    let ends = [connection.remote, connection.local];
    let of_subflows = connection
        .subflows
        .iter()
        .flat_map(|subflow| [subflow.local, subflow.remote]);
    ends.into_iter()
        .chain(of_subflows)
        .any(|end| lower(&end).contains(text))
}

fn has_path(connection: &Connection, name: &str, view: &View<'_>) -> bool {
    connection.subflows.iter().any(|subflow| {
        let device = subflow.interface.as_deref();
        device.is_some_and(|device| device.to_lowercase().contains(name))
            || view.path(device).name.to_lowercase().contains(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Line, Sample, Token};
    use crate::ui::test_data::{Stage, connection};

    fn matching(words: &str) -> Vec<u64> {
        let stage = Stage::usual();
        let filter = Filter::parse(words);
        let view = stage.view();
        let mut found: Vec<u64> = stage
            .history
            .state()
            .connections
            .values()
            .filter(|connection| filter.matches(connection, &view))
            .map(|connection| connection.cookie.0)
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn each_word_narrows() {
        assert_eq!(matching(""), [1, 2, 3]);
        assert_eq!(matching("port:443"), [1, 3]);
        assert_eq!(matching("port:443 app:fire"), [3]);
        assert_eq!(matching("if:wlan0 -port:22"), [1]);
    }

    #[test]
    fn states_are_words() {
        assert_eq!(matching("fallback"), [3]);
        assert_eq!(matching("backup"), [1]);
        assert_eq!(matching("one-path"), [2]);
    }

    #[test]
    fn a_plain_word_is_sought_everywhere() {
        assert_eq!(matching("wi-fi"), [1, 2]);
        assert_eq!(matching("SSH"), [2]);
        assert_eq!(matching("203.0.113"), [2]);
    }

    #[test]
    fn a_link_local_address_is_sought_with_its_link() {
        let mut stage = Stage::usual();
        let on_link = |cookie, device: &str| Connection {
            local: format!("[fe80::aa%{device}]:4000").parse().expect("an address"),
            ..connection(cookie, "ssh", &format!("[fe80::bb%{device}]:22"))
        };
        stage.history.apply(Line::Sample(Box::new(Sample {
            t: 11.0,
            full: true,
            connections: vec![on_link(1, "eth0"), on_link(2, "wlan0")],
            ..Sample::default()
        })));
        let view = stage.view();
        let found = |words: &str| {
            let filter = Filter::parse(words);
            [1, 2].map(|token| {
                let connection = stage.history.latest(Token(token).into()).expect("a connection");
                filter.matches(connection, &view)
            })
        };
        for words in [
            "fe80::bb%eth0",
            "addr:fe80::aa%eth0",
            "ip:FE80::bb%eth0",
            "-host:%wlan0",
        ] {
            assert_eq!(found(words), [true, false], "{words}");
        }
        assert_eq!(found("addr:fe80::bb"), [true, true]);
    }

    #[test]
    fn a_word_that_is_being_typed_hides_nothing() {
        assert_eq!(matching("port:"), [1, 2, 3]);
        assert_eq!(connection(9, "x", "192.0.2.1:1").cookie.0, 9);
    }
}
