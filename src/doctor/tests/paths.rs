//! Paths that are never tried, or go another way.

use super::{
    AGAIN, alone, endpoint, examined, examined_after, neighbour, only_problem, only_problem_of, route, rule,
};
use crate::doctor::RuleName;
use crate::model::{
    AddressState, Event, EventKind, Limits, Line, NeighbourState, Origin, RouteAction, Sample, SpecialAddress,
};

#[test]
fn what_is_switched_off_is_switched_on() {
    let set = |name: &'static str, value: &'static str| {
        move |sample: &mut Sample| {
            sample.settings.insert(name.to_owned(), value.into());
        }
    };
    let off = only_problem(set("enabled", "0"));
    assert_eq!(
        off,
        (
            RuleName::Disabled,
            vec!["sysctl -w net.mptcp.enabled=1".to_owned()]
        )
    );
    let userspace = only_problem(set("path_manager", "userspace"));
    assert_eq!(userspace.0, RuleName::UserspacePathManager);
    assert_eq!(userspace.1, ["sysctl -w net.mptcp.path_manager=kernel"]);
    let absent = examined(|sample| {
        *sample = Sample {
            full: true,
            ..Sample::default()
        };
    });
    assert_eq!(absent.findings[0].rule, RuleName::NotInKernel);
}

#[test]
fn an_interface_without_a_use_is_given_an_endpoint() {
    let add = "ip mptcp endpoint add 10.2.0.1 dev eth0 subflow";
    let none = only_problem(|sample| {
        alone(sample);
        sample.endpoints.clear();
    });
    assert_eq!(none, (RuleName::NoEndpointForInterface, vec![add.to_owned()]));
    let initial = only_problem(|sample| {
        alone(sample);
        sample.endpoints = vec![endpoint(1, "10.1.0.1", "subflow")];
    });
    assert_eq!(
        initial,
        (RuleName::EndpointIsInitialAddress, vec![add.to_owned()])
    );
    let family = only_problem(|sample| {
        alone(sample);
        sample.endpoints = vec![endpoint(1, "fd00:2::1", "subflow")];
    });
    assert_eq!(family, (RuleName::FamilyMismatch, vec![add.to_owned()]));
    let signal = only_problem(|sample| {
        alone(sample);
        sample.endpoints = vec![endpoint(1, "10.2.0.1", "signal")];
    });
    assert_eq!(
        signal,
        (RuleName::OnlySignalOnClient, AGAIN.map(str::to_owned).to_vec())
    );
    let server = only_problem(|sample| {
        alone(sample);
        sample.connections[0].server_side = Some(true);
    });
    assert_eq!(server.0, RuleName::OnlySubflowOnServer);
    assert_eq!(server.1[1], "ip mptcp endpoint add 10.2.0.1 dev eth0 id 1 signal");
}

#[test]
fn an_endpoint_that_hangs_in_the_air_is_put_right() {
    let gone = only_problem(|sample| {
        alone(sample);
        sample.interfaces[1].addresses[0].address = [10, 2, 0, 77].into();
    });
    assert_eq!(gone.0, RuleName::EndpointAddressGone);
    assert_eq!(gone.1[1], "ip mptcp endpoint add 10.2.0.77 dev eth0 id 1 subflow");
    let elsewhere = only_problem(|sample| {
        alone(sample);
        sample.endpoints[0].interface = Some("wlan0".to_owned());
        sample.endpoints[0].interface_index = Some(2);
    });
    assert_eq!(
        elsewhere,
        (RuleName::EndpointWrongDevice, AGAIN.map(str::to_owned).to_vec())
    );
    let duplicate = only_problem(|sample| {
        alone(sample);
        sample.interfaces[1].special_addresses = vec![SpecialAddress {
            address: [10, 2, 0, 1].into(),
            state: AddressState::Duplicate,
        }];
    });
    assert_eq!(duplicate.0, RuleName::AddressNotUsable);
    let down = only_problem(|sample| {
        sample.interfaces[1].up = false;
        sample.interfaces[1].set_up = Some(false);
        sample
            .routes
            .as_mut()
            .expect("routes")
            .retain(|route| route.table != 102);
    });
    assert_eq!(down.0, RuleName::LinkDown);
    let expected = [
        "ip link set dev eth0 up",
        "ip route add default via 10.2.0.254 dev eth0 table 102",
    ];
    assert_eq!(down.1[..2], expected);
    let unplugged = only_problem(|sample| sample.interfaces[1].up = false);
    assert_eq!(unplugged, (RuleName::LinkDown, Vec::new()));
}

