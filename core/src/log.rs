//! What the programs tell of their own work, for whoever looks into them: on standard error, or in the journal where that
//! is behind it. Nothing unless somebody asks, by `PATHSCOPE_LOG` or `--verbose`.
//!
//! The places that tell something use `tracing`'s macros. While nobody listens each of them costs one comparison, and what
//! would be told is not put together. Addresses of hosts, which say who talks to whom, are told at the level `trace` only.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::model::text::for_terminal;

/// The environment's variable that says what is told: a level (`off`, `error`, `warn`, `info`, `debug`, `trace`) for
/// everything of ours, and `MODULE=LEVEL` for a module and what is in it, joined by commas, as in `info,source=trace`.
pub const VARIABLE: &str = "PATHSCOPE_LOG";

/// What `--verbose` asks for.
const VERBOSE: LevelFilter = LevelFilter::DEBUG;

/// How our packages are called in the names of modules; the program's modules and the shared ones go by their own.
const PACKAGES: [(&str, &str); 3] = [
    ("pathscope_core::", ""),
    ("pathscope_helper", "helper"),
    ("pathscope::", ""),
];

/// Begins to tell what the environment or the user asks for. A program calls this once, before its threads.
///
/// # Errors
/// The variable says something that is no level, in words for the user.
pub fn start(verbose: bool) -> Result<(), String> {
    let asked = std::env::var_os(VARIABLE).filter(|text| !text.is_empty());
    let filter = match asked {
        Some(text) => Filter::parse(&text.to_string_lossy())?,
        None if verbose => Filter::of(VERBOSE),
        None => return Ok(()),
    };
    let write = if is_journal() { to_journal } else { to_terminal };
    // A second call changes nothing.
    let _ = tracing::subscriber::set_global_default(Log { filter, write });
    Ok(())
}

/// Tells that a thread begins, and that it ends when the value is dropped.
#[must_use = "the thread is told to end when this is dropped"]
pub fn thread() -> Running {
    tracing::debug!("the thread begins");
    Running(())
}

/// A thread that runs.
#[derive(Debug)]
pub struct Running(());

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the thread panics");
        } else {
            tracing::debug!("the thread ends");
        }
    }
}

/// What is told of which module.
#[derive(Debug, PartialEq)]
struct Filter {
    /// Of ours.
    level: LevelFilter,
    /// Of those that are named, and of what is in them.
    modules: Vec<(String, LevelFilter)>,
}

impl Filter {
    fn of(level: LevelFilter) -> Self {
        Self {
            level,
            modules: Vec::new(),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let level = |word: &str| {
            let wrong = || {
                let word = for_terminal(word);
                format!("{VARIABLE}: '{word}' is no level: off, error, warn, info, debug or trace")
            };
            // A number would be one for tracing.
            let is_word = word.chars().all(char::is_alphabetic) && !word.is_empty();
            is_word.then(|| word.parse().ok()).flatten().ok_or_else(wrong)
        };
        let mut filter = Self::of(LevelFilter::OFF);
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                None => filter.level = level(part)?,
                Some((module, word)) => filter
                    .modules
                    .push((short(module.trim()).to_owned(), level(word.trim())?)),
            }
        }
        Ok(filter)
    }

    /// What is told of a module: the closest name decides.
    fn level_of(&self, module: &str) -> LevelFilter {
        let name = short(module);
        let holds = |within: &str| {
            let rest = name.strip_prefix(within);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let named = self.modules.iter().filter(|(within, _)| holds(within));
        match named.max_by_key(|(within, _)| within.len()) {
            Some((_, level)) => *level,
            None if is_ours(module) => self.level,
            None => LevelFilter::OFF,
        }
    }

    fn most(&self) -> LevelFilter {
        let named = self.modules.iter().map(|(_, level)| *level);
        named.fold(self.level, LevelFilter::max)
    }
}

fn is_ours(module: &str) -> bool {
    module.starts_with("pathscope")
}

/// A module's name as people write it: `source::live`, `kernel::netlink`, `helper::service`; others' as they are.
fn short(module: &str) -> &str {
    for (package, name) in PACKAGES {
        if let Some(rest) = module.strip_prefix(package) {
            // The helper's package is a module of that name.
            return if name.is_empty() {
                rest
            } else {
                module.strip_prefix("pathscope_").unwrap_or(module)
            };
        }
    }
    module
}

