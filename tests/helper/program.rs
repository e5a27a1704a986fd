//! `pathscope` itself, run by users without privilege on a machine that has the service.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::agent::Agent;
use super::hosts::until;
use super::machine::{ALICE, BOB, MALLORY, Machine, PASSWORD};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

/// The program with these arguments. Once in some thousand questions polkitd (122) waits 15 s for a script of its own that
/// has long ended: then the program says so after 10 s, and here does as it says and asks again.
pub fn pathscope(machine: &Machine, user: (&str, u32), arguments: &str) -> Output {
    let run = || {
        let mut command = machine.program(user, "pathscope", &[]);
        command.args(arguments.split_whitespace()).stdin(Stdio::null());
        machine.run(move || command.output().unwrap())
    };
    let output = run();
    let error = String::from_utf8_lossy(&output.stderr);
    if error.contains("polkit does not answer") {
        eprintln!("{error}once more");
        return run();
    }
    output
}

#[track_caller]
pub fn says(output: &Output, code: i32, text: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(
        error.contains(text) && error.lines().count() == usize::from(code != 0),
        "{error}"
    );
}

pub fn the_command_line_asks_the_service() {
    let Some(machine) = Machine::start(60) else { return };
    let before = machine.state();
    let changes = [
        "limits set subflows 5",
        "endpoint add 10.2.0.1 dev c2 id 3 subflow",
        "endpoint change id 3 backup",
        "endpoint change id 3 signal",
        "set add_addr_timeout 77",
        "endpoint remove id 3",
    ];
    for change in [
        "limits set subflows 5",
        "endpoint add 10.2.0.1 subflow",
        "set enabled 0",
    ] {
        says(
            &pathscope(&machine, MALLORY, change),
            3,
            "org.pathscope.configure: not permitted",
        );
        says(
            &pathscope(&machine, BOB, change),
            3,
            "no authentication agent runs in this session",
        );
    }
    says(
        &pathscope(&machine, ALICE, "endpoint remove id 3"),
        1,
        "there is no endpoint 3",
    );
    says(
        &pathscope(&machine, ALICE, "close 10.1.0.1:1 10.1.0.2:2"),
        1,
        "there is no subflow",
    );
    assert_eq!(machine.state(), before);
    for change in changes {
        says(&pathscope(&machine, ALICE, change), 0, "");
    }
    let (endpoints, limits, settings) = machine.state();
    assert_eq!((endpoints, limits.extra_subflows_max), (Vec::new(), 5));
    assert!(
        settings.contains(r#""add_addr_timeout": Number(77)"#),
        "{settings}"
    );

    // With an agent on the terminal the password is asked for.
    let mut command = machine.program(BOB, "../../bin/sh", &[]);
    command.args(["-c", "read go && exec \"$0\" limits set subflows 6"]);
    command.arg(machine.folder.path().join("pathscope"));
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut waiting = machine.run(move || command.spawn().unwrap());
    let mut agent = Agent::start(&machine, BOB, waiting.id());
    writeln!(waiting.stdin.as_mut().unwrap(), "go").unwrap();
    agent.expect("Authentication is needed to change Multipath TCP endpoints");
    agent.expect("Password: ");
    agent.type_password(PASSWORD);
    says(&waiting.wait_with_output().unwrap(), 0, "");
    assert_eq!(machine.state().1.extra_subflows_max, 6);
}

/// A running `pathscope watch --json --control`.
pub struct Watch {
    pub child: Child,
    /// Its end ends the program.
    pub input: Option<ChildStdin>,
    lines: Receiver<Value>,
}

impl Watch {
    pub fn start(machine: &Machine, user: (&str, u32)) -> Self {
        Self::start_for(machine, user, "600")
    }

    fn start_for(machine: &Machine, user: (&str, u32), seconds: &str) -> Self {
        let mut command = machine.program(user, "pathscope", &[]);
        command.args([
            "watch",
            "--json",
            "--control",
            "--interval",
            "100",
            "--seconds",
            seconds,
        ]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = machine.run(move || command.spawn().unwrap());
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines }
    }

    /// The next line that something is found in.
    #[track_caller]
    pub fn next<T>(&self, what: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        let end = Instant::now() + LIMIT;
        loop {
            let line = self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("{what} did not come"));
            if let Some(found) = find(&line) {
                return found;
            }
        }
    }

    /// The next access that it tells, which is full.
    #[track_caller]
    pub fn full_access(&self) -> Value {
        let access = self.access();
        assert_eq!(access["why_not"], Value::Null, "{access}");
        assert_eq!(
            (&access["events"], &access["control"]),
            (&json!(true), &json!(true))
        );
        access
    }

    #[track_caller]
    pub fn access(&self) -> Value {
        self.next("an access", |line| line.get("access").cloned())
    }

    pub fn ask(&mut self, command: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
    }

    /// How the next command ended.
    #[track_caller]
    pub fn outcome(&self) -> Value {
        self.next("an outcome", |line| line.get("command").cloned())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn limits(most: u32) -> Value {
    json!({"command": "limits_set", "extra_subflows_max": most})
}

pub fn the_stream_takes_what_is_permitted() {
    let Some(machine) = Machine::start(60) else { return };
    let mut watch = Watch::start(&machine, ALICE);
    let first = watch.access();
    assert_eq!(
        (&first["events"], &first["control"]),
        (&json!(false), &json!(false))
    );
    watch.full_access();
    // The event thread takes the socket; from then on the kernel itself tells.
    let (_client, _server, _listener) =
        machine
            .pair
            .connection(socket2::Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let told = watch.next("the connection", |line| {
        (line["event"] == "connection_established").then(|| line["source"].clone())
    });
    assert_eq!(told, "kernel");
    watch.ask(&limits(7));
    assert_eq!(watch.outcome()["ok"], json!(true));
    assert_eq!(machine.state().1.extra_subflows_max, 7);

    let denied = Watch::start(&machine, MALLORY);
    denied.access();
    let access = denied.access();
    assert_eq!(
        access["offer"],
        json!({"observe": "no", "configure": "no", "close_subflow": "no"})
    );
    assert_eq!(
        (&access["events"], &access["control"]),
        (&json!(false), &json!(false))
    );

    let mut asked = Watch::start_for(&machine, BOB, "20");
    asked.access();
    let access = asked.access();
    assert_eq!(access["offer"]["configure"], "asks");
    assert!(
        access["why_not"]
            .as_str()
            .unwrap()
            .ends_with("; allow it through the privileged service")
    );
    let mut agent = Agent::start(&machine, BOB, asked.child.id());
    asked.ask(&limits(3));
    agent.expect("Password: ");
    agent.type_password(PASSWORD);
    assert_eq!(asked.outcome()["ok"], json!(true));
    assert_eq!(machine.state().1.extra_subflows_max, 3);
    // It ends when it is to end, also while a person is being asked.
    asked.ask(&limits(4));
    agent.expect("Password: ");
    let ended = asked.lines.iter().last();
    assert!(
        ended.is_some_and(|line| line["kind"] == "sample"),
        "and without an outcome"
    );
    assert!(asked.child.wait().unwrap().success());
    assert_eq!(machine.state().1.extra_subflows_max, 3);
}

pub fn the_stream_survives_the_service() {
    let Some(machine) = Machine::start(60) else { return };
    let mut watch = Watch::start(&machine, ALICE);
    watch.access();
    watch.access();
    // Dead: the bus starts another when it is called.
    machine.kill_service();
    watch.ask(&limits(4));
    assert_eq!(watch.outcome()["ok"], json!(true));
    let service = machine.service();
    // Hung: who waits is told, and goes on once it answers again.
    kill(Pid::from_raw(service), Signal::SIGSTOP).unwrap();
    watch.ask(&limits(5));
    let outcome = watch.outcome();
    assert_eq!(outcome["ok"], json!(false));
    assert!(
        outcome["message"].as_str().unwrap().contains("does not answer"),
        "{outcome}"
    );
    kill(Pid::from_raw(service), Signal::SIGCONT).unwrap();
    watch.ask(&limits(6));
    assert_eq!(watch.outcome()["ok"], json!(true));
    assert_eq!(machine.state().1.extra_subflows_max, 6);
    // Removed: the badge follows, and again when it is back. The events stay, since their socket is ours.
    let file = machine
        .folder
        .path()
        .join("usr-share-dbus-1/system-services/org.pathscope.Helper.service");
    let aside = machine.folder.path().join("aside");
    std::fs::rename(&file, &aside).unwrap();
    machine.reload_bus();
    machine.kill_service();
    let access = watch.access();
    assert_eq!(
        (&access["events"], &access["control"]),
        (&json!(true), &json!(false)),
        "{access}"
    );
    watch.ask(&limits(7));
    assert!(
        watch.outcome()["message"]
            .as_str()
            .unwrap()
            .contains("CAP_NET_ADMIN")
    );
    std::fs::rename(&aside, &file).unwrap();
    machine.reload_bus();
    let access = watch.access();
    assert_eq!(
        (&access["events"], &access["control"]),
        (&json!(true), &json!(true)),
        "{access}"
    );
    let (_client, _server, _listener) =
        machine
            .pair
            .connection(socket2::Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    watch.next("the kernel's own event", |line| {
        (line["event"] == "connection_created" && line["source"] == "kernel").then_some(())
    });
}

pub fn without_a_service_all_is_as_before() {
    let Some(machine) = Machine::start(60) else { return };
    let file = machine
        .folder
        .path()
        .join("usr-share-dbus-1/system-services/org.pathscope.Helper.service");
    std::fs::remove_file(file).unwrap();
    machine.reload_bus();
    says(
        &pathscope(&machine, ALICE, "limits set subflows 5"),
        3,
        "run as root, or with CAP_NET_ADMIN",
    );
    let mut watch = Watch::start(&machine, ALICE);
    watch.ask(&limits(5));
    assert!(
        watch.outcome()["message"]
            .as_str()
            .unwrap()
            .contains("CAP_NET_ADMIN")
    );
    // Without a bus at all, too.
    kill(
        Pid::from_raw(i32::try_from(machine.bus_pid()).unwrap()),
        Signal::SIGKILL,
    )
    .unwrap();
    until("the bus's end", || {
        watch.ask(&limits(5));
        watch.outcome()["message"]
            .as_str()
            .unwrap()
            .contains("CAP_NET_ADMIN")
            .then_some(())
    });
    says(
        &pathscope(&machine, ALICE, "limits set subflows 5"),
        3,
        "run as root, or with CAP_NET_ADMIN",
    );
    assert_eq!(machine.state().1.extra_subflows_max, 2);
}
