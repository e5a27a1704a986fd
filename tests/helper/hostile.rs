//! Calls that mean harm: nothing changes, and the service lives.

use std::fs;

use pathscope::bus::{EndpointArgs, LimitsArgs, SubflowArgs};
use pathscope::model::{Cookie, EndpointFlags};

use super::calls::{LIMITS, second_path, second_subflow};
use super::client::{Ask, Client};
use super::hosts::until;
use super::machine::{ALICE, Machine};

pub fn hostile_calls_change_nothing() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    machine
        .pair
        .client
        .ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow");
    let real = EndpointArgs {
        id: 1,
        ..second_path()
    };
    let own = second_subflow(&machine, &mut alice);
    let before = machine.state();
    let service = {
        alice.ask(&Ask::Hello).value();
        machine.service()
    };
    let mut invalid = |ask: Ask| {
        // As often as it takes to be heard: so many calls are too many.
        until("an answer", || {
            let answer = alice.ask(&ask);
            (answer.refused.as_deref() != Some("Busy")).then(|| {
                let text = format!("{ask:?}");
                assert_eq!(
                    answer.refused.as_deref(),
                    Some("Invalid"),
                    "{text}: {}",
                    answer.text
                );
            })
        });
    };
    senseless_addresses(&real, &own, &mut invalid);
    senseless_flags(&real, &mut invalid);
    senseless_settings(&mut invalid);
    senseless_subflows(&own, &mut invalid);

    // How high a limit may be, the kernel knows.
    let limits = LimitsArgs {
        extra_subflows_max: u32::MAX,
        add_addr_accepted_max: u32::MAX,
    };
    let answer = until("an answer", || {
        let answer = alice.ask(&Ask::LimitsSet(LIMITS.0, limits));
        (answer.refused.as_deref() != Some("Busy")).then_some(answer)
    });
    let text = answer.refusal("Refused");
    assert!(text.contains("limit greater than maximum"), "{text}");

    strangers_sockets(&machine, &mut alice);
    wrong_messages(&machine, &mut alice);
    assert_eq!(machine.state(), before);
    assert_eq!(machine.service(), service, "the service lived through it all");
    until("an answer", || {
        alice
            .ask(&Ask::CloseSubflow(own.clone()))
            .refused
            .is_none()
            .then_some(())
    });
}

fn senseless_addresses(real: &EndpointArgs, own: &SubflowArgs, invalid: &mut impl FnMut(Ask)) {
    let mapped = [[0; 10].as_slice(), &[255, 255, 10, 2, 0, 1]].concat();
    for address in [
        vec![],
        vec![10],
        vec![10, 2, 0],
        vec![10, 2, 0, 1, 0],
        vec![0; 4],
        vec![255; 4],
        vec![224, 0, 0, 1],
        vec![0; 16],
        [[255, 2].as_slice(), &[0; 13], &[1]].concat(),
        mapped,
        vec![10; 100_000],
    ] {
        invalid(Ask::EndpointAdd(EndpointArgs {
            address: address.clone(),
            ..second_path()
        }));
        invalid(Ask::EndpointRemove(EndpointArgs {
            address: address.clone(),
            ..real.clone()
        }));
        invalid(Ask::CloseSubflow(SubflowArgs {
            local: address.clone(),
            ..own.clone()
        }));
        invalid(Ask::CloseSubflow(SubflowArgs {
            remote: address,
            ..own.clone()
        }));
    }
    for interface in [
        "../../etc/passwd",
        "a/b",
        ".",
        "a b",
        "a\nb",
        "sixteen-letters-",
        "a%2fb",
        "a%00",
        "a%zz",
        &"x".repeat(100_000),
    ] {
        let interface = interface.to_owned();
        invalid(Ask::EndpointAdd(EndpointArgs {
            interface: interface.clone(),
            ..second_path()
        }));
        invalid(Ask::EndpointChange(
            EndpointArgs {
                interface,
                ..real.clone()
            },
            4,
            0,
        ));
    }
}

