//! Attacks that once succeeded, on the real bus, and that the service goes on answering others meanwhile.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::agent::Agent;
use super::attack::{deputise, generic_socket};
use super::calls::second_path;
use super::client::{Ask, Client};
use super::hosts::until;
use super::machine::{ALICE, BOB, CAROL, MALLORY, Machine};
use pathscope::bus::EndpointArgs;
use pathscope::model::EndpointFlags;

/// What a well-behaved user waits for at most, on a machine that may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same on this machine: where each core already had many to serve when this began, each is served so much later.
fn patience() -> Duration {
    static PATIENCE_HERE: OnceLock<Duration> = OnceLock::new();
    *PATIENCE_HERE.get_or_init(|| {
        let load = fs::read_to_string("/proc/loadavg").unwrap();
        let load: f64 = load.split_whitespace().next().unwrap().parse().unwrap();
        let cores = std::thread::available_parallelism().unwrap().get();
        PATIENCE.mul_f64((load / cores as f64).max(1.0))
    })
}

/// Has the service run, and polkit, before answers are timed: a start takes as long as the machine is busy.
fn starts(client: &mut Client) {
    client.ask(&Ask::Hello).value();
    patience();
}

/// Asks as a well-behaved user does; how long the answer took.
fn is_answered(client: &mut Client, what: &str) -> Duration {
    let mut began = Instant::now();
    loop {
        let answer = client.ask(&Ask::Hello);
        if answer.text.contains("polkit does not answer") {
            // Once in some thousand questions polkitd (122) waits for a script of its own that has long ended.
            eprintln!(
                "{what}: polkit stood still, and the service said so after {:.1?}",
                began.elapsed()
            );
            // It goes on after 15 s.
            client.ask(&Ask::Hello);
            began = Instant::now();
            continue;
        }
        let took = began.elapsed();
        assert!(
            took < patience(),
            "{what}: an answer after {took:.1?}: {answer:?}"
        );
        // The bus itself may have no room for a moment.
        if answer.refused.as_deref() != Some("org.freedesktop.DBus.Error.LimitsExceeded") {
            assert_eq!(answer.refused, None, "{what}: {}", answer.text);
            return took;
        }
    }
}

