//! The command line: arguments, one file a subcommand, and how each ends.

mod args;
mod change;
mod endpoints;
mod envelope;
mod generate;
mod handovers;
mod list;
mod output;
mod quantity;
mod record;
mod usage;
mod watch;

pub use args::{Arguments, Change, DemoArguments, Subcommand};
pub use handovers::print_handovers;
pub use output::{Failure, Output, Styled};
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
pub fn run(subcommand: &Subcommand, namespace: &Namespace, output: &mut Output) -> Result<(), Failure> {
    match subcommand {
        Subcommand::List { json } => list::run(namespace, *json, output),
        Subcommand::Watch(arguments) => watch::run(namespace, arguments, output),
        Subcommand::Record(arguments) => record::run(namespace, arguments, output),
        Subcommand::Endpoints { json } => endpoints::run(namespace, *json, output),
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
        Subcommand::Completions { shell } => generate::completions(*shell, output),
        Subcommand::Man { out } => generate::manual(out.as_deref(), output),
        // What these need is opened for them.
        Subcommand::Handovers(_) | Subcommand::Demo(_) => Ok(()),
    }
}

pub use watch::{Asked, print_stream, request};
