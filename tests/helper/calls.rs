//! Every call, for who may, who may not, and who must authenticate.

use pathscope::bus::{EndpointArgs, LimitsArgs, SubflowArgs};
use pathscope::model::{Cookie, EndpointFlags};
use serde_json::json;

use super::agent::Agent;
use super::client::{Ask, Client};
use super::hosts::until;
use super::machine::{ALICE, BOB, MALLORY, Machine, PASSWORD};

const SUBFLOW: u32 = EndpointFlags::SUBFLOW.0;
const BACKUP: u32 = EndpointFlags::BACKUP.0;

pub fn second_path() -> EndpointArgs {
    EndpointArgs {
        id: 0,
        address: vec![10, 2, 0, 1],
        port: 0,
        interface: "c2".to_owned(),
        flags: SUBFLOW,
    }
}

/// The limits of a new network namespace, and others.
pub const LIMITS: (LimitsArgs, LimitsArgs) = (
    LimitsArgs {
        extra_subflows_max: 2,
        add_addr_accepted_max: 0,
    },
    LimitsArgs {
        extra_subflows_max: 5,
        add_addr_accepted_max: 3,
    },
);

/// A connection of the client's user over MPTCP with a second subflow, and that subflow.
pub fn second_subflow(machine: &Machine, client: &mut Client) -> SubflowArgs {
    let listener = machine.pair.server.listen(socket2::Protocol::MPTCP, "10.1.0.2:0");
    machine
        .pair
        .server
        .ip("mptcp limits set subflow 4 add_addr_accepted 4");
    let address = listener.local_addr().unwrap();
    client.ask(&Ask::Connect(address, true)).value();
    let (mut server, _) = listener.accept().unwrap();
    // A subflow joins once data have flowed.
    std::io::Write::write_all(&mut server, b"data").unwrap();
    std::mem::forget((server, listener));
    until("a second subflow", || {
        let found = machine.run(move || {
            let mut table = pathscope::kernel::SocketTable::default();
            let mut sockets = pathscope::kernel::Sockets::new().unwrap();
            sockets.read(&mut table).unwrap();
            let second = |subflow: &&pathscope::wire::sock_diag::TcpSocket| {
                subflow.remote == address && subflow.local.ip() == std::net::IpAddr::from([10, 2, 0, 1])
            };
            table
                .subflows
                .iter()
                .find(second)
                .map(|found| (found.local, found.cookie, found.state))
        });
        let (local, cookie, _) = found.filter(|(_, _, state)| *state == 1)?;
        Some(SubflowArgs::new(local.into(), address.into(), Cookie(cookie)))
    })
}

pub fn who_is_allowed_changes_everything() {
    let Some(machine) = Machine::start(60) else { return };
    changes_everything(&machine, &mut machine.client(ALICE));
}

