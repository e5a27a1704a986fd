//! Every scenario, run for real by `pathscope demo --headless`, as root and as a normal user: what it is named for
//! happens, as its stream tells.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use pathscope::history::{Bounds, History};
use pathscope::model::{Connection, Event, EventKind, Line, Shared, SocketAddr, Subflow, TcpState};

/// Longer than anything here should take.
const LIMIT: Duration = Duration::from_mins(1);

/// A running demo, and what its stream adds up to.
struct Demo {
    child: Child,
    lines: Receiver<Line>,
    history: History,
}

impl Demo {
    /// `None` where the system forbids it.
    fn start(mut command: Command, arguments: &[&str]) -> Option<Self> {
        let mut child = command
            .args(["demo", "--headless", "--seconds", "120", "--scenario"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = unbounded();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("a line of the schema");
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut demo = Self {
            child,
            lines,
            history: History::new(Bounds::default()),
        };
        if let Ok(header) = demo.lines.recv_timeout(LIMIT) {
            demo.history.apply(header);
            Some(demo)
        } else {
            let status = demo.child.wait().expect("its end");
            assert_eq!(status.code(), Some(3), "{arguments:?}");
            None
        }
    }

    /// Reads on until the answer is there.
    #[track_caller]
    fn until<T>(&mut self, what: &str, mut ask: impl FnMut(&History, Option<&Event>) -> Option<T>) -> T {
        let end = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_deadline(end) {
                Ok(line) => {
                    let event = match &line {
                        Line::Event(event) => Some(event.as_ref().clone()),
                        _ => None,
                    };
                    self.history.apply(line);
                    if let Some(answer) = ask(&self.history, event.as_ref()) {
                        return answer;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{what}: not within {LIMIT:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("{what}: the demo ended before"),
            }
        }
    }

    /// Reads on until this happens on an interface.
    #[track_caller]
    fn until_interface(&mut self, kind: EventKind, name: &str) {
        self.until(&format!("{kind} {name}"), |_, event| {
            let event = event?;
            (event.kind == kind && event.interface.as_deref() == Some(name)).then_some(())
        });
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // The laboratory goes with its parent, however that ends.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a scenario as root and as a normal user, at the same time, and looks at each.
fn each_user(arguments: &[&str], look: impl Fn(&mut Demo) + Sync) {
    let copy = common::PublicCopy::new();
    let nobody = common::as_nobody(&copy.path());
    let runs_as = |who: &str, command| match Demo::start(command, arguments) {
        Some(mut demo) => look(&mut demo),
        None => common::did_not_run(
            &format!("{arguments:?} as {who}"),
            "this system forbids network namespaces",
        ),
    };
    thread::scope(|scope| {
        scope.spawn(|| runs_as("a normal user", nobody));
        if nix::unistd::geteuid().is_root() {
            runs_as("root", Command::new(common::pathscope()));
        }
    });
}

/// The connection of an application, once its process is known.
fn of<'a>(history: &'a History, application: &str) -> Option<&'a Connection> {
    let is = |connection: &&Connection| named(connection) == Some(application);
    history.state().connections.values().find(is)
}

fn named(connection: &Connection) -> Option<&str> {
    connection.process.as_ref().map(|process| process.name.as_str())
}

fn over<'a>(connection: &'a Connection, interface: &str) -> Option<&'a Subflow> {
    let subflows = connection.subflows.iter().map(|subflow| &**subflow);
    subflows
        .filter(|subflow| subflow.state == TcpState::Established)
        .find(|subflow| subflow.interface.as_deref() == Some(interface))
}

fn carried(subflow: &Subflow) -> u64 {
    subflow.bytes_sent.expect("a counter") + subflow.bytes_received.expect("a counter")
}

#[test]
fn the_list_has_a_line_for_each() {
    let list = Command::new(common::pathscope())
        .args(["demo", "--list"])
        .output();
    let list = String::from_utf8(list.expect("the program runs").stdout).expect("text");
    let names: Vec<_> = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let all = [
        "handover",
        "backup",
        "aggregation",
        "signal",
        "ipv6",
        "fallback",
        "many",
    ];
    assert_eq!(names, all);
    let unknown = Command::new(common::pathscope())
        .args(["demo", "--scenario", "tram"])
        .output()
        .expect("the program runs");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("aggregation"));
}

/// What the kernel may send again over a backup, bytes: the first segments, when a busy machine acknowledges them late.
const LATE_SEGMENTS: u64 = 4 * 1460;

#[test]
fn the_backup_carries_nothing_until_the_cut() {
    each_user(&["backup"], |demo| {
        let mut samples = 0;
        demo.until("the cut", |history, event| {
            for connection in history.state().connections.values() {
                assert_eq!(connection.subflows.len(), 2, "{connection:?}");
                let backup = over(connection, "phone").expect("a backup subflow");
                assert_eq!(backup.backup_local, Some(true));
                assert!(
                    carried(backup) <= LATE_SEGMENTS,
                    "{} bytes at {} s",
                    carried(backup),
                    history.now()
                );
                samples += 1;
            }
            event
                .filter(|event| event.kind == EventKind::InterfaceDown)
                .map(|event| assert_eq!(event.interface.as_deref(), Some("wifi")))
        });
        assert!(samples > 10);
        for application in ["rsync", "video", "ssh"] {
            demo.until(&format!("{application} over the phone"), |history, _| {
                let backup = over(of(history, application)?, "phone")?;
                let enough = if application == "ssh" { 1000 } else { 250_000 };
                (carried(backup) > enough).then_some(())
            });
        }
    });
}

#[test]
fn both_paths_carry_at_once_more_than_either_could() {
    each_user(&["aggregation"], |demo| {
        let mut before: Option<(f64, u64, u64)> = None;
        let (wifi, ethernet) = demo.until("more than the faster link has", |history, _| {
            let upload = of(history, "rsync")?;
            let acked = |interface| over(upload, interface).and_then(|subflow| subflow.bytes_acked);
            let now = (history.sampled_at()?, acked("wifi")?, acked("ethernet")?);
            let (t, wifi, ethernet) = *before.get_or_insert(now);
            if now.0 < t + 1.0 {
                return None;
            }
            before = Some(now);
            let mbps = |from: u64, to: u64| (to - from) as f64 * 8e-6 / (now.0 - t);
            let rates = (mbps(wifi, now.1), mbps(ethernet, now.2));
            (rates.0 > 5.0 && rates.1 > 5.0 && rates.0 + rates.1 > 50.0).then_some(rates)
        });
        eprintln!("Wi-Fi {wifi:.1} and Ethernet {ethernet:.1} Mbit/s");
        // No link carries more than it can.
        assert!(wifi < 42.0 && ethernet < 52.0, "{wifi} {ethernet}");
    });
}

#[test]
fn the_announced_address_and_port_are_joined() {
    each_user(&["signal"], |demo| {
        let is_announced = |subflow: &Subflow| subflow.interface.as_deref() == Some("ethernet");
        let first = demo.until("the join at the start", |history, _| {
            let connection = of(history, "video")?;
            connection
                .subflows
                .iter()
                .find(|subflow| is_announced(subflow))
                .cloned()
        });
        assert_eq!(first.remote, SocketAddr::from(([10, 77, 2, 1], 8443)));
        demo.until("the withdrawal", |_, event| {
            (event?.kind == EventKind::AddressRemoved).then_some(())
        });
        demo.until("the subflows to go", |history, _| {
            let mut connections = history.state().connections.values();
            connections
                .all(|connection| !connection.subflows.iter().any(|subflow| is_announced(subflow)))
                .then_some(())
        });
        let announced = demo.until("the announcement", |_, event| {
            event
                .filter(|event| event.kind == EventKind::AddressAnnounced)
                .cloned()
        });
        let to = announced.remote.expect("an address with a port");
        assert_eq!(to, SocketAddr::from(([10, 77, 2, 1], 8444)));
        let joined = demo.until("the join", |_, event| {
            event
                .filter(|event| event.kind == EventKind::SubflowEstablished && event.token == announced.token)
                .cloned()
        });
        assert_eq!((joined.remote, joined.remote_id), (Some(to), announced.remote_id));
        assert_eq!(joined.interface.as_deref(), Some("ethernet"));
        demo.until("data to the announced address", |history, _| {
            let subflow = over(of(history, "rsync")?, "ethernet")?;
            (subflow.remote == to && carried(subflow) > 250_000).then_some(())
        });
    });
}

#[test]
fn both_families_have_two_subflows_each() {
    each_user(&["ipv6"], |demo| {
        let families = demo.until("the connections", |history, _| {
            let connections = &history.state().connections;
            let complete = connections.len() == 4
                && connections.values().all(|connection| {
                    let paths = ["wifi", "ethernet"];
                    connection.subflows.len() == 2
                        && paths.iter().all(|path| over(connection, path).is_some())
                });
            complete.then(|| {
                let subflows = connections.values().flat_map(|connection| {
                    let family = !connection.remote.is_ipv4();
                    connection.subflows.iter().map(move |subflow| (family, subflow))
                });
                let mut families = (0, 0);
                for (is_ipv6, subflow) in subflows {
                    assert_eq!(!subflow.remote.is_ipv4(), is_ipv6, "{subflow:?}");
                    *(if is_ipv6 { &mut families.1 } else { &mut families.0 }) += 1;
                }
                families
            })
        });
        assert_eq!(families, (4, 4));
        for interface in ["wifi", "ethernet"] {
            demo.until(&format!("IPv6 over {interface}"), |history, _| {
                let subflow = over(of(history, "rsync")?, interface)?;
                (!subflow.local.is_ipv4() && carried(subflow) > 250_000).then_some(())
            });
        }
    });
}

#[test]
fn the_fallback_is_marked_and_stops_where_the_other_carries_on() {
    each_user(&["fallback"], |demo| {
        demo.until("both connections", |history, _| {
            let (radio, video) = (of(history, "radio")?, of(history, "video")?);
            assert_eq!((radio.fallback, radio.subflows.len()), (Some(true), 1));
            assert_eq!((video.fallback, video.subflows.len()), (Some(false), 2));
            Some(())
        });
        demo.until_interface(EventKind::InterfaceDown, "wifi");
        let received = |history: &History, application| of(history, application)?.bytes_received;
        // What was under way when the network was lost may still show.
        let cut = demo.history.now();
        let before = demo.until("a sample after the cut", |history, _| {
            let settled = history.sampled_at()? > cut + 0.5;
            settled.then_some((received(history, "radio")?, received(history, "video")?))
        });
        let after = demo.until("the other to carry on", |history, _| {
            let now = (received(history, "radio")?, received(history, "video")?);
            (now.1 > before.1 + 500_000).then_some(now)
        });
        assert_eq!(after.0, before.0);
        demo.until_interface(EventKind::InterfaceUp, "wifi");
        demo.until("the fallback to go on", |history, _| {
            (received(history, "radio")? > before.0 + 250_000).then_some(())
        });
    });
}

#[test]
fn many_are_as_many_as_asked_for_and_come_and_go() {
    each_user(&["many", "--connections", "300"], |demo| {
        let all = |history: &History| {
            let connections = history.state().connections.values();
            connections
                .filter(|connection| {
                    let established = |subflow: &&Shared<Subflow>| subflow.state == TcpState::Established;
                    connection.subflows.iter().filter(established).count() == 2
                })
                .count()
                == 300
        };
        demo.until("300 connections with two subflows", |history, _| {
            all(history).then_some(())
        });
        let names = demo.until("their applications", |history, _| {
            let connections = history.state().connections.values();
            let names: Option<BTreeSet<_>> = connections
                .map(|connection| named(connection).map(str::to_owned))
                .collect();
            names.filter(|names| !names.is_empty())
        });
        assert_eq!(
            names.iter().map(String::as_str).collect::<Vec<_>>(),
            ["firefox", "nextcloud", "ssh", "syncthing", "thunderbird", "video"]
        );
        for kind in [EventKind::ConnectionEstablished, EventKind::ConnectionClosed] {
            demo.until(&kind.to_string(), |_, event| (event?.kind == kind).then_some(()));
        }
        demo.until("300 again", |history, _| {
            (all(history) && history.state().connections.len() == 300).then_some(())
        });
    });
}
