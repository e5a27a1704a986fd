//! The scenarios themselves, each by its data alone.

use super::{Act, Change, Family, Flow, Joining, LinkPlan, Peer, Scenario, Shows, Traffic};

const WIFI: LinkPlan = LinkPlan {
    name: "wifi",
    label: "Wi-Fi",
    delay_ms: 12.0,
    rate_mbps: 40.0,
    loss_percent: 0.0,
    metric: 600,
    joining: Joining::Subflow,
};

const ETHERNET: LinkPlan = LinkPlan {
    name: "ethernet",
    label: "Ethernet",
    delay_ms: 6.0,
    rate_mbps: 90.0,
    loss_percent: 0.0,
    metric: 100,
    joining: Joining::Subflow,
};

const PHONE: LinkPlan = LinkPlan {
    name: "phone",
    label: "Phone",
    delay_ms: 27.0,
    rate_mbps: 15.0,
    loss_percent: 0.0,
    metric: 700,
    joining: Joining::Backup,
};

const fn flow(application: &'static str, traffic: Traffic, family: Family) -> Flow {
    Flow {
        application,
        traffic,
        from: "wifi",
        family,
        peer: Peer::Multipath,
    }
}

const fn act(at_s: f64, link: &'static str, change: Change) -> Act {
    Act { at_s, link, change }
}

const fn rate(rate_mbps: f64) -> Change {
    Change::Shape {
        delay_ms: None,
        rate_mbps: Some(rate_mbps),
        loss_percent: None,
    }
}

