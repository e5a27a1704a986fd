//! An application of the laboratory: a process of its own that opens connections and keeps them busy.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;

use super::host::{allow_sockets, serve_crowd, tie_to_parent};
use super::scenario::Traffic;
use super::work::{Task, Work};
use super::{APP_ARGUMENT, LabError, client_pool, sockets};
use crate::model::text::for_terminal;

/// How long a connection may take to be opened.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long to wait before the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// A message of an interactive application, and how often it comes.
const MESSAGE: [u8; 200] = [b'.'; 200];
const MESSAGE_EVERY: Duration = Duration::from_millis(250);

/// An application, started by the host process with that process's id and its work as JSON as the arguments.
pub fn app_main(args: impl IntoIterator<Item: Into<String>>) -> ExitCode {
    match run(args.into_iter().map(Into::into)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pathscope {APP_ARGUMENT}: {}", for_terminal(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), LabError> {
    tie_to_parent(args.next().as_deref())?;
    let work = args.next().unwrap_or_default();
    let work = serde_json::from_str(&work).map_err(|error| LabError::failed("unintelligible work", error))?;
    match work {
        Work::Application(task) => run_application(&task),
        Work::CrowdServer { sockets } => serve_crowd(sockets),
    }
}

fn run_application(task: &Task) -> Result<(), LabError> {
    let name =
        std::ffi::CString::new(task.name.as_str()).map_err(|error| LabError::failed("not a name", error))?;
    prctl::set_name(&name).map_err(|error| LabError::failed("cannot take a name", error.desc()))?;
    allow_sockets(task.connections)?;
    match task.traffic.habit() {
        Some(habit) => client_pool::run(task.from, task.to, task.connections, habit),
        None => keep_busy(task),
    }
}

/// Opens a connection, and another whenever it ends, as a program that people use would.
fn keep_busy(task: &Task) -> ! {
    loop {
        // The server going away, or every path for a long time, is no reason to stop.
        let _ = connect(task.from, task.to)
            .or_else(|_| connect(sockets::anywhere(task.from), task.to))
            .and_then(|stream| talk(&stream, task.traffic));
        thread::sleep(RETRY_AFTER);
    }
}

fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = sockets::socket(from, to)?;
    socket.connect_timeout(&to.into(), CONNECT_TIMEOUT)?;
    Ok(TcpStream::from(socket))
}

fn talk(mut stream: &TcpStream, traffic: Traffic) -> io::Result<()> {
    match traffic {
        Traffic::Upload => {
            let chunk = vec![0; 64 * 1024];
            loop {
                stream.write_all(&chunk)?;
            }
        }
        Traffic::Video => {
            // The peer's first data shows that the connection is Multipath TCP's own: ask for it.
            stream.write_all(b"GET /\n")?;
            sockets::discard(stream)
        }
        Traffic::Chat => {
            stream.set_nodelay(true)?;
            let mut answer = MESSAGE;
            let mut next = Instant::now();
            loop {
                stream.write_all(&MESSAGE)?;
                stream.read_exact(&mut answer)?;
                next = (next + MESSAGE_EVERY).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        }
        // One thread keeps many of these.
        Traffic::Web | Traffic::Idle => Ok(()),
    }
}
