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
mod gate;
mod polkit;
mod privileges;
mod service;

use std::process::ExitCode;
use std::time::Duration;

use pathscope_core::bus::ON_STDIN;
use pathscope_core::{bus, kernel, model};

/// How long the service stays when nobody calls.
const STAYS: Duration = Duration::from_mins(1);
/// For trying the service out: how long it stays, in seconds.
const STAYS_ARGUMENT: &str = "--stay";

/// Serves until nobody needs it.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("pathscope-helper: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let stays = match arguments {
        [] => STAYS,
        [name] if name == ON_STDIN => {
            // Before there is a second thread, as below.
            let user = privileges::keep_one_for_member()?;
            return service::serve_on_stdin(user);
        }
        [name, seconds] if name == STAYS_ARGUMENT => seconds
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| format!("{STAYS_ARGUMENT} takes a number of seconds"))?,
        _ => {
            return Err(format!(
                "it takes no argument but {STAYS_ARGUMENT} SECONDS or {ON_STDIN}"
            ));
        }
    };
    // Before there is a second thread.
    privileges::drop_all_but_one()?;
    service::serve(stays)
}
