//! The privileged helper: what needs CAP_NET_ADMIN, done for those who may.
//!
//! It has that one capability, and can get no other. It starts no program, reads no configuration, keeps nothing and
//! relays nothing: the events' socket is handed over as it is. A call goes through [`gate`](self), which is about how
//! much, [`check`], which is about sense, the network namespace and the question who may, in this order, before the
//! kernel is asked; so nobody types a password for nonsense.
//!
//! There are two ways to it, with the same calls. As the service `org.pathscope.Helper` on the system bus it runs under
//! an account of its own, whoever starts it, and polkit says who may. After a minute without calls it ends, unless
//! somebody still holds a socket that it gave: it counts them. Where an administrator gave the program's file the
//! capability and a group, it serves on its standard input the member of the group who started it, and ends with them.

mod authority;
mod callers;
pub mod check;
mod consents;
mod executable;
mod framing;
mod gate;
mod inlet;
mod network;
mod passed_descriptors;
mod polkit;
mod privileges;
mod records;
mod service;

use std::process::ExitCode;
use std::time::Duration;

use model::text::for_terminal;
use pathscope_core::bus::ON_STDIN;
use pathscope_core::{bus, kernel, log, model, wire};
use service::Timeouts;

/// How long the service stays when nobody calls.
const IDLE_BEFORE_EXIT: Duration = Duration::from_mins(1);
/// How long a person may think about a question of polkit's: as long as for any other password that is typed.
const PERSON_TIMEOUT: Duration = Duration::from_mins(2);
/// For trying the service out: how long it stays, in seconds.
const IDLE_ARGUMENT: &str = "--stay";
/// The same: how long it waits for a person, in seconds.
const PERSON_ARGUMENT: &str = "--ask-for";
/// The first argument of one that tells the journal what it does.
const VERBOSE_ARGUMENT: &str = "--verbose";

/// Serves until nobody needs it.
pub fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let arguments: Vec<String> = arguments
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("pathscope-helper: {}", for_terminal(&why));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    if arguments == [ON_STDIN] {
        // Before there is a second thread, as below.
        let user = privileges::keep_one_for_member()?;
        return service::serve_on_stdin(user);
    }
    // A member's own helper has no environment to say it, and nobody behind its standard error who wants to know.
    let (verbose, arguments) = verbose(arguments);
    let timeouts = timeouts(arguments)?;
    // Before there is a second thread.
    privileges::drop_all_but_one()?;
    log::start(verbose)?;
    service::serve(timeouts)
}

/// Whether it is to tell what it does, and the arguments behind that.
fn verbose(arguments: &[String]) -> (bool, &[String]) {
    match arguments {
        [first, rest @ ..] if first == VERBOSE_ARGUMENT => (true, rest),
        all => (false, all),
    }
}

fn timeouts(mut arguments: &[String]) -> Result<Timeouts, String> {
    let mut timeouts = Timeouts {
        idle_before_exit: IDLE_BEFORE_EXIT,
        person_answers_within: PERSON_TIMEOUT,
    };
    while let [name, rest @ ..] = arguments {
        let wait = match name.as_str() {
            IDLE_ARGUMENT => &mut timeouts.idle_before_exit,
            PERSON_ARGUMENT => &mut timeouts.person_answers_within,
            _ => {
                return Err(format!(
                    "it takes no argument but {VERBOSE_ARGUMENT}, {IDLE_ARGUMENT} SECONDS, {PERSON_ARGUMENT} SECONDS or \
                     {ON_STDIN}"
                ));
            }
        };
        let seconds = rest.first().and_then(|seconds| seconds.parse().ok());
        *wait = seconds
            .map(Duration::from_secs)
            .ok_or_else(|| format!("{name} takes a number of seconds"))?;
        arguments = rest.get(1..).unwrap_or_default();
    }
    Ok(timeouts)
}