/// Every call of one who may.
pub fn changes_everything(machine: &Machine, alice: &mut Client) {
    let hello = alice.ask(&Ask::Hello).value();
    assert_eq!(hello, json!([1, env!("CARGO_PKG_VERSION"), [2, 2, 2]]));
    alice.ask(&Ask::Authorize(1)).value();

    let (was, will_be) = LIMITS;
    let old: LimitsArgs = alice.ask(&Ask::LimitsSet(was, will_be)).get();
    assert_eq!(old, was);
    assert_eq!(machine.state().1, will_be.into());

    let added: EndpointArgs = alice.ask(&Ask::EndpointAdd(second_path())).get();
    assert_eq!(
        (added.id, added.address.as_slice()),
        (1, [10, 2, 0, 1].as_slice())
    );
    let old: EndpointArgs = alice.ask(&Ask::EndpointChange(added.clone(), BACKUP, 0)).get();
    assert_eq!(old, added);
    let backup = EndpointArgs {
        flags: SUBFLOW | BACKUP,
        ..added
    };
    let state = machine.state().0;
    assert!(
        state.len() == 1 && state[0].is_as(&backup.endpoint().unwrap()),
        "{state:?}"
    );

    let old: String = alice
        .ask(&Ask::Set("add_addr_timeout".into(), "120".into(), "77".into()))
        .get();
    assert_eq!(old, "120");
    assert!(machine.state().2.contains(r#""add_addr_timeout": Number(77)"#));

    let subflow = second_subflow(machine, alice);
    let tokens: Vec<(u64, u32)> = alice.ask(&Ask::SubflowTokens).get();
    let token = |cookie: u64| {
        tokens
            .iter()
            .find(|(known, _)| *known == cookie)
            .map(|(_, token)| *token)
    };
    assert!(
        token(subflow.cookie).is_some_and(|token| token != 0),
        "{tokens:?}"
    );
    alice.ask(&Ask::CloseSubflow(subflow.clone())).value();
    alice.ask(&Ask::CloseSubflow(subflow)).refusal("Stale");

    let old: EndpointArgs = alice.ask(&Ask::EndpointRemove(backup.clone())).get();
    assert_eq!(old, backup);
    assert_eq!(machine.state().0, []);
}

/// Every call, none of which is nonsense.
fn every_call(subflow: &SubflowArgs, endpoint: &EndpointArgs) -> Vec<Ask> {
    vec![
        Ask::Authorize(0),
        Ask::Authorize(1),
        Ask::Authorize(2),
        Ask::OpenEvents,
        Ask::SubflowTokens,
        Ask::CloseSubflow(subflow.clone()),
        Ask::EndpointAdd(EndpointArgs {
            address: vec![10, 3, 0, 1],
            ..second_path()
        }),
        Ask::EndpointChange(endpoint.clone(), BACKUP, 0),
        Ask::EndpointRemove(EndpointArgs {
            flags: SUBFLOW | BACKUP,
            ..endpoint.clone()
        }),
        Ask::LimitsSet(LIMITS.0, LIMITS.1),
        Ask::Set("add_addr_timeout".into(), "120".into(), "78".into()),
    ]
}

/// An endpoint and a second subflow of the client's user, on a machine with the usual limits.
fn prepare(machine: &Machine, client: &mut Client) -> Vec<Ask> {
    machine
        .pair
        .client
        .ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow");
    let subflow = second_subflow(machine, client);
    every_call(
        &subflow,
        &EndpointArgs {
            id: 1,
            ..second_path()
        },
    )
}

pub fn who_is_denied_changes_nothing() {
    let Some(machine) = Machine::start(60) else { return };
    let mut mallory = machine.client(MALLORY);
    let mut calls = prepare(&machine, &mut mallory);
    // Nor do they learn what is not there.
    calls.push(Ask::EndpointRemove(EndpointArgs {
        id: 9,
        ..second_path()
    }));
    let before = machine.state();
    assert_eq!(mallory.ask(&Ask::Hello).value()[2], json!([0, 0, 0]));
    for call in calls {
        let text = mallory.ask_interactively(call.clone()).refusal("NotAuthorized");
        assert!(
            text.contains("not permitted to this user here"),
            "{call:?}: {text}"
        );
    }
    assert_eq!(machine.state(), before);
}

pub fn who_must_authenticate_is_asked() {
    let Some(machine) = Machine::start(60) else { return };
    let mut bob = machine.client(BOB);
    let calls = prepare(&machine, &mut bob);
    let before = machine.state();
    assert_eq!(bob.ask(&Ask::Hello).value()[2], json!([1, 1, 1]));
    for call in &calls {
        bob.ask(call).refusal("AuthenticationNeeded");
    }
    let text = bob.ask_interactively(calls[5].clone()).refusal("NotAuthorized");
    assert!(text.contains("no authentication agent runs"), "{text}");
    assert_eq!(machine.state(), before);

    let mut agent = Agent::start(&machine, BOB, bob.pid());
    bob.say(&Ask::Interactive(Box::new(Ask::Authorize(1))));
    agent.expect("AUTHENTICATING FOR org.pathscope.configure");
    agent.expect("Password: ");
    agent.type_password("wrong horse");
    let text = bob.hear().refusal("NotAuthorized");
    assert!(text.contains("the authentication failed"), "{text}");
    assert_eq!(machine.state(), before);

    for call in calls {
        bob.say(&Ask::Interactive(Box::new(call.clone())));
        agent.expect("AUTHENTICATING FOR org.pathscope.");
        agent.expect("Password: ");
        agent.type_password(PASSWORD);
        bob.hear().value();
    }
    let (endpoints, limits, settings) = machine.state();
    assert_eq!(endpoints.len(), 1, "one was added, one removed: {endpoints:?}");
    assert_eq!(limits, LIMITS.1.into());
    assert!(settings.contains(r#""add_addr_timeout": Number(78)"#));
    // Where the policy keeps nothing, nothing is kept.
    bob.ask(&Ask::Authorize(1)).refusal("AuthenticationNeeded");
}

pub fn what_changed_meanwhile_is_refused() {
    let Some(machine) = Machine::start(60) else { return };
    believes_what_is_no_more(&machine, &mut machine.client(ALICE));
}

/// Changes of what has changed meanwhile, by one who may change.
pub fn believes_what_is_no_more(machine: &Machine, alice: &mut Client) {
    machine
        .pair
        .client
        .ip("mptcp endpoint add 10.2.0.1 dev c2 id 1 subflow");
    let real = EndpointArgs {
        id: 1,
        ..second_path()
    };
    let subflow = second_subflow(machine, alice);
    let before = machine.state();
    let stale = [
        EndpointArgs {
            flags: SUBFLOW | BACKUP,
            ..real.clone()
        },
        EndpointArgs {
            interface: String::new(),
            ..real.clone()
        },
        EndpointArgs {
            address: vec![10, 1, 0, 1],
            ..real.clone()
        },
        EndpointArgs {
            id: 2,
            ..real.clone()
        },
    ];
    for believed in stale {
        let text = alice.ask(&Ask::EndpointChange(believed.clone(), BACKUP, 0));
        if believed.flags == SUBFLOW {
            text.refusal("Stale");
        } else {
            assert!(
                text.refusal("Stale")
                    .contains("now it is 10.2.0.1 id 1 dev c2 subflow")
            );
        }
        alice.ask(&Ask::EndpointRemove(believed)).refusal("Stale");
    }
    alice.ask(&Ask::LimitsSet(LIMITS.1, LIMITS.0)).refusal("Stale");
    alice
        .ask(&Ask::Set("enabled".into(), "0".into(), "1".into()))
        .refusal("Stale");
    let other = SubflowArgs {
        cookie: subflow.cookie + 1,
        ..subflow
    };
    alice.ask(&Ask::CloseSubflow(other)).refusal("Stale");
    let text = alice.ask(&Ask::EndpointAdd(second_path())).refusal("Refused");
    assert!(
        text.starts_with("10.2.0.1 is an endpoint already, id 1"),
        "{text}"
    );
    assert_eq!(machine.state(), before);
}

pub fn the_policy_is_what_polkit_says() {
    let Some(machine) = Machine::start(60) else { return };
    let text = machine.run(|| {
        let output = std::process::Command::new("pkaction")
            .arg("--verbose")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    for (action, any, inactive, active) in [
        ("observe", "auth_admin", "auth_admin", "yes"),
        ("configure", "auth_admin", "auth_admin", "auth_admin_keep"),
        ("close-subflow", "auth_admin", "auth_admin", "auth_admin_keep"),
    ] {
        let about = text
            .split("\n\n")
            .find(|part| part.trim().starts_with(&format!("org.pathscope.{action}:")));
        let about = about.unwrap_or_else(|| panic!("no org.pathscope.{action} in {text}"));
        for (name, value) in [("any", any), ("inactive", inactive), ("active", active)] {
            let line = about
                .lines()
                .find(|line| line.trim().starts_with(&format!("implicit {name}:")));
            assert!(
                line.is_some_and(|line| line.trim_end().ends_with(&format!(" {value}"))),
                "{about}"
            );
        }
        assert!(
            about.contains("org.freedesktop.policykit.owner -> unix-user:pathscope-helper"),
            "{about}"
        );
    }
}
