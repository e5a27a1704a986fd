//! Paths that were tried, and what became of them.

use super::{
    AGAIN, PEER, alone, connection, counted, examined, examined_after, only_problem, only_problem_of, route,
    rule,
};
use crate::doctor::{Report, RuleName, Severity};
use crate::model::{ConnectionId, Event, EventKind, Limits, Line, Origin, Sample, TcpState, Token};

#[test]
fn a_strict_filter_is_loosened_where_answers_come_in_by_another_way() {
    let strict = only_problem(|sample| {
        alone(sample);
        sample.routing_rules = Some(vec![rule(32766, None, 254)]);
        let mut second = route("0.0.0.0/0", 3, Some("10.2.0.254"), 254);
        second.metric = 600;
        sample.routes.as_mut().expect("routes").push(second);
        sample.interfaces[1].reverse_path_filter = Some(1);
    });
    assert_eq!(strict.0, RuleName::StrictReversePathFilter);
    assert_eq!(strict.1[0], "sysctl -w net.ipv4.conf.eth0.rp_filter=2");
}

#[test]
fn a_connection_that_fell_back_says_who_made_it() {
    let fell = |key: bool| {
        move |sample: &mut Sample| {
            alone(sample);
            sample.endpoints.clear();
            sample.interfaces.pop();
            sample.connections[0].fallback = Some(true);
            sample.connections[0].remote_key_received = Some(key);
        }
    };
    assert_eq!(only_problem(fell(false)).0, RuleName::PeerWithoutMptcp);
    assert_eq!(only_problem(fell(true)).0, RuleName::OptionStripped);
    let dropped = examined_after(fell(false), |facts| counted(facts, &[("MPCapableSYNTXDrop", 1)]));
    let dropped = only_problem_of(&dropped);
    assert_eq!(dropped.0, RuleName::SynDropped);
    assert_eq!(dropped.1, ["sysctl -w net.mptcp.blackhole_timeout=3600"]);
    // Beside one that speaks MPTCP it is the peer's affair.
    let beside = examined(|sample| {
        let mut other = connection(&["10.1.0.1:4444"]);
        (other.fallback, other.remote_key_received) = (Some(true), Some(false));
        other.token = Some(Token(8));
        sample.connections.push(other);
    });
    assert_eq!(beside.findings[0].severity, Severity::Warning);
    for (name, rule) in [
        ("DataCsumErr", RuleName::ChecksumFailures),
        ("SimultConnectFallback", RuleName::SimultaneousConnect),
        ("MD5SigFallback", RuleName::Md5Signature),
        ("MPJoinNoTokenFound", RuleName::NoTokenHere),
    ] {
        let report = examined_after(
            |sample| {
                sample.counters.insert(name.to_owned(), 3);
            },
            |facts| counted(facts, &[(name, 4)]),
        );
        assert_eq!(report.findings[0].rule, rule);
    }
}

#[test]
fn a_join_that_failed_says_how() {
    let closed = |error: Option<u32>, counters: &'static [(&'static str, u64)]| {
        examined_after(alone, move |facts| {
            counted(facts, counters);
            let mut event = Event::new(1.0, EventKind::SubflowClosed, Origin::Kernel);
            event.local = Some("10.2.0.1:4001".parse().expect("an address"));
            event.remote = Some(PEER.parse().expect("an address"));
            event.error = error;
            facts.take(&Line::Event(Box::new(event)));
        })
    };
    let rule = |report: &Report| only_problem_of(report).0;
    assert_eq!(rule(&closed(Some(111), &[])), RuleName::JoinRefused);
    assert_eq!(rule(&closed(Some(113), &[])), RuleName::JoinUnreachable);
    assert_eq!(rule(&closed(Some(1), &[])), RuleName::OwnFirewall);
    assert_eq!(rule(&closed(None, &[])), RuleName::OptionStrippedOnJoin);
    assert_eq!(rule(&closed(None, &[("MPJoinSynAckRx", 1)])), RuleName::PeerLimit);
    assert_eq!(rule(&closed(Some(110), &[])), RuleName::SubflowReset);
    let bound = examined_after(alone, |facts| {
        counted(facts, &[("MPJoinSynTxBindErr", 1)]);
    });
    assert_eq!(rule(&bound), RuleName::BindFailed);
    let waiting = examined(|sample| {
        let subflow = &mut sample.connections[0].subflows[1];
        (subflow.state, subflow.backoff) = (TcpState::SynSent, Some(2));
    });
    assert_eq!(rule(&waiting), RuleName::JoinUnanswered);
    let stuck = examined(|sample| {
        let subflow = &mut sample.connections[0].subflows[1];
        (subflow.unacked, subflow.backoff) = (Some(10), Some(3));
    });
    assert_eq!(rule(&stuck), RuleName::Stale);
    let (missing, lines) = only_problem(alone);
    assert_eq!(
        (missing, lines),
        (RuleName::SubflowMissing, AGAIN.map(str::to_owned).to_vec())
    );
}

#[test]
fn a_server_that_turns_joins_away_raises_its_limit() {
    let rejected = only_problem(|sample| {
        let connection = &mut sample.connections[0];
        connection.server_side = Some(true);
        connection.extra_subflows_max = Some(1);
        sample.endpoints.clear();
        sample.limits = Some(Limits {
            extra_subflows_max: 1,
            add_addr_accepted_max: 0,
        });
        sample.counters.insert("MPJoinRejected".to_owned(), 2);
    });
    assert_eq!(
        rejected,
        (
            RuleName::JoinRejectedHere,
            vec!["ip mptcp limits set subflow 3".to_owned()]
        )
    );
}

#[test]
fn two_faults_are_two_findings_and_one_cause_is_one() {
    let both = examined(|sample| {
        alone(sample);
        sample.endpoints.clear();
        sample.settings.insert("enabled".to_owned(), "0".into());
    });
    let rules: Vec<_> = both.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [RuleName::Disabled, RuleName::NoEndpointForInterface]);
    let limited = examined(|sample| {
        alone(sample);
        sample.limits = Some(Limits {
            extra_subflows_max: 0,
            add_addr_accepted_max: 0,
        });
        sample.routing_rules = Some(vec![rule(32766, None, 254)]);
    });
    let rules: Vec<_> = limited.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [RuleName::SubflowLimitZero, RuleName::NoRouteFromSource]);
    let holding = both.holding().count();
    assert_eq!(holding, both.checked.len() - 2);
}

#[test]
fn what_a_stream_does_not_hold_cannot_be_told() {
    let older = examined(|sample| {
        sample.routes = None;
        sample.routing_rules = None;
        sample.managers = None;
    });
    let unknown: Vec<_> = older.not_checked.iter().map(|(rule, _)| *rule).collect();
    assert!(unknown.contains(&RuleName::WrongWayOut) && unknown.contains(&RuleName::TwoPathManagers));
    assert!(!older.checked.contains(&RuleName::WrongWayOut));
    let judged = older.checked.len() + older.not_checked.len();
    assert_eq!(judged, RuleName::ALL.len());
    let id: ConnectionId = Token(7).into();
    assert_eq!(connection(&["10.1.0.1:4000"]).id(), id);
}
