//! Which way packets from an endpoint's address go.

use std::net::IpAddr;

use super::super::examination::{Examination, Expected, is_stuck};
use super::super::facts::{Facts, is_waiting};
use super::super::finding::{CannotTell, Evidence, Finding, RuleName, Severity, Subject, Verdict};
use super::super::mend;
use super::super::way::{Refusal, Way, gateways, likely_gateway, own_rule, table_leads, way};
use super::endpoints::elsewhere;
use crate::model::text::ShellLine;
use crate::model::{
    Endpoint, Interface, NeighbourState, Network, RouteAction, RouteEntry, RoutingRule, Subflow,
};

/// One endpoint with the way that its packets go.
struct Going<'a> {
    endpoint: &'a Endpoint,
    interface: &'a Interface,
    to: IpAddr,
    way: Way,
    /// The subflow of a connection, where there is one.
    subflow: Option<&'a Subflow>,
    /// Whether a connection lacks it, or has one that gets no answer.
    is_broken: bool,
    /// Whether there is a connection to judge by.
    is_real: bool,
}

impl<'a> Going<'a> {
    fn of(exam: &Examination<'a>, case: &Expected<'a>) -> Self {
        let facts = exam.facts;
        // One that works may lead to another address of the peer.
        let own = case.subflow.filter(|_| case.works());
        let to = own.map_or(case.connection.remote.ip(), |subflow| subflow.remote.ip());
        Self {
            endpoint: case.endpoint,
            interface: case.interface,
            to,
            way: way(facts, case.endpoint.address, to, case.device()),
            subflow: case.subflow.map(|subflow| &**subflow),
            // What a limit forbids was never tried.
            is_broken: !case.works() && !exam.is_limited(case.endpoint.address),
            is_real: true,
        }
    }

    /// What was seen: the way, and what waits or is missing.
    fn evidence(&self, facts: &Facts) -> Vec<Evidence> {
        let interface = match &self.way {
            Way::Via { interface, .. } | Way::AssumedOnLink(interface) => Some(*interface),
            _ => None,
        };
        let name = interface
            .and_then(|index| facts.interface(index))
            .map(|found| found.name.clone());
        let mut seen = vec![Evidence::Way {
            from: self.endpoint.address,
            to: self.to,
            way: self.way.clone(),
            interface: name,
        }];
        match self.subflow {
            Some(subflow) if is_waiting(subflow) => seen.push(Evidence::Waiting {
                local: subflow.local,
                remote: subflow.remote,
            }),
            Some(subflow) if is_stuck(subflow) => seen.push(Evidence::Unacknowledged {
                local: subflow.local,
                remote: subflow.remote,
                for_ms: subflow.last_ack_received_ms,
            }),
            _ => {}
        }
        if facts.neighbour(self.interface.index, self.to) == Some(NeighbourState::Failed) {
            seen.push(Evidence::NoNeighbour {
                address: self.to,
                interface: self.interface.name.clone(),
            });
        }
        seen
    }

    /// Whether somebody answers for the peer on the link itself.
    fn is_neighbour(&self, facts: &Facts) -> Option<NeighbourState> {
        facts.neighbour(self.interface.index, self.to)
    }

    /// The interface by which packets leave that should leave by another.
    fn leaves_by<'f>(&self, facts: &'f Facts) -> Option<&'f Interface> {
        let Way::Via { interface, .. } = self.way else {
            return None;
        };
        let other = facts
            .interface(interface)
            .filter(|_| interface != self.interface.index)?;
        other.can_carry_subflows().then_some(other)
    }

    /// Whether no route leads there, as far as that can be told.
    fn has_no_route(&self, facts: &Facts) -> bool {
        match self.way {
            Way::Nowhere => true,
            // The peer may be on that link, or a host on it may answer for it: then the subflow is there.
            Way::AssumedOnLink(_) if self.is_real => match self.is_neighbour(facts) {
                Some(NeighbourState::Known) => false,
                Some(NeighbourState::Failed | NeighbourState::Asked) => true,
                None => {
                    self.is_broken || !gateways(facts, self.interface.index, self.to.is_ipv4()).is_empty()
                }
            },
            _ => false,
        }
    }

    fn mend(&self, facts: &Facts) -> Vec<String> {
        let mut lines = mend::own_way(facts, self.endpoint.address, self.interface, self.to, &self.way);
        lines.extend(mend::try_again(facts, self.endpoint));
        lines
    }

    fn finding(&self, facts: &Facts, rule: RuleName) -> Finding {
        Finding::problem(rule, Subject::Address(self.endpoint.address)).seen(self.evidence(facts))
    }
}

