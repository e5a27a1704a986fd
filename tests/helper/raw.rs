//! What is sent to a member's helper that is no call, no message, or no end of calls: nothing changes, its memory is
//! bounded, and it ends with the socket at the latest.

use std::fs;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use pathscope::bus::{INTERFACE, LimitsArgs, ON_STDIN, PATH, PROGRAM};

use super::hosts::until;
use super::machine::{DAVE, Machine};

/// The most that a helper may have in memory: what it may fill, and itself.
const MOST_KB: u64 = 128 << 10;
/// More than it may fill.
const TOO_MUCH: usize = 256 << 20;

/// A helper, and the socket to it.
struct Raw {
    helper: Child,
    socket: UnixStream,
}

impl Raw {
    fn start(machine: &Machine) -> Self {
        let (socket, theirs) = UnixStream::pair().unwrap();
        socket.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut command = machine.program(DAVE, PROGRAM, &[]);
        command
            .arg(ON_STDIN)
            .stdin(OwnedFd::from(theirs))
            .stderr(Stdio::null());
        let helper = machine.run(move || command.spawn().unwrap());
        Self { helper, socket }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// Writes again and again, until so much is written, it is read no more, or nobody is there.
    fn pour(&mut self, bytes: &[u8], most: usize) {
        let mut written = 0;
        while written < most && self.socket.write_all(bytes).is_ok() {
            written += bytes.len();
        }
    }

    fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.helper.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap())
    }

    fn ends(&mut self, what: &str) {
        until(what, || self.helper.try_wait().unwrap());
    }

    fn lives(&mut self, what: &str) {
        assert!(self.helper.try_wait().unwrap().is_none(), "{what}");
    }

    /// Once the socket is closed, at the latest.
    fn ends_with_the_socket(self, what: &str) {
        let Self { mut helper, socket } = self;
        drop(socket);
        until(what, || helper.try_wait().unwrap());
    }
}

fn call() -> zbus::Message {
    zbus::Message::method_call(PATH, "LimitsSet")
        .and_then(|builder| {
            builder
                .interface(INTERFACE)?
                .build(&(LimitsArgs::default(), LimitsArgs::default()))
        })
        .unwrap()
}

pub fn what_is_no_call_changes_nothing() {
    let Some(machine) = Machine::without_a_bus() else {
        return;
    };
    machine.let_the_group();
    let before = machine.state();
    let mut noise = vec![0; 1 << 16];
    fastrand::Rng::with_seed(7).fill(&mut noise);

    let mut raw = Raw::start(&machine);
    raw.lives("silence");
    raw.ends_with_the_socket("silence");
    let mut raw = Raw::start(&machine);
    raw.pour(&noise, noise.len());
    raw.ends("noise");
    let mut raw = Raw::start(&machine);
    raw.write(b"\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
    raw.ends("a greeting as for a bus");
    let mut raw = Raw::start(&machine);
    let call = call();
    raw.write(&call.data()[..call.data().len() / 2]);
    raw.lives("half a call");
    raw.ends_with_the_socket("half a call");
    // A call that is said to be longer than what the helper may hold.
    let mut raw = Raw::start(&machine);
    let mut long = call.data().to_vec();
    long[4..8].copy_from_slice(&(120_u32 << 20).to_ne_bytes());
    raw.pour(&long, long.len());
    raw.ends("a call of 120 MiB");
    // Calls whose answers nobody reads.
    let mut raw = Raw::start(&machine);
    raw.pour(call.data(), TOO_MUCH);
    let most = raw.resident_kb();
    eprintln!("calls whose answers nobody reads: at most {most} kB");
    assert!(most < MOST_KB, "{most} kB");
    raw.ends_with_the_socket("calls whose answers nobody reads");
    assert_eq!(machine.state(), before);
}
