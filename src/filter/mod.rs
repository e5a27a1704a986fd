//! The words that choose connections, in the window's field and on the command line: `port:443 app:ssh if:wlan0
//! fallback`, and plain words.

use crate::history::Condition;
use crate::model::text::for_terminal;
use crate::model::{Connection, ListeningSocket};
use crate::words::connection::application;

/// Every word that asks for something by itself, and what it asks for; for help.
pub const WORDS: [(&str, &str); 13] = [
    ("app:ssh", "the application's name has it"),
    ("port:443", "either end has the port"),
    ("if:wlan0", "a subflow uses that interface"),
    ("pid:812", "the process holds it"),
    ("addr:10.0.0.1", "an address of it has that (also ip:, host:)"),
    ("token:91c7", "its token has that"),
    ("fallback", "it fell back to TCP"),
    ("backup", "a subflow of it is a backup"),
    ("one-path", "it has a single subflow"),
    ("no-path", "it has none that could carry data"),
    ("stalled", "data waits on a subflow"),
    ("idle", "no data flows"),
    ("-WORD", "it does not match WORD (also !WORD)"),
];

/// What takes a word back. The second is for where the first begins an option.
pub const NOT: [char; 2] = ['-', '!'];

/// What a connection is judged by besides itself.
pub trait Circumstances {
    /// What people call the path over a device.
    fn path_name(&self, device: Option<&str>) -> String;

    /// What the subflows of a connection are doing that are there.
    fn conditions(&self, connection: &Connection) -> Vec<Condition>;
}

/// Words that a connection must all match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
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
    pub fn parse(text: &str) -> Self {
        let terms = text.to_lowercase();
        let terms = terms.split_whitespace().filter(|word| !word.ends_with(':'));
        Self {
            terms: terms.map(term).collect(),
        }
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a socket that listens has all that the words ask for. What only a connection can be, it is not.
    pub fn matches_listener(&self, listener: &ListeningSocket) -> bool {
        self.terms.iter().all(|term| term.matches_listener(listener))
    }

    /// Whether a connection has all that the words ask for.
    pub fn matches(&self, connection: &Connection, at: &impl Circumstances) -> bool {
        self.terms.iter().all(|term| term.matches(connection, at))
    }
}

fn term(word: &str) -> Term {
    if let Some(rest) = word.strip_prefix(NOT).filter(|rest| !rest.is_empty()) {
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
    fn matches(&self, connection: &Connection, at: &impl Circumstances) -> bool {
        let in_state = |wanted| at.conditions(connection).contains(&wanted);
        match self {
            Self::Port(port) => {
                connection.remote.port().to_string() == *port || connection.local.port().to_string() == *port
            }
            Self::App(app) => for_terminal(application(connection)).to_lowercase().contains(app),
            Self::Interface(name) => has_path(connection, name, at),
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
            Self::OnePath => connection.fallback != Some(true) && connection.living_subflows().count() == 1,
            Self::NoPath => connection.has_no_path(),
            Self::Stalled => in_state(Condition::Stalled),
            Self::Idle => !in_state(Condition::Carrying),
            Self::Word(word) => {
                for_terminal(application(connection))
                    .to_lowercase()
                    .contains(word)
                    || has_address(connection, word)
                    || has_path(connection, word, at)
                    || connection
                        .token
                        .is_some_and(|token| token.to_string().contains(word))
            }
            Self::Not(term) => !term.matches(connection, at),
        }
    }
}

impl Term {
    fn matches_listener(&self, listener: &ListeningSocket) -> bool {
        let has_name = |wanted: &String| {
            let process = listener.process.as_ref();
            process.is_some_and(|process| for_terminal(&process.name).to_lowercase().contains(wanted))
        };
        let has_address = |wanted: &String| lower(&listener.local).contains(wanted);
        match self {
            Self::Port(port) => listener.local.port().to_string() == *port,
            Self::App(app) => has_name(app),
            Self::Interface(name) => {
                let device = listener.interface.as_ref();
                device.is_some_and(|device| device.to_lowercase().contains(name))
            }
            Self::Pid(pid) => {
                let mut holders = listener.process.iter().chain(&listener.processes);
                holders.any(|process| process.pid.to_string() == *pid)
            }
            Self::Address(text) => has_address(text),
            Self::Word(word) => has_name(word) || has_address(word),
            Self::Token(_)
            | Self::Fallback
            | Self::Backup
            | Self::OnePath
            | Self::NoPath
            | Self::Stalled
            | Self::Idle => false,
            Self::Not(term) => !term.matches_listener(listener),
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

fn has_path(connection: &Connection, name: &str, at: &impl Circumstances) -> bool {
    connection.subflows.iter().any(|subflow| {
        let device = subflow.interface.as_deref();
        device.is_some_and(|device| device.to_lowercase().contains(name))
            || at.path_name(device).to_lowercase().contains(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Process;

    #[test]
    fn what_listens_is_chosen_by_its_name_and_address_only() {
        let listener = ListeningSocket {
            local: "10.0.0.1:443".parse().expect("an address"),
            process: Some(Process {
                pid: 812,
                name: "Nginx".to_owned(),
            }),
            ..ListeningSocket::default()
        };
        let matches = |words: &str| Filter::parse(words).matches_listener(&listener);
        for words in [
            "",
            "port:443",
            "app:nginx",
            "pid:812",
            "10.0.0",
            "nginx -port:80",
            "!port:80",
        ] {
            assert!(matches(words), "{words}");
        }
        for words in ["port:80", "fallback", "if:eth0", "token:1", "ssh"] {
            assert!(!matches(words), "{words}");
        }
    }
}
