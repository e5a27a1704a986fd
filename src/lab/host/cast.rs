//! Who plays in a scenario: its applications, and the server as each of them sees it.

use super::super::net::has_ipv6;
use super::super::scenario::{Family, Flow, Scenario};
use super::super::work::Task;
use super::paths::{Path, server_address};
use super::server::Service;

/// The applications that open this many connections, for the scenario's flows and its crowd, and what the server is for
/// them.
pub(super) fn cast(scenario: &Scenario, paths: &[&Path], connections: usize) -> (Vec<Task>, Vec<Service>) {
    let (mut tasks, mut services) = (Vec::new(), Vec::new());
    for (flow, connections) in shares(scenario, connections) {
        let family = if has_ipv6() { flow.family } else { Family::V4 };
        let service = Service {
            address: (server_address(flow.peer, family), flow.traffic.port()).into(),
            traffic: flow.traffic,
            peer: flow.peer,
        };
        if let Some(path) = paths.iter().find(|path| path.name == flow.from) {
            tasks.push(Task {
                name: flow.application.to_owned(),
                traffic: flow.traffic,
                from: path.address(family),
                to: service.address,
                connections,
            });
            if !services.contains(&service) {
                services.push(service);
            }
        }
    }
    (tasks, services)
}

/// How many connections each flow has: one each, and the rest shared out among the crowd's.
fn shares(scenario: &Scenario, connections: usize) -> Vec<(&'static Flow, usize)> {
    let flows = scenario.flows.iter().take(connections).map(|flow| (flow, 1));
    let rest = connections.saturating_sub(scenario.flows.len());
    let kinds = scenario.crowd.len().max(1);
    let crowd = scenario.crowd.iter().enumerate().map(|(number, flow)| {
        let one_more = usize::from(number < rest % kinds);
        (flow, rest / kinds + one_more)
    });
    flows.chain(crowd).filter(|(_, share)| *share > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::scenario::scenario;
    use super::*;

    #[test]
    fn connections_are_shared_out_to_the_last_one() {
        let many = scenario("many").expect("a scenario");
        for connections in [0, 1, 3, 4, 7, 8, 200, 1001] {
            let shares = shares(many, connections);
            let sum: usize = shares.iter().map(|(_, share)| share).sum();
            assert_eq!(sum, connections);
            assert!(shares.iter().all(|(_, share)| *share > 0));
        }
    }
}
