//! The command line: arguments, one file a subcommand, and how each ends.

mod anonymise;
mod args;
mod biography;
mod change;
mod columns;
mod counters;
mod doctor;
mod durations;
mod endpoints;
mod envelope;
mod examples;
mod from;
mod generate;
mod handovers;
mod list;
mod namespaces;
mod output;
mod quantity;
mod reading_args;
mod record;
mod replace;
mod report;
mod ticket;
mod usage;
mod watch;

pub use args::{Arguments, Change, DemoArguments, ReplayArguments, Subcommand};
pub use counters::print_counters;
pub use doctor::print_findings;
pub use handovers::print_handovers;
pub use output::{Failure, Output, Styled};
pub use reading_args::{CountersArguments, ListArguments};
pub use usage::arguments;

use crate::kernel::Namespace;

/// The namespace that `--netns` names, else the process's own.
///
/// # Errors
/// When there is no such namespace.
pub fn namespace(name_or_path: Option<&str>) -> Result<Namespace, Failure> {
    Ok(name_or_path.map_or_else(Namespace::current, Namespace::open)?)
}

/// Runs a subcommand that needs no window.
///
/// # Errors
/// What went wrong, with its exit code.
pub fn run(subcommand: &Subcommand, netns: Option<&str>, output: &mut Output) -> Result<(), Failure> {
    match subcommand {
        Subcommand::List(arguments) if arguments.all_netns && netns.is_some() => Err(Failure::usage(
            "--netns names one network namespace and --all-netns means every one: leave one out",
        )),
        Subcommand::List(arguments) if arguments.recorded.is_given() => {
            list::run_recorded(netns, arguments, output)
        }
        Subcommand::List(arguments) => list::run(netns, arguments, output),
        Subcommand::Endpoints { json, recorded } if recorded.is_given() => {
            endpoints::run_recorded(netns, recorded, *json, output)
        }
        // What needs no kernel does without a namespace.
        Subcommand::Report(arguments) => report::run(arguments, output),
        Subcommand::Anonymise(arguments) => anonymise::run(arguments),
        Subcommand::Completions { shell } => generate::completions(*shell, output),
        Subcommand::Man { out } => generate::manual(out.as_deref(), output),
        other => run_within(other, &namespace(netns)?, output),
    }
}

fn run_within(subcommand: &Subcommand, namespace: &Namespace, output: &mut Output) -> Result<(), Failure> {
    match subcommand {
        Subcommand::Counters(arguments) => counters::run(namespace, arguments, output),
        Subcommand::Watch(arguments) => watch::run(namespace, arguments, output),
        Subcommand::Record(arguments) => record::run(namespace, arguments, output),
        Subcommand::Endpoints { json, .. } => endpoints::run(namespace, *json, output),
        Subcommand::Endpoint { change } => change::run(namespace, &change.command()?, output),
        Subcommand::Limits { change } => change::run(namespace, &change.command()?, output),
        Subcommand::Set { name, value } => change::run(
            namespace,
            &crate::model::Command::Set {
                name: name.clone(),
                value: value.as_str().into(),
            },
            output,
        ),
        Subcommand::Close { local, remote } => change::run(
            namespace,
            &crate::model::Command::Close {
                local: *local,
                remote: *remote,
            },
            output,
        ),
        // What these need is opened for them, or they need nothing.
        Subcommand::Handovers(_)
        | Subcommand::Doctor(_)
        | Subcommand::Demo(_)
        | Subcommand::Replay(_)
        | Subcommand::List(_)
        | Subcommand::Report(_)
        | Subcommand::Anonymise(_)
        | Subcommand::Completions { .. }
        | Subcommand::Man { .. } => Ok(()),
    }
}

pub use watch::{Asked, print_stream, request};
