//! What the service promises of itself: whom it asks about a caller, what of it can be reached and looked into, and what
//! it leaves behind.

use std::collections::HashMap;
use std::fs;
use std::future::pending;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pathscope::bus::EndpointArgs;
use pathscope::model::EndpointFlags;
use serde_json::{Value, json};
use zbus::zvariant::OwnedValue;

use super::calls::second_path;
use super::client::Ask;
use super::hosts::until;
use super::machine::{ACCOUNT, ALICE, DAVE, Machine};

/// The argument that makes this program polkit, which gives these answers, one to each question, and says what it hears.
pub const ARGUMENT: &str = "polkit";

struct FakePolkit {
    answers: Vec<String>,
    asked: AtomicUsize,
}

#[zbus::interface(name = "org.freedesktop.PolicyKit1.Authority")]
impl FakePolkit {
    async fn check_authorization(
        &self,
        subject: (String, HashMap<String, OwnedValue>),
        action: String,
        details: HashMap<String, String>,
        flags: u32,
        id: String,
    ) -> zbus::fdo::Result<(bool, bool, HashMap<String, String>)> {
        let (kind, about) = subject;
        assert_eq!(details, HashMap::new());
        let about: HashMap<_, _> = about
            .into_iter()
            .map(|(name, value)| (name, String::try_from(value).unwrap_or_default()))
            .collect();
        println!("{}", json!([kind, about, action, flags, id]));
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        match self.answers.get(number).map(String::as_str) {
            Some("yes") => Ok((true, false, HashMap::new())),
            Some("no") => Ok((false, false, HashMap::new())),
            Some("asks") => Ok((false, true, HashMap::new())),
            Some("fails") => Err(zbus::fdo::Error::Failed("out of order".to_owned())),
            _ => pending().await,
        }
    }

    #[allow(clippy::unused_self, clippy::needless_pass_by_value, reason = "a call")]
    fn cancel_check_authorization(&self, id: String) {
        println!("{}", json!(["taken back", id]));
    }
}

pub fn main() -> ! {
    let polkit = FakePolkit {
        answers: std::env::args().skip(2).collect(),
        asked: AtomicUsize::new(0),
    };
    let builder = zbus::blocking::connection::Builder::system().expect("the bus");
    let _connection = builder
        .serve_at("/org/freedesktop/PolicyKit1/Authority", polkit)
        .and_then(|builder| builder.name("org.freedesktop.PolicyKit1"))
        .and_then(zbus::blocking::connection::Builder::build)
        .expect("the name is ours");
    println!("[]");
    loop {
        std::thread::park();
    }
}

