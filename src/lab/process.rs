//! The parent's side of the host process: starting it, listening to it, ending it.

use std::io::{self, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::protocol::{Link, Order, Report, Setup, read_line, write_line};
use super::{HOST_ARGUMENT, LabError};

/// How long the host process may take to go by itself.
const EXIT_TIMEOUT: Duration = Duration::from_secs(3);

/// What the host process last reported.
#[derive(Debug, Default)]
struct Reported {
    links: Vec<Link>,
    by_itself: bool,
    ended: Option<String>,
}

/// A running host process. Dropping it ends the process and all that it built.
#[derive(Debug)]
pub(super) struct HostProcess {
    pid: Pid,
    server_thread: i32,
    orders: Mutex<Option<ChildStdin>>,
    reported: Arc<Mutex<Reported>>,
    ended: Receiver<()>,
    listener: Option<JoinHandle<()>>,
}

impl HostProcess {
    /// Starts the host process and returns when it says that everything is up; `coming` is told meanwhile how many
    /// connections are, and how many there are to be.
    pub(super) fn start(
        program: Option<&Path>,
        setup: &Setup,
        limit: Duration,
        coming: impl Fn(usize, usize) + Send + 'static,
    ) -> Result<Self, LabError> {
        let program = program.map_or_else(|| PathBuf::from("/proc/self/exe"), Path::to_owned);
        let reported = Arc::new(Mutex::new(Reported::default()));
        let (spawned_here, spawned) = bounded(1);
        let (up_here, up) = bounded(1);
        let (ended_here, ended) = bounded(0);
        let listener = thread::Builder::new()
            .name("lab".to_owned())
            .spawn({
                let reported = Arc::clone(&reported);
                move || listen(&program, &spawned_here, &up_here, coming, &reported, ended_here)
            })
            .map_err(|error| LabError::failed("cannot start a thread", error))?;
        let (pid, mut orders) = spawned
            .recv()
            .map_err(|_| LabError::Failed("the laboratory's thread ended".to_owned()))?
            .map_err(|error| LabError::failed("cannot start the laboratory's process", error))?;
        // When this fails the process has ended, and says why below.
        let _ = write_line(&mut orders, setup);
        let mut process = Self {
            pid,
            server_thread: 0,
            orders: Mutex::new(Some(orders)),
            reported,
            ended,
            listener: Some(listener),
        };
        // From here on an early return drops `process`, which takes everything down.
        process.server_thread = up.recv_timeout(limit).map_err(|_| {
            LabError::Failed(format!("the laboratory did not come up in {} s", limit.as_secs()))
        })??;
        Ok(process)
    }

    /// The namespace of the laptop.
    pub(super) fn netns(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.pid))
    }

    /// The namespace of the server.
    pub(super) fn server_netns(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/task/{}/ns/net", self.pid, self.server_thread))
    }

    /// The links as they were last reported.
    pub(super) fn links(&self) -> Vec<Link> {
        lock(&self.reported).links.clone()
    }

    /// Whether links come and go by themselves, as was last reported.
    pub(super) fn plays_by_itself(&self) -> bool {
        lock(&self.reported).by_itself
    }

    /// Asks the host process for something. The pipe holds many orders, and a thread of the host process is always
    /// reading, so this does not wait.
    pub(super) fn order(&self, order: &Order) -> Result<(), LabError> {
        let mut orders = lock(&self.orders);
        let pipe = orders
            .as_mut()
            .ok_or_else(|| LabError::Failed("the laboratory has ended".to_owned()))?;
        write_line(pipe, order).map_err(|error| LabError::failed("the laboratory has ended", error))
    }

    /// Why it is over, when it is.
    pub(super) fn failure(&self) -> Option<String> {
        lock(&self.reported).ended.clone()
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // The end of its standard input is the sign to go.
        lock(&self.orders).take();
        if matches!(
            self.ended.recv_timeout(EXIT_TIMEOUT),
            Err(crossbeam_channel::RecvTimeoutError::Timeout)
        ) {
            // The listener has not reaped it, so the number is still its own.
            let _ = kill(self.pid, Signal::SIGKILL);
        }
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// The thread that starts the host process and hears it out. The kernel sends the child its parent-death signal when
/// the *thread* that started it ends, so this one lives as long as the child.
fn listen(
    program: &Path,
    spawned: &Sender<io::Result<(Pid, ChildStdin)>>,
    up: &Sender<Result<i32, LabError>>,
    coming: impl Fn(usize, usize),
    reported: &Mutex<Reported>,
    _ended: Sender<()>,
) {
    let mut child = match spawn(program) {
        Ok(child) => child,
        Err(error) => {
            let _ = spawned.send(Err(error));
            return;
        }
    };
    let (Some(orders), Some(reports)) = (child.stdin.take(), child.stdout.take()) else {
        return;
    };
    let pid = Pid::from_raw(child.id().cast_signed());
    let _ = spawned.send(Ok((pid, orders)));
    let mut reports = BufReader::new(reports);
    let mut why = None;
    loop {
        match read_line(&mut reports) {
            Ok(Some(Report::Links(links))) => lock(reported).links = links,
            Ok(Some(Report::Plays { by_itself })) => lock(reported).by_itself = by_itself,
            Ok(Some(Report::Coming { up, of })) => coming(up, of),
            Ok(Some(Report::Up { server_thread })) => {
                let _ = up.try_send(Ok(server_thread));
            }
            Ok(Some(Report::Failed(error))) => {
                why = Some(error.to_string());
                let _ = up.try_send(Err(error));
            }
            Ok(None) => break,
            Err(error) => {
                why = Some(format!("the laboratory said something unintelligible: {error}"));
                let _ = kill(pid, Signal::SIGKILL);
                break;
            }
        }
    }
    let status = child.wait();
    let why = why.unwrap_or_else(|| match status {
        Ok(status) => format!("the laboratory's process ended: {status}"),
        Err(error) => format!("the laboratory's process ended: {error}"),
    });
    let _ = up.try_send(Err(LabError::Failed(why.clone())));
    lock(reported).ended = Some(why);
}

fn spawn(program: &Path) -> io::Result<Child> {
    Command::new(program)
        .arg0("pathscope")
        .arg(HOST_ARGUMENT)
        .arg(std::process::id().to_string())
        // An interrupt from the terminal is for the parent, which ends the laboratory in its own time.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

/// What these mutexes guard is whole at every moment, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