/// Each endpoint that is not explained, with one way: to the peer of a connection that lacks it, else of any; without a
/// connection to somewhere beyond every router.
fn going<'a>(exam: &Examination<'a>) -> Vec<Going<'a>> {
    let facts = exam.facts;
    let cases = exam.expected();
    let mut found: Vec<Going<'a>> = Vec::new();
    for case in &cases {
        let one = Going::of(exam, case);
        match found
            .iter_mut()
            .find(|known| known.endpoint.id == one.endpoint.id)
        {
            Some(known) if !known.is_broken && one.is_broken => *known = one,
            Some(_) => {}
            None => found.push(one),
        }
    }
    if !facts.clients().is_empty() || !facts.accepted().is_empty() {
        return found;
    }
    for endpoint in facts.subflow_endpoints() {
        let home = facts
            .home(endpoint)
            .filter(|_| !exam.is_explained(endpoint.address));
        let Some((interface, to)) = home.zip(elsewhere(endpoint.address.is_ipv4())) else {
            continue;
        };
        let is_bound = endpoint.interface.is_some();
        found.push(Going {
            endpoint,
            interface,
            to,
            way: way(facts, endpoint.address, to, is_bound.then_some(interface.index)),
            subflow: None,
            is_broken: false,
            is_real: false,
        });
    }
    found
}

/// Has each endpoint's way judged, where the tables are known.
fn judge(exam: &mut Examination<'_>, each: impl Fn(&Facts, &Going<'_>) -> Option<Finding>) -> Verdict {
    let facts = exam.facts;
    if facts.routes.is_none() || facts.rules.is_none() {
        return Verdict::CannotTell(CannotTell::NoRoutes);
    }
    let mut findings = Vec::new();
    for going in going(exam) {
        if let Some(finding) = each(facts, &going) {
            exam.explain_address(going.endpoint.address);
            findings.push(finding);
        }
    }
    Verdict::from(findings)
}

pub(super) fn forbidden(exam: &mut Examination<'_>) -> Verdict {
    judge(exam, |facts, going| {
        let Way::Refused(refusal) = &going.way else {
            return None;
        };
        let (seen, line) = match &**refusal {
            Refusal::Rule(rule) => (Evidence::Rule(rule.clone()), delete_rule(rule)),
            Refusal::Route(route) => (Evidence::Route(route.clone()), delete_route(route)),
        };
        let finding = going.finding(facts, RuleName::RouteForbidden).seen([seen]);
        let again = mend::try_again(facts, going.endpoint);
        Some(finding.mended_by([line.into()]).mended_by(again))
    })
}

fn network(network: Network) -> String {
    format!("{}/{}", network.address, network.prefix)
}

fn delete_rule(rule: &RoutingRule) -> ShellLine {
    let line = ShellLine::new(if rule.ipv6 {
        "ip -6 rule del pref"
    } else {
        "ip rule del pref"
    });
    line.word(rule.priority)
        .option("from", rule.from.map(network))
        .option("to", rule.to.map(network))
        .word(action_word(rule.action))
}

fn action_word(action: RouteAction) -> &'static str {
    match action {
        RouteAction::Unreachable => "unreachable",
        RouteAction::Blackhole => "blackhole",
        _ => "prohibit",
    }
}