#[test]
fn limits_are_raised_as_far_as_needed() {
    let limit = |most| {
        move |sample: &mut Sample| {
            alone(sample);
            sample.limits = Some(Limits {
                extra_subflows_max: most,
                add_addr_accepted_max: 0,
            });
        }
    };
    let zero = only_problem(limit(0));
    assert_eq!(zero.0, RuleName::SubflowLimitZero);
    assert_eq!(zero.1, ["ip mptcp limits set subflow 2", AGAIN[0], AGAIN[1]]);
    let reached = only_problem(|sample| {
        limit(1)(sample);
        sample.connections[0].extra_subflows = Some(1);
        sample.connections[0].extra_subflows_max = Some(1);
    });
    assert_eq!(reached.0, RuleName::SubflowLimitReached);
    assert_eq!(reached.1[0], "ip mptcp limits set subflow 2");
    let ignored = only_problem_of(&examined_after(
        |sample| {
            limit(2)(sample);
            sample.endpoints.clear();
            sample.interfaces.pop();
        },
        |facts| {
            let mut event = Event::new(1.0, EventKind::AddressAnnounced, Origin::Kernel);
            event.address = Some([10, 9, 1, 1].into());
            facts.take(&Line::Event(Box::new(event)));
        },
    ));
    assert_eq!(ignored.0, RuleName::AnnouncedAddressIgnored);
    assert_eq!(ignored.1, ["ip mptcp limits set add_addr_accepted 2"]);
}

#[test]
fn an_address_is_given_its_way_out() {
    let tables = |sample: &mut Sample| {
        alone(sample);
        (
            sample.routes.take().expect("routes"),
            sample.routing_rules.take().expect("rules"),
        )
    };
    let no_rule = only_problem(|sample| {
        let (routes, mut rules) = tables(sample);
        rules.remove(1);
        (sample.routes, sample.routing_rules) = (Some(routes), Some(rules));
    });
    assert_eq!(no_rule.0, RuleName::NoRouteFromSource);
    assert_eq!(
        no_rule.1,
        ["ip rule add from 10.2.0.1 lookup 102", AGAIN[0], AGAIN[1]]
    );
    let empty = only_problem(|sample| {
        let (mut routes, rules) = tables(sample);
        routes.pop();
        (sample.routes, sample.routing_rules) = (Some(routes), Some(rules));
    });
    assert_eq!(empty.0, RuleName::RuleWithoutTable);
    assert_eq!(
        empty.1[0],
        "ip route add default via 10.2.0.254 dev eth0 table 102"
    );
    let wrong = only_problem(|sample| {
        let (mut routes, mut rules) = tables(sample);
        routes.pop();
        rules.remove(1);
        (sample.routes, sample.routing_rules) = (Some(routes), Some(rules));
        (sample.endpoints[0].interface, sample.endpoints[0].interface_index) = (None, None);
    });
    assert_eq!(wrong.0, RuleName::WrongWayOut);
    let expected = [
        "ip route add default via 10.2.0.254 dev eth0 table 100",
        "ip rule add from 10.2.0.1 lookup 100",
    ];
    assert_eq!(wrong.1[..2], expected);
    let forbidden = only_problem(|sample| {
        let (routes, mut rules) = tables(sample);
        let mut prohibit = rule(50, Some("10.2.0.1"), 0);
        prohibit.action = RouteAction::Prohibit;
        rules.insert(1, prohibit);
        (sample.routes, sample.routing_rules) = (Some(routes), Some(rules));
    });
    assert_eq!(forbidden.0, RuleName::RouteForbidden);
    assert_eq!(forbidden.1[0], "ip rule del pref 50 from 10.2.0.1/32 prohibit");
    let vpn = only_problem(|sample| {
        let (mut routes, mut rules) = tables(sample);
        routes.push(route("0.0.0.0/0", 2, None, 51820));
        rules.insert(1, rule(90, None, 51820));
        (sample.routes, sample.routing_rules) = (Some(routes), Some(rules));
        (sample.endpoints[0].interface, sample.endpoints[0].interface_index) = (None, None);
    });
    assert_eq!(vpn.0, RuleName::WrongWayOut);
    assert_eq!(vpn.1[0], "ip rule add from 10.2.0.1 lookup 102 pref 89");
    let dead = only_problem(|sample| {
        alone(sample);
        let routes = sample.routes.as_mut().expect("routes");
        routes.pop();
        routes.push(route("0.0.0.0/0", 3, Some("10.2.0.9"), 102));
        sample.neighbours = Some(vec![neighbour("10.2.0.9", NeighbourState::Failed)]);
    });
    assert_eq!(dead.0, RuleName::DeadGateway);
    assert_eq!(
        dead.1[0],
        "ip route replace default via 10.2.0.254 dev eth0 table 102"
    );
}
