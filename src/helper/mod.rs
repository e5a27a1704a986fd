//! The privileged service `org.pathscope.Helper`: what needs CAP_NET_ADMIN, done for those whom polkit lets.
//!
//! Whoever starts it, it runs under its own account with that one capability, and can get no other. It starts no
//! program, reads no configuration, keeps nothing and relays nothing: the events' socket is handed over as it is. A
//! call goes through [`gate`](self), which is about how much, [`check`], which is about sense, the network namespace
//! and polkit, in this order, before the kernel is asked; so nobody types a password for nonsense.
//!
//! After a minute without calls it ends, unless somebody still holds a socket that it gave: it counts them.

mod callers;
pub mod check;
mod gate;
mod polkit;
mod privileges;
mod service;

use std::process::ExitCode;
use std::time::Duration;

/// How long the service stays when nobody calls.
const STAYS: Duration = Duration::from_mins(1);
/// The one argument, for trying it out: how long it stays, in seconds.
const STAYS_ARGUMENT: &str = "--stay";

/// Runs the service until nobody needs it.
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
        [name, seconds] if name == STAYS_ARGUMENT => seconds
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| format!("{STAYS_ARGUMENT} takes a number of seconds"))?,
        _ => return Err(format!("it takes no argument but {STAYS_ARGUMENT} SECONDS")),
    };
    // Before there is a second thread.
    privileges::drop_all_but_one()?;
    service::serve(stays)
}
