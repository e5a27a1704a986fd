//! What a scenario is: which links there are, what runs over them, and what happens to them when.

mod catalogue;

use std::time::Duration;

/// What a laboratory shows, as data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, in a line.
    pub summary: &'static str,
    /// What is looked at first, where that is not the busiest connection of several paths.
    pub shows: Option<Shows>,
    /// The laptop's links to the server, from the first subnet on.
    pub links: &'static [LinkPlan],
    /// The connections that the laptop opens at the start.
    pub flows: &'static [Flow],
    /// What further connections do, in turn, where more are wanted than there are flows.
    pub crowd: &'static [Flow],
    /// How many connections there are unless told otherwise.
    pub connections: usize,
    /// What happens to the links, in order of time.
    pub acts: &'static [Act],
    /// After how many seconds the acts begin again; `None` plays them once.
    pub period_s: Option<f64>,
}

/// What a scenario is about, where that is not the busiest connection of several paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The connection of this application.
    Application(&'static str),
    /// All connections together.
    Crowd,
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
    /// How connections that began elsewhere come to use it.
    pub joining: Joining,
}

/// How connections that began over another link come to use this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// The laptop has an endpoint there and opens a subflow from it.
    Subflow,
    /// The same, for a subflow that is used when no other is left.
    Backup,
    /// The server announces its own IPv4 address there, with a port from this one on, and the laptop opens a subflow to
    /// that.
    Announced(u16),
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
    /// Who answers.
    pub peer: Peer,
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Internet Protocol version 4.
    V4,
    /// Internet Protocol version 6.
    V6,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A server with Multipath TCP.
    Multipath,
    /// One without, at an address of its own.
    Plain,
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
    /// A question every few seconds and a few kilobytes for an answer, and another connection after some of them.
    Web,
    /// Stays open, with a short message now and then.
    Idle,
}

/// How the connections of an application behave that has many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Habit {
    /// How many different peers it has.
    pub(super) peers: usize,
    /// From one question to the next, at most; on average half of it.
    pub(super) pause: Duration,
    /// How long a question is, in bytes: from and to.
    pub(super) question: (usize, usize),
    /// How many times as long as the question its answer is.
    pub(super) answer: usize,
    /// After how many questions another connection takes over: from and to. `None` for never.
    pub(super) questions: Option<(u32, u32)>,
}

impl Traffic {
    /// The server's port for it: that of rsync, HTTPS, SSH, HTTP and IMAP.
    pub const fn port(self) -> u16 {
        match self {
            Self::Upload => 873,
            Self::Video => 443,
            Self::Chat => 22,
            Self::Web => 80,
            Self::Idle => 993,
        }
    }

    /// How it behaves, where one thread serves many connections of it; `None` for what keeps a thread busy.
    pub(super) const fn habit(self) -> Option<Habit> {
        match self {
            Self::Upload | Self::Video | Self::Chat => None,
            Self::Web => Some(Habit {
                peers: 40,
                pause: Duration::from_secs(8),
                question: (50, 400),
                answer: 60,
                questions: Some((1, 16)),
            }),
            Self::Idle => Some(Habit {
                peers: 5,
                pause: Duration::from_mins(1),
                question: (40, 100),
                answer: 1,
                questions: None,
            }),
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
    /// The server takes back the address that it announced there.
    Withdraw,
    /// The server announces it again.
    Announce,
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

/// The scenarios there are.
pub fn scenarios() -> &'static [Scenario] {
    catalogue::SCENARIOS
}

/// The scenario of that name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    scenarios().iter().find(|scenario| scenario.name == name)
}