/// Takes what is told and writes it as lines.
struct Log {
    filter: Filter,
    write: fn(Level, &str),
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.filter.level_of(metadata.target())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.most())
    }

    fn event(&self, event: &Event<'_>) {
        let thread = std::thread::current();
        let mut line = format!(
            "{} {}: ",
            thread.name().unwrap_or("unnamed"),
            short(event.metadata().target())
        );
        event.record(&mut Fields(&mut line));
        (self.write)(*event.metadata().level(), &line);
    }

    // Nothing here works in spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Writes the message and behind it what belongs to it, as `name=value`.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A string takes everything.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

/// Whether standard error goes to the journal, as systemd says with the file's numbers.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|file| stream == format!("{}:{}", file.dev(), file.ino()))
}

fn to_terminal(level: Level, line: &str) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, ms) = (since.as_secs() % 86_400, since.subsec_millis());
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write_line(&format!(
        "{hour:02}:{minute:02}:{second:02}.{ms:03}Z {level:<5} {line}"
    ));
}

/// It stamps lines itself, and takes their priority from in front of them (sd-daemon(3)).
fn to_journal(level: Level, line: &str) {
    let priority = match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    };
    write_line(&format!("<{priority}>{line}"));
}

/// One write a line, so that those of several threads do not mix.
fn write_line(line: &str) {
    // There is nobody to tell where this fails.
    let _ = io::stderr().write_all(format!("{}\n", for_terminal(line)).as_bytes());
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn filter(text: &str) -> Filter {
        Filter::parse(text).expect("levels")
    }

    #[test]
    fn the_closest_name_decides_and_others_are_told_of_only_by_name() {
        let filter = filter("info, source=debug,source::live=off,zbus=warn");
        assert_eq!(filter.level_of("pathscope::ui::app"), LevelFilter::INFO);
        assert_eq!(filter.level_of("pathscope::source"), LevelFilter::DEBUG);
        assert_eq!(filter.level_of("pathscope::source::sampler"), LevelFilter::DEBUG);
        assert_eq!(filter.level_of("pathscope::source::live"), LevelFilter::OFF);
        assert_eq!(filter.level_of("pathscope::sources"), LevelFilter::INFO);
        assert_eq!(
            filter.level_of("pathscope_core::wire::netlink"),
            LevelFilter::INFO
        );
        assert_eq!(filter.level_of("zbus::connection"), LevelFilter::WARN);
        assert_eq!(filter.level_of("winit"), LevelFilter::OFF);
        assert_eq!(filter.most(), LevelFilter::DEBUG);
    }

    #[test]
    fn modules_go_by_the_names_that_people_write() {
        assert_eq!(short("pathscope::source::live"), "source::live");
        assert_eq!(short("pathscope_core::wire::netlink"), "wire::netlink");
        assert_eq!(short("pathscope_helper::polkit"), "helper::polkit");
        assert_eq!(short("pathscope_helper"), "helper");
        assert_eq!(short("zbus"), "zbus");
        let helper = filter("helper=trace");
        assert_eq!(helper.level_of("pathscope_helper::polkit"), LevelFilter::TRACE);
        assert_eq!(filter("pathscope_helper=trace"), helper);
    }

    #[test]
    fn what_is_no_level_is_said_so() {
        for wrong in ["loud", "source=", "source=1", "debug;trace", "\u{1b}[2J"] {
            let why = Filter::parse(wrong).expect_err("no level");
            assert!(why.starts_with("PATHSCOPE_LOG: "), "{why}");
            assert!(!why.contains('\u{1b}'), "{why}");
        }
        assert_eq!(filter(""), Filter::of(LevelFilter::OFF));
    }

    thread_local! {
        static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// What is told with that filter.
    fn told(text: &str, what: impl FnOnce()) -> Vec<String> {
        let write = |level, line: &str| TOLD.with_borrow_mut(|told| told.push(format!("{level} {line}")));
        let log = Log {
            filter: filter(text),
            write,
        };
        tracing::subscriber::with_default(log, what);
        TOLD.take()
    }

    #[test]
    fn a_line_has_its_thread_its_module_and_its_fields() {
        let what = || {
            tracing::debug!(ms = 12, who = %"me", "it is {}", "done");
            tracing::trace!("too small");
            tracing::error!(target: "zbus", "not ours");
        };
        let told = told("debug", what);
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        assert_eq!(
            told,
            [format!("DEBUG {test} log::tests: it is done ms=12 who=me")]
        );
    }

    #[test]
    fn what_is_not_asked_for_is_not_put_together() {
        let told = told("info", || {
            tracing::debug!("{}", {
                assert!(std::env::args().count() == 0, "nobody asked");
                1
            });
        });
        assert_eq!(told, Vec::<String>::new());
    }
}