fn delete_route(route: &RouteEntry) -> ShellLine {
    mend::ip("ip route del", "ip -6 route del", route.destination)
        .word(action_word(route.action))
        .word(network(route.network()))
        .option("table", Some(route.table))
        .option("metric", (route.metric != 0).then_some(route.metric))
}

pub(super) fn rule_without_table(exam: &mut Examination<'_>) -> Verdict {
    judge(exam, |facts, going| {
        let rule = own_rule(facts, going.endpoint.address)?;
        let leads = table_leads(facts, rule.table, going.to, going.interface.index);
        let is_wrong = going.has_no_route(facts) || going.leaves_by(facts).is_some();
        let is_sure = going.is_real || going.leaves_by(facts).is_some() || has_no_route_at_all(facts, rule);
        if leads || !(is_wrong || has_no_route_at_all(facts, rule)) || !is_sure {
            return None;
        }
        if going.is_real && !is_wrong && !going.is_broken {
            return None;
        }
        let finding = going.finding(facts, RuleName::RuleWithoutTable);
        Some(
            finding
                .seen([Evidence::Rule(rule.clone())])
                .mended_by(going.mend(facts)),
        )
    })
}

fn has_no_route_at_all(facts: &Facts, rule: &RoutingRule) -> bool {
    let mut routes = facts.routes.iter().flatten();
    !routes.any(|route| route.table == rule.table && route.destination.is_ipv4() != rule.ipv6)
}

pub(super) fn no_route(exam: &mut Examination<'_>) -> Verdict {
    judge(exam, |facts, going| {
        if !going.is_real || !going.has_no_route(facts) {
            return None;
        }
        let finding = going.finding(facts, RuleName::NoRouteFromSource);
        Some(finding.mended_by(going.mend(facts)))
    })
}

pub(super) fn wrong_way_out(exam: &mut Examination<'_>) -> Verdict {
    judge(exam, |facts, going| {
        let by = going.leaves_by(facts)?;
        // Before any connection only where the interface has a router of its own.
        if !going.is_real && gateways(facts, going.interface.index, going.to.is_ipv4()).is_empty() {
            return None;
        }
        let share = |interface: &Interface| {
            interface.addresses.iter().any(|owned| {
                let network = Network {
                    address: owned.address,
                    prefix: owned.prefix,
                };
                network.contains(going.endpoint.address)
            })
        };
        let finding = going.finding(facts, RuleName::WrongWayOut);
        if share(by) && !going.is_broken {
            // Two links in one network: it works, over one of them.
            return Some(finding.with_severity(Severity::Note));
        }
        Some(finding.mended_by(going.mend(facts)))
    })
}

pub(super) fn dead_gateway(exam: &mut Examination<'_>) -> Verdict {
    judge(exam, |facts, going| {
        let Way::Via {
            interface,
            gateway,
            table,
            ..
        } = going.way
        else {
            return None;
        };
        let next = gateway.unwrap_or(going.to);
        let silent = matches!(
            facts.neighbour(interface, next),
            Some(NeighbourState::Failed | NeighbourState::Asked)
        );
        if !silent || !going.is_broken {
            return None;
        }
        let other = gateway
            .and_then(|dead| likely_gateway(facts, going.interface, dead.is_ipv4(), Some(dead)))
            .filter(|other| *other != next);
        let lines = other.map(|other| {
            let line = mend::ip("ip route replace default", "ip -6 route replace default", next)
                .option("via", Some(other))
                .device("dev", Some(&going.interface.name))
                .option("table", Some(table));
            let mut lines = vec![String::from(line)];
            lines.extend(mend::try_again(facts, going.endpoint));
            lines
        });
        let finding = Finding::problem(RuleName::DeadGateway, Subject::Gateway(next))
            .seen([Evidence::NoNeighbour {
                address: next,
                interface: going.interface.name.clone(),
            }])
            .seen(going.evidence(facts));
        Some(finding.mended_by(lines.into_iter().flatten()))
    })
}
