//! What closes subflows, and what nothing can come of, said before it is done.

use pathscope::kernel::{Error, PathManager};
use pathscope::model::{Command, EndpointFlags, Impossible, SettingValue, endpoint_torn_down};
use socket2::Protocol;

use super::hosts::{Pair, until};
use super::{complaint, endpoints, printed, subflows};

#[test]
fn what_closes_subflows_is_what_was_said_before() {
    let Some(pair) = Pair::new() else { return };
    let client = &pair.client;
    pair.with_two_paths();
    let endpoint = endpoints(client).remove(0);
    let _open = pair.connection(Protocol::MPTCP, "10.1.0.2:5000", "10.1.0.2:5000");
    let flags = |words: &str| Command::EndpointChange {
        id: endpoint.id,
        flags: words.parse().unwrap(),
    };
    let limits = |extra| Command::LimitsSet {
        extra_subflows_max: Some(extra),
        add_addr_accepted_max: Some(extra),
    };
    let set = |name: &str, value| Command::Set {
        name: name.to_owned(),
        value: SettingValue::Number(value),
    };
    // Whatever there is a switch for, with what its click does.
    for command in [
        flags("backup"),
        flags("nobackup"),
        limits(0),
        limits(2),
        set("enabled", 0),
        set("enabled", 1),
        set("checksum_enabled", 1),
        set("allow_join_initial_addr_port", 0),
        set("stale_loss_cnt", 1),
        set("close_timeout", 1),
        flags("fullmesh"),
        flags("nofullmesh"),
        flags("fullmesh backup"),
        flags("nofullmesh nobackup signal"),
        flags("nosignal"),
    ] {
        let before = subflows(client, 2);
        let says = endpoint_torn_down(&command, &endpoints(client)).is_some();
        let asked = command.clone();
        client.run(move || PathManager::new().unwrap().apply(&asked).unwrap());
        // It is opened anew, since the limits allow it; the kernel does so a little later.
        let after = if says {
            until("another subflow", || {
                Some(subflows(client, 2)).filter(|now| *now != before)
            })
        } else {
            subflows(client, 2)
        };
        assert_eq!(after != before, says, "{command:?}: {before:?}, {after:?}");
    }
    let said = printed(client, "endpoint change id 1 fullmesh");
    assert_eq!(said, "1 subflow closed.\n");
    // What the limits do not allow does not come back.
    subflows(client, 2);
    client.ip("mptcp limits set subflow 0 add_addr_accepted 0");
    assert_eq!(
        printed(client, "endpoint change id 1 nofullmesh"),
        "1 subflow closed.\n"
    );
    assert_eq!(subflows(client, 1).len(), 1);
    assert_eq!(printed(client, "endpoint change id 1 backup"), "");
}

#[test]
fn an_endpoint_for_what_this_machine_does_not_own_needs_insistence() {
    let Some(pair) = Pair::new() else { return };
    let client = &pair.client;
    for (words, sentence) in [
        (
            "endpoint add 10.66.6.6 subflow",
            "none of this machine's interfaces",
        ),
        (
            "endpoint add 2001:db8::6 signal",
            "none of this machine's interfaces",
        ),
        ("endpoint add 10.2.0.1 dev c1 subflow", "is on c2, not on c1"),
    ] {
        let said = complaint(client, words, 1);
        assert!(
            said.contains(sentence) && said.contains("insist"),
            "{words}: {said}"
        );
    }
    // The same on the direct way.
    let foreign = |insist| Command::EndpointAdd {
        address: [10, 66, 6, 6].into(),
        interface: None,
        id: Some(6),
        port: None,
        flags: EndpointFlags::SUBFLOW,
        insist,
    };
    let asked = foreign(false);
    let refused = client.run(move || PathManager::new().unwrap().apply(&asked).unwrap_err());
    assert!(
        matches!(refused, Error::Impossible(Impossible::NotOwned(_))),
        "{refused}"
    );
    assert_eq!(endpoints(client), []);
    let asked = foreign(true);
    client.run(move || PathManager::new().unwrap().apply(&asked).unwrap());
    printed(client, "endpoint add 10.2.0.1 dev c1 id 7 subflow --insist");
    printed(client, "endpoint add 10.1.0.1 dev c1 id 8 subflow");
    let ids: Vec<u8> = endpoints(client).iter().map(|endpoint| endpoint.id).collect();
    assert_eq!(ids, [6, 7, 8]);
    let never = complaint(client, "endpoint add 127.0.0.1 subflow --insist", 2);
    assert!(never.contains("loopback"), "{never}");
}