fn senseless_flags(real: &EndpointArgs, invalid: &mut impl FnMut(Ask)) {
    let (signal, fullmesh) = (EndpointFlags::SIGNAL.0, EndpointFlags::FULLMESH.0);
    for flags in [
        EndpointFlags::IMPLICIT.0,
        1 << 6,
        1 << 31,
        u32::MAX,
        signal | fullmesh,
    ] {
        invalid(Ask::EndpointAdd(EndpointArgs {
            flags,
            ..second_path()
        }));
        invalid(Ask::EndpointChange(real.clone(), flags, 0));
    }
    invalid(Ask::EndpointAdd(EndpointArgs {
        port: 443,
        ..second_path()
    }));
    // What the kernel grants and nothing comes of, and what it never grants.
    for (address, flags, port) in [
        ([127, 0, 0, 1], 2, 0),
        ([10, 2, 0, 9], 0, 0),
        ([10, 2, 0, 9], 3, 443),
    ] {
        invalid(Ask::EndpointAdd(EndpointArgs {
            address: address.to_vec(),
            flags,
            port,
            ..second_path()
        }));
    }
    let with_port = EndpointArgs {
        flags: signal,
        port: 443,
        ..real.clone()
    };
    for flags in [EndpointFlags::SUBFLOW.0, fullmesh] {
        invalid(Ask::EndpointChange(with_port.clone(), flags, 0));
    }
    invalid(Ask::EndpointChange(with_port, 0, signal));
    invalid(Ask::EndpointChange(real.clone(), 0, 0));
    invalid(Ask::EndpointChange(real.clone(), 4, 4));
}

fn senseless_settings(invalid: &mut impl FnMut(Ask)) {
    for (name, value) in [
        ("enabled", "2"),
        ("enabled", "-1"),
        ("enabled", "+1"),
        ("enabled", ""),
        ("enabled", "1\n1"),
        ("enabled", "0x1"),
        ("add_addr_timeout", "86401"),
        ("add_addr_timeout", "99999999999999999999"),
        ("scheduler", "default evil"),
        ("scheduler", "../default"),
        ("scheduler", "a-scheduler-whose-name-is-much-too-long"),
        ("scheduler", "\0"),
        ("available_schedulers", "default"),
        ("../ipv4/ip_forward", "1"),
        ("/proc/sys/kernel/core_pattern", "1"),
        ("", "1"),
        (".", "1"),
        ("Enabled", "1"),
        ("enabled ", "1"),
    ] {
        invalid(Ask::Set(
            name.replace('\0', "?"),
            "1".to_owned(),
            value.replace('\0', "?"),
        ));
    }
}

fn senseless_subflows(own: &SubflowArgs, invalid: &mut impl FnMut(Ask)) {
    for args in [
        SubflowArgs {
            local_port: 0,
            ..own.clone()
        },
        SubflowArgs {
            remote_port: 0,
            ..own.clone()
        },
        SubflowArgs {
            cookie: 0,
            ..own.clone()
        },
        SubflowArgs {
            cookie: u64::MAX,
            ..own.clone()
        },
        SubflowArgs {
            remote: [[0x20, 1].as_slice(), &[7; 14]].concat(),
            ..own.clone()
        },
    ] {
        invalid(Ask::CloseSubflow(args));
    }
}