/// What further connections are in a scenario that is about few.
const QUIET: &[Flow] = &[flow("sync", Traffic::Idle, Family::V4)];

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "handover",
        summary: "Wi-Fi comes and goes while Ethernet carries on, with a phone for backup",
        shows: None,
        links: &[WIFI, ETHERNET, PHONE],
        flows: &[
            flow("rsync", Traffic::Upload, Family::V4),
            flow("video", Traffic::Video, Family::V4),
            flow("ssh", Traffic::Chat, Family::V6),
        ],
        crowd: QUIET,
        connections: 3,
        acts: &[act(8.0, "wifi", Change::Unplug), act(14.0, "wifi", Change::Plug)],
        period_s: Some(12.0),
    },
    Scenario {
        name: "backup",
        summary: "A phone for backup carries nothing until Wi-Fi is lost",
        shows: None,
        links: &[WIFI, PHONE],
        flows: &[
            flow("rsync", Traffic::Upload, Family::V4),
            flow("video", Traffic::Video, Family::V4),
            flow("ssh", Traffic::Chat, Family::V6),
        ],
        crowd: QUIET,
        connections: 3,
        acts: &[act(8.0, "wifi", Change::Unplug), act(14.0, "wifi", Change::Plug)],
        period_s: Some(14.0),
    },
    Scenario {
        name: "aggregation",
        summary: "An upload over Wi-Fi and Ethernet at once is faster than over either",
        shows: None,
        links: &[
            WIFI,
            LinkPlan {
                rate_mbps: 50.0,
                ..ETHERNET
            },
        ],
        flows: &[
            flow("rsync", Traffic::Upload, Family::V4),
            flow("ssh", Traffic::Chat, Family::V6),
        ],
        crowd: QUIET,
        connections: 2,
        acts: &[act(12.0, "wifi", rate(20.0)), act(20.0, "wifi", rate(40.0))],
        period_s: Some(20.0),
    },
    Scenario {
        name: "signal",
        summary: "The server announces a second address and port, and the laptop joins it",
        shows: None,
        links: &[
            WIFI,
            LinkPlan {
                joining: Joining::Announced(8443),
                ..ETHERNET
            },
        ],
        flows: &[
            flow("rsync", Traffic::Upload, Family::V4),
            flow("video", Traffic::Video, Family::V4),
            flow("ssh", Traffic::Chat, Family::V4),
        ],
        crowd: QUIET,
        connections: 3,
        acts: &[
            act(6.0, "ethernet", Change::Withdraw),
            act(10.0, "ethernet", Change::Announce),
        ],
        period_s: Some(12.0),
    },
    Scenario {
        name: "ipv6",
        summary: "Connections of both families, each over Wi-Fi and Ethernet",
        shows: None,
        links: &[WIFI, ETHERNET],
        flows: &[
            flow("rsync", Traffic::Upload, Family::V6),
            flow("video", Traffic::Video, Family::V4),
            flow("video", Traffic::Video, Family::V6),
            flow("ssh", Traffic::Chat, Family::V4),
        ],
        crowd: &[
            flow("sync", Traffic::Idle, Family::V6),
            flow("sync", Traffic::Idle, Family::V4),
        ],
        connections: 4,
        acts: &[
            act(10.0, "ethernet", Change::Unplug),
            act(16.0, "ethernet", Change::Plug),
        ],
        period_s: Some(16.0),
    },
    Scenario {
        name: "fallback",
        summary: "A peer without MPTCP: its connection stops with Wi-Fi, the others go on",
        shows: Some(Shows::Application("radio")),
        links: &[WIFI, ETHERNET],
        flows: &[
            Flow {
                peer: Peer::Plain,
                ..flow("radio", Traffic::Video, Family::V4)
            },
            flow("video", Traffic::Video, Family::V4),
            flow("ssh", Traffic::Chat, Family::V6),
        ],
        crowd: QUIET,
        connections: 3,
        acts: &[act(8.0, "wifi", Change::Unplug), act(14.0, "wifi", Change::Plug)],
        period_s: Some(16.0),
    },
    Scenario {
        name: "many",
        summary: "Hundreds of connections, busy and idle, come and go",
        shows: Some(Shows::Crowd),
        links: &[WIFI, ETHERNET],
        flows: &[
            flow("video", Traffic::Video, Family::V4),
            flow("video", Traffic::Video, Family::V6),
            flow("ssh", Traffic::Chat, Family::V6),
        ],
        crowd: &[
            flow("firefox", Traffic::Web, Family::V4),
            flow("firefox", Traffic::Web, Family::V6),
            flow("thunderbird", Traffic::Idle, Family::V4),
            Flow {
                from: "ethernet",
                ..flow("nextcloud", Traffic::Web, Family::V4)
            },
            Flow {
                from: "ethernet",
                ..flow("syncthing", Traffic::Idle, Family::V6)
            },
        ],
        connections: 200,
        acts: &[act(20.0, "wifi", Change::Unplug), act(26.0, "wifi", Change::Plug)],
        period_s: Some(30.0),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_speaks_of_its_own_links_in_order_of_time() {
        for scenario in SCENARIOS {
            let name = scenario.name;
            let known = |link| scenario.links.iter().any(|plan| plan.name == link);
            let mut flows = scenario.flows.iter().chain(scenario.crowd);
            assert!(flows.all(|flow| known(flow.from)), "{name}");
            assert!(scenario.acts.iter().all(|act| known(act.link)), "{name}");
            assert!(scenario.acts.is_sorted_by_key(|act| act.at_s), "{name}");
            // An interface name has at most 15 bytes, and the forwarder's ends carry a suffix.
            assert!(scenario.links.iter().all(|plan| plan.name.len() <= 10), "{name}");
            // More connections than there are flows can only be kept by a thread that keeps many.
            let keeps_many = |flow: &Flow| flow.traffic.habit().is_some() && flow.peer == Peer::Multipath;
            assert!(scenario.crowd.iter().all(keeps_many), "{name}");
            assert!(scenario.connections >= scenario.flows.len(), "{name}");
            if let Some(Shows::Application(shown)) = scenario.shows {
                assert!(
                    scenario.flows.iter().any(|flow| flow.application == shown),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn no_application_is_called_like_what_is_shown_of_it() {
        const TERMS: [&str; 8] = [
            "backup", "fallback", "handover", "signal", "subflow", "path", "link", "endpoint",
        ];
        for scenario in SCENARIOS {
            for flow in scenario.flows.iter().chain(scenario.crowd) {
                let is_link = |plan: &LinkPlan| {
                    [plan.name, plan.label]
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(flow.application))
                };
                let taken = TERMS.contains(&flow.application) || scenario.links.iter().any(is_link);
                assert!(!taken, "{}: {}", scenario.name, flow.application);
            }
        }
    }

    #[test]
    fn every_scenario_can_be_left_running() {
        for scenario in SCENARIOS {
            let (first, last) = (scenario.acts.first(), scenario.acts.last());
            let (first, last) = (first.expect("an act"), last.expect("an act"));
            let period_s = scenario.period_s.expect("a period");
            // A round ends before the next one begins, and what was done is undone.
            assert!(last.at_s < first.at_s + period_s, "{}", scenario.name);
            assert_ne!(first.change, last.change, "{}", scenario.name);
        }
    }
}
