//! Namespaces held by threads, and what is set up inside one.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;

use crossbeam_channel::{Sender, bounded, unbounded};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, gettid};

use super::LabError;
use super::able::forbidden;
use super::scenario::Family;

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace with a thread in it that does what it is told. The namespace ends with the process.
#[derive(Debug)]
pub(super) struct NamespaceThread {
    thread: Pid,
    jobs: Sender<Job>,
}

impl NamespaceThread {
    /// A new, empty namespace.
    pub(super) fn new(name: &str) -> Result<Self, LabError> {
        let (jobs, todo) = unbounded::<Job>();
        let (entered_here, entered) = bounded(1);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let _ = entered_here.send(own_namespace().map(|()| gettid()));
                for job in todo {
                    job();
                }
            })
            .map_err(|error| LabError::failed("cannot start a thread", error))?;
        let thread = entered.recv().map_err(|_| ended(name))??;
        Ok(Self { thread, jobs })
    }

    /// Does something in the namespace and waits for it. Threads started there stay there.
    pub(super) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, LabError> + Send + 'static,
    ) -> Result<T, LabError> {
        let (done_here, done) = bounded(1);
        let job = Box::new(move || {
            let _ = done_here.send(job());
        });
        self.jobs.send(job).map_err(|_| ended("job"))?;
        done.recv().map_err(|_| ended("job"))?
    }

    /// The thread in it.
    pub(super) fn thread(&self) -> Pid {
        self.thread
    }

    /// Where other processes find it.
    pub(super) fn path(&self) -> String {
        format!("/proc/{}/task/{}/ns/net", std::process::id(), self.thread)
    }
}

fn ended(what: &str) -> LabError {
    LabError::Failed(format!("the laboratory's thread for a {what} ended"))
}

/// Puts this thread into a new network namespace.
pub(super) fn own_namespace() -> Result<(), LabError> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|refusal| match refusal {
        Errno::EPERM | Errno::ENOSPC => forbidden(refusal),
        other => LabError::failed("cannot make a network namespace", other.desc()),
    })
}

/// Runs a batch of `ip` commands in this thread's namespace.
pub(super) fn ip(batch: &[String]) -> Result<(), LabError> {
    ip_with(&["-batch", "-"], batch)
}

/// The same where each command may fail by itself, because somebody else may have been at it.
pub(super) fn ip_as_far_as_it_goes(batch: &[String]) {
    let _ = ip_with(&["-force", "-batch", "-"], batch);
}

/// The same for commands that do not tell the family by their arguments, as those about rules.
pub(super) fn ip_of(family: Family, batch: &[String]) -> Result<(), LabError> {
    let option = match family {
        Family::V4 => "-4",
        Family::V6 => "-6",
    };
    ip_with(&[option, "-batch", "-"], batch)
}

fn ip_with(options: &[&str], batch: &[String]) -> Result<(), LabError> {
    let mut child = Command::new("ip")
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                LabError::Failed("the laboratory needs the ip command: install iproute2".to_owned())
            }
            _ => LabError::failed("cannot run ip", error),
        })?;
    if let Some(mut input) = child.stdin.take() {
        // A batch is far smaller than a pipe, and a failure shows in what ip says.
        let _ = input.write_all((batch.join("\n") + "\n").as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| LabError::failed("cannot run ip", error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(LabError::Failed(format!(
        "{} ({})",
        explain(&said, batch),
        output.status
    )))
}

/// What ip said about a line of the batch, with the line.
fn explain(said: &str, batch: &[String]) -> String {
    let line = said
        .split_once("Command failed -:")
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<usize>().ok())
        .and_then(|number| batch.get(number.checked_sub(1)?));
    let reason = said.lines().next().unwrap_or("no reason given");
    match line {
        Some(line) => format!("ip {line}: {reason}"),
        None => format!("ip: {reason}"),
    }
}

/// Writes a setting of this thread's network namespace; the name is the path below /proc/sys/net.
pub(super) fn set(name: &str, value: &str) -> Result<(), LabError> {
    let path = format!("/proc/sys/net/{name}");
    fs::write(&path, value).map_err(|error| LabError::failed(format!("cannot set {path} to {value}"), error))
}

/// Whether the kernel has Multipath TCP.
pub(super) fn has_mptcp() -> bool {
    fs::exists("/proc/sys/net/mptcp/enabled").unwrap_or(false)
}

/// Whether the kernel has IPv6.
pub(super) fn has_ipv6() -> bool {
    fs::exists("/proc/sys/net/ipv6/conf/all").unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_batch_is_explained_by_its_line() {
        let batch = ["link set lo up", "link set nosuch up"].map(str::to_owned);
        let said = "Cannot find device \"nosuch\"\nCommand failed -:2\n";
        assert_eq!(
            explain(said, &batch),
            "ip link set nosuch up: Cannot find device \"nosuch\""
        );
        assert_eq!(explain("", &batch), "ip: no reason given");
    }
}