/// What is no subflow, and what is somebody else's.
pub fn strangers_sockets(machine: &Machine, alice: &mut Client) {
    let patient = |alice: &mut Client, ask: Ask| {
        until("an answer", || {
            let answer = alice.ask(&ask);
            (answer.refused.as_deref() != Some("Busy")).then_some(answer)
        })
    };
    let plain = machine.pair.server.listen(socket2::Protocol::TCP, "10.1.0.2:0");
    let address = plain.local_addr().unwrap();
    let (local, _): (std::net::SocketAddr, Option<String>) = alice.ask(&Ask::Connect(address, false)).get();
    let (mut accepted, _) = plain.accept().unwrap();
    let text = patient(
        alice,
        Ask::CloseSubflow(SubflowArgs::new(local.into(), address.into(), Cookie(1))),
    )
    .refusal("Refused");
    assert!(
        text.contains("is a TCP connection, but no MPTCP subflow"),
        "{text}"
    );

    // Of root, who is not asked.
    let (mut client, mut server, _listener) =
        machine
            .pair
            .connection(socket2::Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let (local, remote) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
    let cookie = machine
        .run(move || {
            pathscope::kernel::Sockets::new()
                .unwrap()
                .subflow(local.into(), remote.into())
        })
        .unwrap();
    let answer = patient(
        alice,
        Ask::CloseSubflow(SubflowArgs::new(local.into(), remote.into(), cookie)),
    );
    let text = answer.refusal("NotAuthorized");
    assert!(text.contains("belongs to another user (0)"), "{text}");
    for stream in [&mut server, &mut accepted] {
        std::io::Write::write_all(stream, b"still there").unwrap();
    }
    std::io::Read::read_exact(&mut client, &mut [0; 11]).unwrap();
}

fn wrong_messages(machine: &Machine, alice: &mut Client) {
    for number in 0..10 {
        let name = until("an answer", || {
            let answer = alice.ask(&Ask::Wrong(number));
            answer.refused.filter(|name| name != "Busy")
        });
        let expected: &[&str] = match number {
            4 => &["org.freedesktop.DBus.Error.UnknownMethod"],
            5 => &["Invalid"],
            6 | 7 => &["OtherNamespace"],
            _ => &[
                "org.freedesktop.DBus.Error.InvalidArgs",
                "org.freedesktop.DBus.Error.Failed",
                "org.freedesktop.zbus.Error",
            ],
        };
        assert!(expected.contains(&name.as_str()), "call {number}: {name}");
    }
    for _ in 0..50 {
        alice.ask(&Ask::Half).value();
    }
    // A process that has gone to a network namespace of its own is refused, whatever it asks.
    let command = machine.program(
        ALICE,
        "client",
        &["unshare", "--user", "--map-current-user", "--net", "--"],
    );
    let mut elsewhere = machine.run(move || Client::start(command));
    for ask in [Ask::Hello, Ask::OpenEvents, Ask::LimitsSet(LIMITS.0, LIMITS.1)] {
        until("an answer", || {
            let answer = elsewhere.ask(&ask);
            (answer.refused.as_deref() != Some("Busy")).then(|| answer.refusal("OtherNamespace"))
        });
    }
}

pub fn a_flood_leaves_it_alive_and_small() {
    let Some(machine) = Machine::start(60) else { return };
    let mut alice = machine.client(ALICE);
    alice.ask(&Ask::Hello).value();
    let service = machine.service();
    let before = machine.state();
    let resident_kb = || {
        let status = fs::read_to_string(format!("/proc/{service}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap()
    };
    let descriptors = || fs::read_dir(format!("/proc/{service}/fd")).unwrap().count();
    let (small, few) = (resident_kb(), descriptors());
    let began = std::time::Instant::now();
    let (busy, other): (u32, u32) = alice.ask(&Ask::Flood(20_000, true)).get();
    let answered = began.elapsed();
    alice.ask(&Ask::Flood(50_000, false)).value();
    let took = began.elapsed();
    // Who did not take part is answered meanwhile, and so is alice a little later.
    machine.client(super::machine::BOB).ask(&Ask::Hello).value();
    until("an answer", || {
        alice.ask(&Ask::Hello).refused.is_none().then_some(())
    });
    eprintln!(
        "flood: 20,000 calls with answers in {answered:.1?} ({busy} refused, {other} let in), 50,000 without in {:.1?}; \
         memory at most {} kB, {small} kB before",
        took.saturating_sub(answered),
        resident_kb()
    );
    assert_eq!(busy + other, 20_000);
    assert!(busy > 10_000, "{busy} of 20,000 calls were refused");
    assert!(
        resident_kb() < small + 16_384,
        "{small} kB grew to {} kB",
        resident_kb()
    );
    until("its descriptors", || (descriptors() <= few).then_some(()));
    assert_eq!(machine.service(), service);
    assert_eq!(machine.state(), before);
}
