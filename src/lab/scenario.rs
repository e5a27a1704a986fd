//! The scenarios: which links there are, what runs over them, and what happens to them when.

/// What a laboratory shows, as data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, in a line.
    pub summary: &'static str,
    /// The laptop's links to the server, from the first subnet on.
    pub links: &'static [LinkPlan],
    /// The connections that the laptop opens at the start.
    pub flows: &'static [Flow],
    /// What happens to the links, in order of time.
    pub acts: &'static [Act],
    /// After how many seconds the acts begin again; `None` plays them once.
    pub period_s: Option<f64>,
}

/// One link as it is at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkPlan {
    /// The interface on the laptop.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// One-way delay.
    pub delay_ms: f64,
    /// Rate in each direction.
    pub rate_mbps: f64,
    /// Frames lost in each direction.
    pub loss_percent: f64,
    /// The metric of its default route.
    pub metric: u32,
    /// Whether its endpoints are for backup subflows.
    pub backup: bool,
}

/// One kind of traffic between an application on the laptop and the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// The application, as /proc/PID/comm names it.
    pub application: &'static str,
    /// What it sends and receives.
    pub traffic: Traffic,
    /// The link over which the connection begins.
    pub from: &'static str,
    /// Its protocol family.
    pub family: Family,
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Internet Protocol version 4.
    V4,
    /// Internet Protocol version 6.
    V6,
}

/// What an application sends and receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traffic {
    /// Sends as fast as it can.
    Upload,
    /// Receives about 4 Mbit/s in bursts.
    Video,
    /// A message of 200 bytes every 250 ms, and one back.
    Chat,
}

impl Traffic {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Upload, Self::Video, Self::Chat];

    /// The server's port for it: that of rsync, HTTPS and SSH.
    pub const fn port(self) -> u16 {
        match self {
            Self::Upload => 873,
            Self::Video => 443,
            Self::Chat => 22,
        }
    }
}

/// Something that happens to a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Act {
    /// When, in seconds from the start of the round.
    pub at_s: f64,
    /// To which link.
    pub link: &'static str,
    /// What.
    pub change: Change,
}

/// What happens to a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// The network is lost.
    Unplug,
    /// The network is back.
    Plug,
    /// The link becomes better or worse; `None` leaves a property as it is.
    Shape {
        /// One-way delay.
        delay_ms: Option<f64>,
        /// Rate in each direction.
        rate_mbps: Option<f64>,
        /// Frames lost in each direction.
        loss_percent: Option<f64>,
    },
}

const WIFI: LinkPlan = LinkPlan {
    name: "wifi",
    label: "Wi-Fi",
    delay_ms: 12.0,
    rate_mbps: 40.0,
    loss_percent: 0.0,
    metric: 600,
    backup: false,
};

const ETHERNET: LinkPlan = LinkPlan {
    name: "ethernet",
    label: "Ethernet",
    delay_ms: 6.0,
    rate_mbps: 90.0,
    loss_percent: 0.0,
    metric: 100,
    backup: false,
};

const PHONE: LinkPlan = LinkPlan {
    name: "phone",
    label: "Phone",
    delay_ms: 27.0,
    rate_mbps: 15.0,
    loss_percent: 0.0,
    metric: 700,
    backup: true,
};

const fn flow(application: &'static str, traffic: Traffic, family: Family) -> Flow {
    Flow {
        application,
        traffic,
        from: "wifi",
        family,
    }
}

const fn act(at_s: f64, link: &'static str, change: Change) -> Act {
    Act { at_s, link, change }
}

const SCENARIOS: &[Scenario] = &[Scenario {
    name: "handover",
    summary: "Wi-Fi comes and goes while Ethernet carries on, with a phone for backup",
    links: &[WIFI, ETHERNET, PHONE],
    flows: &[
        flow("backup", Traffic::Upload, Family::V4),
        flow("video", Traffic::Video, Family::V4),
        flow("ssh", Traffic::Chat, Family::V6),
    ],
    acts: &[act(8.0, "wifi", Change::Unplug), act(14.0, "wifi", Change::Plug)],
    period_s: Some(12.0),
}];

/// The scenarios there are.
pub fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

/// The scenario of that name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_speaks_of_its_own_links_in_order_of_time() {
        for scenario in scenarios() {
            let known = |link| scenario.links.iter().any(|plan| plan.name == link);
            assert!(
                scenario.flows.iter().all(|flow| known(flow.from)),
                "{}",
                scenario.name
            );
            assert!(
                scenario.acts.iter().all(|act| known(act.link)),
                "{}",
                scenario.name
            );
            assert!(
                scenario.acts.is_sorted_by_key(|act| act.at_s),
                "{}",
                scenario.name
            );
            // An interface name has at most 15 bytes, and the forwarder's ends carry a suffix.
            assert!(
                scenario.links.iter().all(|plan| plan.name.len() <= 10),
                "{}",
                scenario.name
            );
        }
    }
}