/// Ends attacks when it is dropped, however that comes about.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A copy of `cat` that whoever starts it runs as root: a privileged program that repeats what it is told.
fn deputy(machine: &Machine) -> String {
    let program = machine.folder.path().join("deputy");
    fs::copy("/bin/cat", &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    program.to_str().unwrap().to_owned()
}

pub fn a_deputy_changes_nothing() {
    let Some(machine) = Machine::start(60) else { return };
    let deputy = deputy(&machine);
    let before = machine.state();
    // With a socket that root opened, the deputy is one: it is root's word.
    let program = deputy.clone();
    let done = machine.run(move || deputise(&program, &OwnedFd::from(generic_socket())));
    assert_eq!((done, machine.state().0.len()), (0, 1));
    machine.shell("ip mptcp endpoint flush");
    let mut alice = machine.client(ALICE);
    alice.ask(&Ask::OpenEvents).value();
    let refused = alice.ask(&Ask::Deputise(deputy.clone())).value();
    assert_eq!(refused, json!(nix::libc::EPERM));
    assert_eq!(machine.state(), before);
    // The events still come.
    let listener = machine.pair.server.listen(socket2::Protocol::MPTCP, "10.1.0.2:0");
    alice
        .ask(&Ask::Connect(listener.local_addr().unwrap(), true))
        .value();
    until("events", || {
        (alice.ask(&Ask::Heard).value() != json!([])).then_some(())
    });
}

pub fn a_members_deputy_changes_nothing() {
    use super::machine::DAVE;
    let Some(machine) = Machine::without_a_bus() else {
        return;
    };
    machine.let_the_group();
    let deputy = deputy(&machine);
    let mut dave = machine.client_with_own(DAVE);
    let before = machine.state();
    dave.ask(&Ask::OpenEvents).value();
    assert_eq!(dave.ask(&Ask::Deputise(deputy)).value(), json!(nix::libc::EPERM));
    assert_eq!(machine.state(), before);
}

pub fn a_descriptor_that_lingers_keeps_nobody_waiting() {
    let Some(machine) = Machine::start(60) else { return };
    machine.pair.client.ip("link set lo up");
    let mut alice = machine.client(ALICE);
    let mut mallory = machine.client(MALLORY);
    starts(&mut alice);
    let service = machine.service();
    let threads = || fs::read_dir(format!("/proc/{service}/task")).unwrap().count();
    let descriptors = || fs::read_dir(format!("/proc/{service}/fd")).unwrap().count();
    let before = (threads(), descriptors());
    let mut longest = Duration::ZERO;
    for _ in 0..5 {
        mallory.say(&Ask::Linger(40));
        for _ in 0..4 {
            longest = longest.max(is_answered(&mut alice, "while sockets linger"));
        }
        mallory.hear().value();
    }
    eprintln!("200 sockets that linger: the longest answer took {longest:.1?}");
    until("as many threads and descriptors as before", || {
        let now = (threads(), descriptors());
        (now.0 <= before.0 && now.1 <= before.1).then_some(())
    });
    assert_eq!(machine.service(), service);
}

/// So many netlink sockets, in as many processes as their limits want.
fn many_sockets(machine: &Machine, count: u32) -> Vec<Client> {
    const EACH: u32 = 2_500;
    let clients = (0..count.div_ceil(EACH)).map(|_| {
        let mut client = machine.client(MALLORY);
        client.ask(&Ask::OpenSockets(EACH)).value();
        client
    });
    clients.collect()
}

pub fn a_list_that_somebody_makes_long_is_not_read() {
    const SOCKETS: u32 = 20_000;
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    starts(&mut alice);
    let io = format!("/proc/{}/io", machine.service());
    let bytes_read = || {
        let io = fs::read_to_string(&io).unwrap();
        let line = io.lines().find_map(|line| line.strip_prefix("rchar: "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let _sockets = many_sockets(&machine, SOCKETS);
    let before = bytes_read();
    let took = is_answered(&mut alice, "beside many sockets");
    alice.ask(&Ask::OpenEvents).value();
    let read = bytes_read() - before;
    eprintln!("beside {SOCKETS} netlink sockets: answered after {took:.1?}, {read} bytes of files read");
    assert!(
        read < 10_000,
        "a list of {SOCKETS} sockets was read: {read} bytes"
    );
}

fn high_water_kb(process: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

pub fn what_is_too_long_is_refused_before_it_is_read() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    let mut mallory = machine.client(MALLORY);
    starts(&mut alice);
    let service = machine.service();
    let small = high_water_kb(service);
    let names: Vec<String> = mallory.ask(&Ask::NamesOf(service.cast_unsigned())).get();
    assert_eq!(names.len(), 2, "one for calls, one for questions: {names:?}");
    for _ in 0..3 {
        let refused = mallory.ask(&Ask::Large(31 << 20, None));
        assert_eq!(
            refused.refused.as_deref(),
            Some("org.freedesktop.zbus.Error"),
            "{}",
            refused.text
        );
        for name in &names {
            mallory.ask(&Ask::Large(31 << 20, Some(name.clone()))).value();
        }
        is_answered(&mut alice, "beside long messages");
    }
    let most = high_water_kb(service);
    eprintln!("long messages: at most {most} kB, {small} kB before");
    assert!(most < small + 4096, "{small} kB grew to {most} kB");
    assert_eq!(machine.service(), service, "the service lived through it all");
}

pub fn signals_of_others_do_not_reach_it() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    starts(&mut alice);
    let service = machine.service();
    let names: Vec<String> = alice.ask(&Ask::NamesOf(service.cast_unsigned())).get();
    // How often its threads have been woken.
    let wakes = || -> u64 {
        let threads = fs::read_dir(format!("/proc/{service}/task")).unwrap();
        let of_thread =
            threads.filter_map(|thread| fs::read_to_string(thread.unwrap().path().join("status")).ok());
        let count = of_thread.filter_map(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line?.trim().parse::<u64>().ok()
        });
        count.sum()
    };
    let mut mallory = machine.client(MALLORY);
    for name in &names {
        let before = wakes();
        for _ in 0..100 {
            mallory.ask(&Ask::Large(8, Some(name.clone()))).value();
            // The bus has passed the signal on, or not, before it answers this.
            mallory.ask(&Ask::NamesOf(0)).value();
        }
        let woken = wakes() - before;
        assert!(woken < 50, "100 signals to {name} woke the service {woken} times");
    }
    is_answered(&mut alice, "after signals");
}

pub fn what_is_counted_survives_the_service() {
    let Some(machine) = Machine::start(60) else { return };
    let mut holders: Vec<Client> = (0..8).map(|_| machine.client(ALICE)).collect();
    for holder in &mut holders {
        holder.ask(&Ask::OpenEvents).value();
    }
    machine.kill_service();
    let mut another = machine.client(ALICE);
    let text = another.ask(&Ask::OpenEvents).refusal("Busy");
    assert!(text.contains("too many event sockets"), "{text}");
    drop(holders.pop());
    until("room for another", || {
        another.ask(&Ask::OpenEvents).refused.is_none().then_some(())
    });
    another.ask(&Ask::OpenEvents).refusal("Busy");
}

pub fn a_change_that_was_cut_short_is_put_right() {
    let Some(machine) = Machine::start(60) else { return };
    machine
        .pair
        .client
        .ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow");
    let (subflow, signal) = (EndpointFlags::SUBFLOW.0, EndpointFlags::SIGNAL.0);
    let mut random = fastrand::Rng::with_seed(3);
    let mut alice = machine.client(ALICE);
    let mut cut_short = 0;
    for round in 0..15 {
        let endpoints = machine.state().0;
        assert_eq!(endpoints.len(), 1, "round {round}: {endpoints:?}");
        let believed = EndpointArgs::from(&endpoints[0]);
        alice.ask(&Ask::Hello).value();
        let service = machine.service();
        let (set, clear) = if believed.flags & signal == 0 {
            (signal, 0)
        } else {
            (0, signal)
        };
        alice.say(&Ask::EndpointChange(believed, set, clear));
        let when = Instant::now() + Duration::from_micros(random.u64(500..20_000));
        while Instant::now() < when {
            std::hint::spin_loop();
        }
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(service),
            nix::sys::signal::Signal::SIGKILL,
        );
        alice.hear();
        until("the service's end", || {
            machine.processes("pathscope-helper").is_empty().then_some(())
        });
        cut_short += usize::from(machine.state().0.is_empty());
        // Whoever comes next.
        until("the next service", || {
            machine
                .client(BOB)
                .ask(&Ask::Hello)
                .refused
                .is_none()
                .then_some(())
        });
        let after = machine.state().0;
        assert_eq!(after.len(), 1, "round {round} lost the endpoint");
        assert_eq!(after[0].flags.0 | signal, subflow | signal);
    }
    eprintln!("15 changes killed, {cut_short} of them between removing and adding");
    assert!(cut_short > 0, "no round tried what this test is about");
    assert_eq!(second_path().interface, "c2");
}

pub fn questions_that_nobody_answers_have_an_end() {
    let Some(machine) = Machine::start_with("--stay 60 --ask-for 4") else {
        return;
    };
    let mut clients: Vec<(Client, Agent)> = Vec::new();
    let mut alice = machine.client(ALICE);
    for user in [BOB, BOB, BOB, BOB, CAROL, CAROL] {
        let client = machine.client(user);
        let agent = Agent::start(&machine, user, client.pid());
        clients.push((client, agent));
    }
    let question = Ask::Interactive(Box::new(Ask::Authorize(1)));
    for (client, agent) in &mut clients {
        client.say(&question);
        agent.expect("Password: ");
        is_answered(&mut alice, "while people do not answer");
    }
    // One more of a user who has four is refused at once, not asked.
    let text = machine.client(BOB).ask(&question).refusal("Busy");
    assert!(text.contains("too many questions wait for you"), "{text}");
    for (client, _) in &mut clients {
        let text = client.hear().refusal("NotAuthorized");
        assert!(text.contains("nobody answered the question within 4 s"), "{text}");
    }
    // There is room for the next question.
    let mut bob = machine.client(BOB);
    let mut agent = Agent::start(&machine, BOB, bob.pid());
    bob.say(&question);
    agent.expect("Password: ");
}

/// All of it at once, for as long as is wanted (`PATHSCOPE_SIEGE_SECONDS`): a well-behaved user is answered, and the
/// service does not grow.
pub fn a_siege_leaves_others_answered_and_the_service_small() {
    let seconds = std::env::var("PATHSCOPE_SIEGE_SECONDS").ok();
    let seconds = seconds.map_or(8, |text| text.parse().expect("seconds"));
    let Some(machine) = Machine::start(60) else { return };
    machine.pair.client.ip("link set lo up");
    let mut alice = machine.client(ALICE);
    starts(&mut alice);
    let service = machine.service();
    let count = |what: &str| fs::read_dir(format!("/proc/{service}/{what}")).unwrap().count();
    let names: Vec<String> = alice.ask(&Ask::NamesOf(service.cast_unsigned())).get();
    let _sockets = many_sockets(&machine, 5_000);
    let attacks: Vec<Vec<Ask>> = vec![
        vec![Ask::Linger(20)],
        vec![Ask::Flood(300, true), Ask::Flood(300, false)],
        vec![
            Ask::Large(31 << 20, None),
            Ask::Large(31 << 20, Some(names[0].clone())),
            Ask::Large(31 << 20, Some(names[1].clone())),
        ],
        vec![Ask::Wrong(3), Ask::Half, Ask::Wrong(6), Ask::Wrong(7)],
    ];
    let end = Instant::now() + Duration::from_secs(seconds);
    let stop = AtomicBool::new(false);
    let (mut answers, mut longest) = (0_u32, Duration::ZERO);
    let mut growth: Vec<(u64, usize, usize)> = Vec::new();
    std::thread::scope(|scope| {
        for attack in &attacks {
            let mut attacker = machine.client(MALLORY);
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for ask in attack {
                        attacker.ask(ask);
                    }
                }
            });
        }
        let _stop = Stop(&stop);
        let mut next = Instant::now();
        while Instant::now() < end {
            longest = longest.max(is_answered(&mut alice, "under siege"));
            answers += 1;
            if Instant::now() >= next {
                growth.push((high_water_kb(service), count("fd"), count("task")));
                next += Duration::from_secs(seconds.div_ceil(8));
            }
            // As often as a window asks, and then some.
            let pause = Instant::now() + Duration::from_millis(100);
            until("the next call", || (Instant::now() >= pause).then_some(()));
        }
    });
    eprintln!(
        "{seconds} s of siege: {answers} answers, the longest after {longest:.1?}; memory kB, descriptors, threads:"
    );
    for (kb, fds, threads) in &growth {
        eprintln!("{kb:>8} {fds:>4} {threads:>3}");
    }
    assert_eq!(machine.service(), service, "the service lived through it all");
    let most = growth.iter().map(|(kb, ..)| *kb).max().unwrap();
    assert!(most < 24 << 10, "{most} kB");
    assert!(
        growth.iter().all(|(_, fds, threads)| *fds < 300 && *threads < 16),
        "{growth:?}"
    );
    let _: Value = alice.ask(&Ask::Hello).value();
}
