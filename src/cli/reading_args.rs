//! The arguments of the commands that show what the kernel has: `list` and `counters`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::durations::{rated_seconds, seconds};
use super::from::FromArguments;
use crate::filter;

/// How long rates are measured where nobody says, but an order needs them.
const USUAL_RATED: Duration = Duration::from_secs(1);

/// In which order connections are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListOrder {
    /// What moves most first
    Rate,
    /// By the application's name
    Name,
    /// The oldest first
    Age,
    /// By the peer's address
    Peer,
}

/// What makes connections a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// The application
    App,
    /// The interface of each subflow
    Interface,
    /// The peer's address
    Peer,
}

/// Arguments of `list`.
#[derive(Clone, Debug, Args)]
#[command(after_help = filter_words())]
pub struct ListArguments {
    /// Words that a connection must all match, as in the window
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// In which order [default: age]
    #[arg(long, value_name = "ORDER")]
    pub sort: Option<ListOrder>,
    /// Add up what belongs together, a line a group
    #[arg(long, value_name = "GROUP")]
    pub by: Option<GroupBy>,
    /// Measure rates over so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = rated_seconds)]
    pub rates: Option<Duration>,
    /// Read every network namespace that may be read, containers included
    #[arg(long)]
    pub all_netns: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// A recording in place of the kernel.
    #[command(flatten)]
    pub recorded: FromArguments,
}

impl ListArguments {
    /// The filter as one would type it in the window.
    pub(super) fn words(&self) -> String {
        self.filter.join(" ")
    }

    /// The order: the oldest first, unless told.
    pub(super) fn order(&self) -> ListOrder {
        self.sort.unwrap_or(ListOrder::Age)
    }

    /// How long rates are measured; `None` where nobody asks for them.
    pub(super) fn rated_over(&self) -> Option<Duration> {
        let needed = || (self.sort == Some(ListOrder::Rate)).then_some(USUAL_RATED);
        self.rates.or_else(needed)
    }
}

/// Arguments of `counters`.
#[derive(Clone, Debug, Args)]
pub struct CountersArguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Wait so many seconds, and tell what moved
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// Tell what has moved since the stream began, and nothing else: as it moves, or of a file all that did
    #[arg(long)]
    pub since_start: bool,
    /// Read lines that watch --json printed, plain or compressed with zstd, in place of the kernel
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// The filter's words, each with its meaning below, for the help of `list`.
fn filter_words() -> String {
    let lines = filter::WORDS.map(|(word, meaning)| format!("  {word}\n      {meaning}"));
    format!(
        "Filter words:\n{}\n  Any other word\n      sought in the application, the addresses, the interfaces and the token",
        lines.join("\n")
    )
}
