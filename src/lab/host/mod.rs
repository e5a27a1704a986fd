//! The host process: builds what the parent asked for and keeps it until the parent is gone.

mod cast;
mod crowd;
mod crowd_server;
mod forwarder;
mod paths;
mod play;
mod pool;
mod server;

pub(super) use crowd_server::{allow_sockets, serve_crowd};

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::parent_id;
use std::process::ExitCode;
use std::thread;

use crossbeam_channel::{Sender, unbounded};
use nix::sys::prctl;
use nix::sys::signal::Signal;

use super::LabError;
use super::net;
use super::protocol::{Order, Report, Setup, read_line, write_line};
use crate::model::text::for_terminal;

/// The host process, started by [`super::Lab`] or [`super::Crowd`] with the parent's process id as its argument.
pub fn host_main() -> ExitCode {
    if let Err(error) = tie_to_parent(std::env::args().nth(2).as_deref()) {
        eprintln!(
            "pathscope {}: {}",
            super::HOST_ARGUMENT,
            for_terminal(&error.to_string())
        );
        return ExitCode::FAILURE;
    }
    let _ = prctl::set_name(c"pathscope-lab");
    let outcome = serve();
    if let Err(error) = &outcome {
        report(&Report::Failed(error.clone()));
    }
    if outcome.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Makes the kernel kill this process when the thread that started it ends, and checks that it has not ended already.
pub(super) fn tie_to_parent(parent: Option<&str>) -> Result<(), LabError> {
    let parent: u32 = parent.and_then(|text| text.parse().ok()).ok_or_else(|| {
        LabError::Failed("this is a part of the laboratory, which starts it by itself".to_owned())
    })?;
    prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|error| LabError::failed("cannot tie this process to its parent", error.desc()))?;
    if parent_id() == parent {
        Ok(())
    } else {
        Err(LabError::Failed("the parent has ended".to_owned()))
    }
}

fn serve() -> Result<(), LabError> {
    let mut input = BufReader::new(io::stdin());
    let setup =
        read_line(&mut input).map_err(|error| LabError::failed("cannot read what to build", error))?;
    let Some(setup) = setup else { return Ok(()) };
    if !net::has_mptcp() {
        return Err(LabError::NoMptcp);
    }
    let (ordered, orders) = unbounded();
    thread::Builder::new()
        .name("orders".to_owned())
        .spawn(move || read_orders(input, &ordered))
        .map_err(|error| LabError::failed("cannot start a thread", error))?;
    match setup {
        Setup::Scenario {
            name,
            connections,
            automatic,
        } => play::run(&name, connections, automatic, &orders),
        Setup::Crowd(options) => crowd::run(&options, &orders),
    }
}

/// Reads orders until the parent closes the pipe, which closes the channel.
fn read_orders(mut input: impl BufRead, ordered: &Sender<Order>) {
    while let Ok(Some(order)) = read_line(&mut input) {
        if ordered.send(order).is_err() {
            return;
        }
    }
}

/// Tells the parent something. When it is gone, the end of our input will end us.
fn report(report: &Report) {
    let _ = write_line(io::stdout().lock(), report);
}
