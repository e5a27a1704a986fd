//! The arguments, as people type them.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "help writes optional words in brackets"
)]

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser};

use super::Failure;
use super::anonymise::AnonymiseArguments;
use super::doctor::DoctorArguments;
use super::durations::{replay_speed, seconds};
use super::from::FromArguments;
use super::reading_args::{CountersArguments, ListArguments};
use super::record::RecordArguments;
use super::report::ReportArguments;
use crate::lab;
use crate::model::{Command, EndpointFlags, FlagChange, Host, SETTINGS, SocketAddr, Takes, check_addition};
use crate::source::{DEFAULT_INTERVAL_MS, INTERVAL_MS};

const EXIT_CODES: &str = "\
Exit status: 0 done, 1 it failed, 2 wrong usage, 3 not permitted, 4 this kernel has no MPTCP.";

/// A desktop monitor for Multipath TCP on Linux. Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Read this network namespace: a name below /run/netns, or a path such as /proc/PID/ns/net
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub netns: Option<String>,
    /// Tell on standard error what this program does, as PATHSCOPE_LOG=debug has it
    #[arg(long, global = true)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// List connections with their subflows
    List(ListArguments),
    /// Show the kernel's MPTcpExt counters, and what moved
    Counters(CountersArguments),
    /// Print what happens as it happens
    Watch(WatchArguments),
    /// Record what happens to a file, for later or for somebody else
    Record(RecordArguments),
    /// Tell what happened in a recording: a page, tables, or numbers
    Report(ReportArguments),
    /// Copy a recording with stand-ins for names and addresses
    Anonymise(AnonymiseArguments),
    /// Print each handover as it ends: why, from where to where, and how long nothing was delivered
    Handovers(HandoversArguments),
    /// Say why a second path is not used, with evidence and the command that mends it
    Doctor(DoctorArguments),
    /// Show endpoints, limits, net.mptcp settings and interfaces
    Endpoints {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// A recording in place of the kernel.
        #[command(flatten)]
        recorded: FromArguments,
    },
    /// Add, change or remove an endpoint
    Endpoint {
        /// The change.
        #[command(subcommand)]
        change: EndpointChange,
    },
    /// Change the path manager's limits
    Limits {
        /// The change.
        #[command(subcommand)]
        change: LimitsChange,
    },
    /// Write a net.mptcp setting
    #[command(after_help = known_settings())]
    Set {
        /// Its name, such as enabled
        name: String,
        /// Its new value
        value: String,
    },
    /// Close one subflow; its connection lives on through the others
    Close {
        /// This host's address and port, such as 10.0.0.1:40000, [2001:db8::1]:40000 or [fe80::1%eth0]:40000
        local: SocketAddr,
        /// The peer's address and port
        remote: SocketAddr,
    },
    /// Open the window on a recording
    Replay(ReplayArguments),
    /// Build a laboratory with real MPTCP traffic and open the window on it
    Demo(DemoArguments),
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    Man {
        /// Write pathscope.1, pathscope-list.1 and so on into this directory
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArguments {
    /// Print JSON, an object a line
    #[arg(long)]
    pub json: bool,
    /// From one sample to the next, ms
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_INTERVAL_MS,
          value_parser = clap::value_parser!(u64).range(*INTERVAL_MS.start()..=*INTERVAL_MS.end()))]
    pub interval: u64,
    /// End after so many seconds
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// Take commands from standard input, a JSON object a line; end with it
    #[arg(long)]
    pub control: bool,
}

/// Arguments of `handovers`.
#[derive(Debug, Args)]
pub struct HandoversArguments {
    /// Print JSON, an object a line
    #[arg(long)]
    pub json: bool,
    /// End after so many seconds
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// Read lines that watch --json printed, plain or compressed with zstd, in place of the kernel
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The recording, or lines that watch --json printed
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Begin so many seconds after the recording began
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub at: Option<Duration>,
    /// Play it so much faster than it was: 0.25, 0.5, 1, 2, 4, 8 or 16
    #[arg(long, value_name = "X", value_parser = replay_speed, allow_negative_numbers = true)]
    pub speed: Option<f64>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// What to show; see --list
    #[arg(long, value_name = "NAME", default_value = "handover", value_parser = scenario_names())]
    pub scenario: String,
    /// Open so many connections
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: Option<u32>,
    /// End after so many seconds
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// Open no window: print the stream as JSON
    #[arg(long, conflicts_with = "screenshot")]
    pub headless: bool,
    /// Save a picture of the window, after --seconds (15 unless told), and end
    #[arg(long, value_name = "PNG")]
    pub screenshot: Option<PathBuf>,
    /// Which panel the picture shows
    #[arg(long, value_name = "NAME", default_value = "connections", requires = "screenshot",
          value_parser = ["connections", "handovers", "paths", "events", "present"])]
    pub panel: String,
    /// Make it a moving picture (APNG) of the last so many seconds
    #[arg(long, value_name = "N", requires = "screenshot", value_parser = seconds)]
    pub film: Option<Duration>,
    /// List the scenarios
    #[arg(long)]
    pub list: bool,
}

