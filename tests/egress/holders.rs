//! Whose a connection is: several processes, one that gave its socket away, and one that calls itself otherwise.

use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use pathscope::model::{Connection, Process};

use super::hosts::{Pair, until};
use super::network::connect_from;
use super::watch::Watch;

/// A process that ends with its test.
struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Held {
    /// A shell that holds what it inherits, and does as it is told on its standard input.
    fn shell() -> Self {
        let child = Command::new("sh").stdin(Stdio::piped()).spawn().expect("a shell");
        Self(child)
    }

    fn tell(&mut self, line: &str) {
        use std::io::Write as _;
        let stdin = self.0.stdin.as_mut().expect("its input");
        writeln!(stdin, "{line}").expect("it reads");
    }

    fn is(&self, name: &str) -> Process {
        Process {
            pid: self.0.id(),
            name: name.to_owned(),
        }
    }
}

fn inherited(fd: impl AsFd, yes: bool) {
    let flags = if yes { FdFlag::empty() } else { FdFlag::FD_CLOEXEC };
    fcntl(fd, FcntlArg::F_SETFD(flags)).expect("F_SETFD");
}

fn until_held(watch: &mut Watch, what: &str, is_so: impl Fn(&Connection) -> bool) {
    until(what, || {
        watch.wait_for_sample();
        let mut connections = watch.history.state().connections.values();
        connections.any(&is_so).then_some(())
    });
}

#[test]
fn several_holders_are_several_and_the_one_that_is_left_takes_over() {
    let Some(pair) = Pair::new() else { return };
    let listener = pair.server.listen(socket2::Protocol::MPTCP, "10.1.0.2:5000");
    let mut watch = Watch::new(&pair.client);
    let stream = connect_from(&pair.client, None, "10.1.0.2:5000");
    let (_server, _) = listener.accept().unwrap();
    let me = std::process::id();
    until_held(&mut watch, "one holder", |connection| {
        let alone = connection.processes.is_empty();
        alone
            && connection
                .process
                .as_ref()
                .is_some_and(|process| process.pid == me)
    });

    inherited(&stream, true);
    let mut shell = Held::shell();
    inherited(&stream, false);
    let both = |connection: &Connection, name: &str| {
        let pids: Vec<u32> = connection.processes.iter().map(|process| process.pid).collect();
        let mut expected = vec![me, shell.0.id()];
        expected.sort_unstable();
        pids == expected && connection.processes.contains(&shell.is(name))
    };
    until_held(&mut watch, "two holders", |connection| both(connection, "sh"));

    // It is renamed, and then another program.
    shell.tell("printf busy > /proc/$$/comm");
    until_held(&mut watch, "its other name", |connection| {
        connection.processes.contains(&shell.is("busy"))
    });
    drop(stream);
    until_held(&mut watch, "the one that is left", |connection| {
        connection.process == Some(shell.is("busy")) && connection.processes.is_empty()
    });
    shell.tell("exec sleep 600");
    until_held(&mut watch, "the other program", |connection| {
        connection.process == Some(shell.is("sleep"))
    });
}