pub fn polkit_is_asked_about_the_caller_on_every_call() {
    let Some(machine) = Machine::start_with("--stay 60 --ask-for 1") else {
        return;
    };
    let account = nix::unistd::User::from_name("polkitd").unwrap().unwrap();
    let mut command = machine.program(("polkitd", account.uid.as_raw()), "client", &[]);
    command.args([ARGUMENT, "yes", "no", "fails", "never", "asks", "never"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut polkit = machine.run(move || command.spawn().unwrap());
    let mut lines = BufReader::new(polkit.stdout.take().unwrap()).lines();
    let mut heard = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(heard(), json!([]));
    let mut alice = machine.client(ALICE);
    let pid = alice.pid();
    let name: Vec<String> = alice.ask(&Ask::NamesOf(pid)).get();
    let asked = |flags: u32, id: &str| json!(["system-bus-name", {"name": name[0]}, "org.pathscope.configure", flags, id]);
    // A yes is not remembered, and no answer is a no.
    alice.ask(&Ask::Authorize(1)).value();
    assert_eq!(heard(), asked(0, ""));
    for text in [
        "not permitted to this user here",
        "polkit does not answer",
        "polkit does not answer (within 10 s)",
    ] {
        let refusal = alice.ask(&Ask::Authorize(1)).refusal("NotAuthorized");
        assert!(refusal.contains(text), "{refusal}");
        assert_eq!(heard(), asked(0, ""));
    }
    // A person is asked only where that is wanted, and the question is taken back.
    let refusal = alice
        .ask_interactively(Ask::Authorize(1))
        .refusal("NotAuthorized");
    assert!(
        refusal.contains("nobody answered the question within 1 s"),
        "{refusal}"
    );
    assert_eq!(heard(), asked(0, ""));
    assert_eq!(heard(), asked(1, "question 0"));
    assert_eq!(heard(), json!(["taken back", "question 0"]));
    polkit.kill().unwrap();
    polkit.wait().unwrap();
}

pub fn a_call_reaches_one_interface_and_nothing_else() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    alice.ask(&Ask::Hello).value();
    for (interface, member) in [
        (Some("org.freedesktop.DBus.Introspectable"), "Introspect"),
        (Some("org.freedesktop.DBus.Peer"), "Ping"),
        (Some("org.freedesktop.DBus.Peer"), "GetMachineId"),
        (Some("org.freedesktop.DBus.Properties"), "GetAll"),
        (Some("org.freedesktop.DBus.ObjectManager"), "GetManagedObjects"),
        (None, "Hello"),
    ] {
        let ask = Ask::Elsewhere(interface.map(str::to_owned), member.to_owned());
        alice.ask(&ask).refusal("org.freedesktop.DBus.Error.AccessDenied");
    }
}

/// What a process of that user can open of another, and of itself.
fn looks_into(machine: &Machine, user: (&str, u32), process: i32) -> String {
    const LOOK: &str = "for file in environ auxv maps mem; do
        dd if=/proc/$0/$file bs=1 count=0 of=/dev/null 2>/dev/null && echo \"its $file\"; done
        ls /proc/$0/fd >/dev/null 2>&1 && echo 'its fd'
        dd if=/proc/$$/environ bs=1 count=0 of=/dev/null 2>/dev/null && echo 'one of its own'
        true";
    let mut command = machine.program(user, "../../bin/sh", &[]);
    command.args(["-c", LOOK]).arg(process.to_string());
    let output = machine.run(move || command.output().unwrap());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn its_own_account_cannot_look_into_it() {
    let Some(machine) = Machine::start(60) else { return };
    machine.client(ALICE).ask(&Ask::Hello).value();
    let service = machine.service();
    assert_eq!(looks_into(&machine, ACCOUNT, service), "one of its own\n");
}

pub fn a_member_cannot_look_into_their_helper() {
    let Some(machine) = Machine::without_a_bus() else {
        return;
    };
    machine.let_the_group();
    let mut dave = machine.client_with_own(DAVE);
    dave.ask(&Ask::Hello).value();
    assert_eq!(looks_into(&machine, DAVE, machine.service()), "one of its own\n");
}

/// A change that removes the endpoint and adds it again.
fn anew(endpoint: &EndpointArgs) -> Ask {
    let signal = EndpointFlags::SIGNAL.0;
    let (set, clear) = if endpoint.flags & signal == 0 {
        (signal, 0)
    } else {
        (0, signal)
    };
    Ask::EndpointChange(endpoint.clone(), set, clear)
}

pub fn it_keeps_two_records_and_nothing_else() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    alice.ask(&Ask::OpenEvents).value();
    let added: EndpointArgs = alice.ask(&Ask::EndpointAdd(second_path())).get();
    alice.ask(&anew(&added)).value();
    let (mode, owner, record, files, sockets) = machine.run(|| {
        let folder = fs::metadata("/run/pathscope-helper").unwrap();
        let find = std::process::Command::new("find")
            .args(["/run", "/tmp", "/var/tmp", "/dev/shm", "-uid", "61100"])
            .output()
            .unwrap();
        (
            folder.mode() & 0o7777,
            folder.uid(),
            fs::read_to_string("/run/pathscope-helper/event-sockets").unwrap(),
            String::from_utf8_lossy(&find.stdout).into_owned(),
            fs::read_to_string("/proc/thread-self/net/netlink").unwrap(),
        )
    });
    assert_eq!((mode, owner), (0o700, ACCOUNT.1));
    assert_eq!(
        files,
        "/run/pathscope-helper\n/run/pathscope-helper/event-sockets\n"
    );
    // The socket that was given has that port, and is in one group.
    let (port, user) = record.trim_end().split_once(' ').unwrap();
    assert_eq!(user, ALICE.1.to_string());
    let groups = sockets.lines().find_map(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        (words[2] == port).then(|| u32::from_str_radix(words[3], 16).unwrap())
    });
    assert_eq!(groups.map(u32::count_ones), Some(1), "{sockets}");
}

pub fn a_members_change_in_hand_is_finished() {
    let Some(machine) = Machine::without_a_bus() else {
        return;
    };
    machine.let_the_group();
    machine
        .pair
        .client
        .ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow");
    let mut random = fastrand::Rng::with_seed(5);
    let mut changed = 0;
    for round in 0..30 {
        let before = machine.state().0;
        let mut dave = machine.client_with_own(DAVE);
        dave.ask(&Ask::Hello).value();
        dave.say(&anew(&EndpointArgs::from(&before[0])));
        let when = Instant::now() + Duration::from_micros(random.u64(200..10_000));
        while Instant::now() < when {
            std::hint::spin_loop();
        }
        // Killed, and with it goes its end of the socket.
        drop(dave);
        until("the helper's end", || {
            machine.processes("pathscope-helper").is_empty().then_some(())
        });
        let after = machine.state().0;
        assert_eq!(after.len(), 1, "round {round} lost the endpoint");
        changed += usize::from(after != before);
    }
    eprintln!("30 changes whose caller was killed, {changed} of them made");
    assert!(changed > 0, "no round tried what this test is about");
    let kept = machine.run(|| fs::exists("/run/pathscope-helper").unwrap());
    assert!(!kept, "a member's helper keeps no records");
}