/// A change to one endpoint.
#[derive(Debug, clap::Subcommand)]
pub enum EndpointChange {
    /// Add an endpoint: ADDR [dev IF] [id N] [port N] [subflow] [signal] [backup] [fullmesh] [laminar]
    Add {
        /// Its address; a link-local one may have its interface behind it, as in fe80::1%eth0
        address: Host,
        /// [dev IF] [id N] [port N] [FLAG…]
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        /// Add it though this machine does not have the address, or has it on another interface
        #[arg(long)]
        insist: bool,
    },
    /// Change an endpoint's flags: id N [no]FLAG…
    Change {
        /// id N [no]FLAG…
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
    },
    /// Remove an endpoint, which closes its subflows: id N
    Remove {
        /// id N
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
    },
}

/// A change to the limits.
#[derive(Debug, clap::Subcommand)]
pub enum LimitsChange {
    /// Set limits: [subflows N] [add-addr-accepted N]
    Set {
        /// [subflows N] [add-addr-accepted N]
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
    },
}

/// Arguments that amount to a command.
pub trait Change {
    /// The command.
    ///
    /// # Errors
    /// When the words make no sense.
    fn command(&self) -> Result<Command, Failure>;
}

impl Change for EndpointChange {
    fn command(&self) -> Result<Command, Failure> {
        match self {
            Self::Add {
                address,
                words,
                insist,
            } => {
                let mut words = Words::new(words);
                let on_link = address.scope.map(|scope| scope.to_string());
                let (mut interface, mut id, mut port) = (on_link.clone(), None, None);
                let mut flags = EndpointFlags::NONE;
                while let Some(word) = words.next() {
                    match word {
                        "dev" => interface = Some(words.value("dev", "an interface")?),
                        "id" => id = Some(words.value("id", "a number from 1 to 255")?),
                        "port" => port = Some(words.value("port", "a number from 1 to 65535")?),
                        flag => flags = flags.with(flag.parse().map_err(Failure::usage)?),
                    }
                }
                if let Some(on_link) = on_link.filter(|name| interface.as_ref() != Some(name)) {
                    let text = format!("'%{on_link}' and 'dev' name two interfaces: leave one out");
                    return Err(Failure::usage(text));
                }
                check_addition(address.ip, interface.as_deref(), id, port, flags).map_err(Failure::usage)?;
                Ok(Command::EndpointAdd {
                    address: address.ip,
                    interface,
                    id,
                    port,
                    flags,
                    insist: *insist,
                })
            }
            Self::Change { words } => {
                let mut words = Words::new(words);
                let id = words.id()?;
                let flags = FlagChange::from_words(&words.rest()).map_err(Failure::usage)?;
                if flags == FlagChange::default() {
                    return Err(Failure::usage(
                        "name the flags to change, such as backup or nobackup",
                    ));
                }
                Ok(Command::EndpointChange { id, flags })
            }
            Self::Remove { words } => {
                let mut words = Words::new(words);
                let id = words.id()?;
                words.end()?;
                Ok(Command::EndpointRemove { id })
            }
        }
    }
}

impl Change for LimitsChange {
    fn command(&self) -> Result<Command, Failure> {
        let Self::Set { words } = self;
        let mut words = Words::new(words);
        let (mut extra_subflows_max, mut add_addr_accepted_max) = (None, None);
        while let Some(word) = words.next() {
            match word {
                "subflows" => extra_subflows_max = Some(words.value("subflows", "a number")?),
                "add-addr-accepted" => {
                    add_addr_accepted_max = Some(words.value("add-addr-accepted", "a number")?);
                }
                other => {
                    let text = format!("'{other}' is no limit: use subflows N or add-addr-accepted N");
                    return Err(Failure::usage(text));
                }
            }
        }
        Ok(Command::LimitsSet {
            extra_subflows_max,
            add_addr_accepted_max,
        })
    }
}

/// Words after a subcommand, in the manner of `ip`.
struct Words<'a>(std::slice::Iter<'a, String>);

impl<'a> Words<'a> {
    fn new(words: &'a [String]) -> Self {
        Self(words.iter())
    }

    fn next(&mut self) -> Option<&'a str> {
        self.0.next().map(String::as_str)
    }

    fn value<T: std::str::FromStr>(&mut self, name: &str, what: &str) -> Result<T, Failure> {
        let value = self.next().and_then(|word| word.parse().ok());
        value.ok_or_else(|| Failure::usage(format!("after '{name}' comes {what}")))
    }

    fn id(&mut self) -> Result<u8, Failure> {
        match self.next() {
            Some("id") => self.value("id", "a number from 0 to 255"),
            _ => Err(Failure::usage(
                "say which endpoint: id N (pathscope endpoints lists them)",
            )),
        }
    }

    fn rest(self) -> Vec<&'a str> {
        self.0.map(String::as_str).collect()
    }

    fn end(&mut self) -> Result<(), Failure> {
        match self.next() {
            Some(word) => Err(Failure::usage(format!("'{word}' is one word too many"))),
            None => Ok(()),
        }
    }
}

fn scenario_names() -> PossibleValuesParser {
    let scenarios = lab::scenarios().iter();
    scenarios.map(|scenario| scenario.name).collect::<Vec<_>>().into()
}

/// The settings that are known, a line each, for the help of `set`.
fn known_settings() -> String {
    let writable = SETTINGS.iter().filter(|setting| setting.takes != Takes::Nothing);
    let lines = writable.map(|setting| {
        let value = match setting.takes {
            Takes::Word { listed_in } => format!("one of {listed_in}"),
            Takes::Choice(words) => {
                let words = (0..)
                    .zip(words)
                    .map(|(number, word): (u32, _)| format!("{number} {word}"));
                words.collect::<Vec<_>>().join(", ")
            }
            _ => format!("0 to {} {}", setting.most().unwrap_or_default(), setting.unit()),
        };
        format!(
            "  {}: {}\n      {}",
            setting.name,
            value.trim_end(),
            setting.meaning
        )
    });
    let lines: Vec<String> = lines.collect();
    format!("Settings:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Failure> {
        let words = std::iter::once("pathscope").chain(line.split_whitespace());
        match Arguments::try_parse_from(words)
            .expect("a known command")
            .subcommand
        {
            Some(Subcommand::Endpoint { change }) => change.command(),
            Some(Subcommand::Limits { change }) => change.command(),
            other => panic!("not a change: {other:?}"),
        }
    }

    #[test]
    fn an_endpoint_is_added_in_the_words_of_ip() {
        let command =
            parse("endpoint add 2001:db8::1 dev eth0 id 7 port 443 signal backup").expect("a command");
        assert_eq!(
            command,
            Command::EndpointAdd {
                address: "2001:db8::1".parse().expect("an address"),
                interface: Some("eth0".to_owned()),
                id: Some(7),
                port: Some(443),
                flags: EndpointFlags::SIGNAL.with(EndpointFlags::BACKUP),
                insist: false,
            }
        );
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for line in [
            "endpoint change id 2",
            "endpoint change 2 backup",
            "endpoint change id 2 bakup",
            "endpoint remove id 300",
            "endpoint remove id 2 3",
            "endpoint add 10.0.0.1 id",
            "limits set extra 4",
            "limits set subflows many",
            "endpoint add 10.0.0.1",
            "endpoint add 10.0.0.1 dev eth0",
            "endpoint add 224.0.0.1 subflow",
            "endpoint add 127.0.0.1 subflow",
            "endpoint add 0.0.0.0 signal",
            "endpoint add ff02::1 subflow",
            "endpoint add :: subflow",
            "endpoint add 255.255.255.255 subflow",
            "endpoint add 10.0.0.1 id 0 subflow",
            "endpoint add 10.0.0.1 id 256 subflow",
            "endpoint add 10.0.0.1 port 0 signal",
            "endpoint add 10.0.0.1 port 443 subflow",
            "endpoint add 10.0.0.1 port 443 signal subflow",
            "endpoint add 10.0.0.1 signal fullmesh",
            "endpoint add 10.0.0.1 implicit",
        ] {
            let failure = parse(line).expect_err(line);
            assert_eq!(failure.code, 2, "{line}: {failure}");
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
