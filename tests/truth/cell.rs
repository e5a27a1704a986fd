//! What a round is made of: a network, an application's traffic, a role of the watched host, and a cut.

use std::fmt;

/// Two paths between the hosts, by their round trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Network {
    pub(crate) name: &'static str,
    /// Round trip over Ethernet and over Wi-Fi, ms; without any the hosts are joined by bare pairs of interfaces.
    pub(crate) round_trips_ms: Option<(f64, f64)>,
    /// In each direction; a bare pair has no limit where none is given.
    pub(crate) mbps: Option<f64>,
    pub(crate) loss_percent: f64,
}

const fn bare(name: &'static str, mbps: Option<f64>) -> Network {
    Network {
        name,
        round_trips_ms: None,
        mbps,
        loss_percent: 0.0,
    }
}

const fn far(name: &'static str, ethernet_ms: f64, wifi_ms: f64, mbps: f64) -> Network {
    Network {
        name,
        round_trips_ms: Some((ethernet_ms, wifi_ms)),
        mbps: Some(mbps),
        loss_percent: 0.0,
    }
}

pub(crate) const LAN: Network = bare("lan", None);
pub(crate) const LAN_900: Network = bare("lan-900", Some(900.0));
pub(crate) const LAN_10: Network = bare("lan-10", Some(10.0));
pub(crate) const LAN_1: Network = bare("lan-1", Some(1.0));
pub(crate) const LAN_TENTH: Network = bare("lan-0.1", Some(0.1));
pub(crate) const CITY: Network = far("5-20", 5.0, 20.0, 90.0);
pub(crate) const NEAR: Network = far("20-40", 20.0, 40.0, 60.0);
pub(crate) const NEAR_LOSSY: Network = Network {
    name: "20-40-lossy",
    loss_percent: 1.0,
    ..NEAR
};
pub(crate) const OCEAN: Network = far("80-120", 80.0, 120.0, 40.0);
pub(crate) const SPACE: Network = far("300-600", 300.0, 600.0, 20.0);
pub(crate) const QUICK_FIRST: Network = far("1-60", 1.0, 60.0, 40.0);
pub(crate) const SLOW_FIRST: Network = far("60-1", 60.0, 1.0, 40.0);

/// What the applications do with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// So many kbit/s, evenly.
    Steady(u64),
    /// As much as goes.
    Greedy,
    /// A question, its answer, and soon the next question.
    Ask,
    /// A few bytes now and then.
    Keys,
    /// Sends for 150 ms and rests for 350.
    Video,
    /// Says something at the start and no more.
    Idle,
}

impl Flow {
    /// Whether part of a gap may be the application's own pause, or two waits that follow each other.
    pub(crate) fn is_sparse(self) -> bool {
        matches!(self, Self::Ask | Self::Keys | Self::Video)
    }
}

/// Which host is watched, and whether it sends the data or gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    ClientSends,
    ClientReceives,
    ServerSends,
    ServerReceives,
}

impl Role {
    pub(crate) fn is_client(self) -> bool {
        matches!(self, Self::ClientSends | Self::ClientReceives)
    }

    pub(crate) fn sends(self) -> bool {
        matches!(self, Self::ClientSends | Self::ServerSends)
    }
}

/// What is done to the path that carries most, unless it says otherwise. Times are ms; without one it is for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing.
    Healthy,
    /// The receiver reads nothing for three seconds.
    StopsReading,
    /// The sender sends nothing for so long.
    Rests(u32),
    /// The watched host's interface goes down.
    NearDown(Option<u32>),
    /// The same, and a network manager takes the endpoint away.
    Unplugged,
    /// The other host's interface goes down.
    FarDown,
    /// Everything is lost on the way.
    Silent(Option<u32>),
    /// What goes from the sender to the receiver is.
    SilentData(Option<u32>),
    /// What goes back is.
    SilentAcks(Option<u32>),
    /// The watched host's queue refuses everything.
    OwnQueue(Option<u32>),
    /// The watched host's queue swallows everything.
    OwnBlackhole(Option<u32>),
    /// The watched host's firewall drops what it sends.
    OwnFirewall(Option<u32>),
    /// The watched host's firewall drops what comes in.
    InputFirewall(Option<u32>),
    /// The other host takes its address back.
    RemoveAddr,
    /// The other host destroys the subflow.
    Reset,
    /// The subflow is closed on the watched host.
    CloseHere,
    /// The client loses the address.
    TakeAddress,
    /// The client's endpoint is made backup.
    MakeBackup,
    /// The path becomes slow, lossy or narrow.
    Slow,
    Lossy,
    Narrow,
    /// Ethernet, the better path, comes back.
    Return,
    /// Both paths fall silent for six seconds.
    BothSilent,
    /// A firewall resets both subflows.
    BothReset,
    /// Every subflow is destroyed on the watched host.
    AllKilled,
    /// The watched host's interface goes down for a second, three times, with a second between.
    Flap,
    /// The interface goes down, and the other path falls silent for a second.
    Two,
}

impl Cut {
    /// Its name without its length.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::StopsReading => "stops-reading",
            Self::Rests(_) => "rests",
            Self::NearDown(_) => "near-down",
            Self::Unplugged => "unplugged",
            Self::FarDown => "far-down",
            Self::Silent(_) => "silent",
            Self::SilentData(_) => "silent-data",
            Self::SilentAcks(_) => "silent-acks",
            Self::OwnQueue(_) => "own-queue",
            Self::OwnBlackhole(_) => "own-blackhole",
            Self::OwnFirewall(_) => "own-firewall",
            Self::InputFirewall(_) => "input-firewall",
            Self::RemoveAddr => "remove-addr",
            Self::Reset => "reset",
            Self::CloseHere => "close-here",
            Self::TakeAddress => "take-address",
            Self::MakeBackup => "make-backup",
            Self::Slow => "slow",
            Self::Lossy => "lossy",
            Self::Narrow => "narrow",
            Self::Return => "return",
            Self::BothSilent => "both-silent",
            Self::BothReset => "both-reset",
            Self::AllKilled => "all-killed",
            Self::Flap => "flap",
            Self::Two => "two-at-once",
        }
    }

    /// How long it lasts, ms.
    pub(crate) fn lasts_ms(self) -> Option<u32> {
        match self {
            Self::NearDown(ms)
            | Self::Silent(ms)
            | Self::SilentData(ms)
            | Self::SilentAcks(ms)
            | Self::OwnQueue(ms)
            | Self::OwnBlackhole(ms)
            | Self::OwnFirewall(ms)
            | Self::InputFirewall(ms) => ms,
            Self::StopsReading => Some(3000),
            Self::Rests(ms) => Some(ms),
            Self::BothSilent => Some(6000),
            Self::Flap | Self::Two => Some(1000),
            _ => None,
        }
    }

    /// The causes, by their names in the public schema, that are right for it on that network.
    pub(crate) fn causes(self, network: &Network) -> &'static [&'static str] {
        match self {
            Self::Healthy | Self::StopsReading | Self::Rests(_) => &[],
            Self::NearDown(_) | Self::Unplugged | Self::Flap => &["link_lost"],
            // A bare pair's other end tells of it.
            Self::FarDown if network.round_trips_ms.is_none() => &["link_lost", "path_dead"],
            Self::Two => &["link_lost", "path_dead"],
            Self::FarDown
            | Self::Silent(_)
            | Self::SilentData(_)
            | Self::SilentAcks(_)
            | Self::OwnQueue(_)
            | Self::OwnBlackhole(_)
            | Self::OwnFirewall(_)
            | Self::InputFirewall(_)
            | Self::BothSilent => &["path_dead"],
            Self::RemoveAddr | Self::Reset | Self::BothReset => &["closed_by_peer"],
            Self::CloseHere | Self::AllKilled => &["closed_locally"],
            Self::TakeAddress => &["address_lost"],
            Self::MakeBackup => &["priority_changed"],
            Self::Slow | Self::Lossy | Self::Narrow => &["path_degraded"],
            Self::Return => &["path_returned"],
        }
    }

    /// Whether the kernel tells the watched host of it, so that it is known even where the data did not stop.
    pub(crate) fn is_told(self, network: &Network) -> bool {
        match self {
            Self::NearDown(_)
            | Self::Unplugged
            | Self::Flap
            | Self::RemoveAddr
            | Self::Reset
            | Self::CloseHere
            | Self::TakeAddress
            | Self::MakeBackup
            | Self::BothReset
            | Self::AllKilled
            | Self::Two => true,
            Self::FarDown => network.round_trips_ms.is_none(),
            _ => false,
        }
    }

    /// Whether it is known by the data that moved to another path, to a host that sends them.
    pub(crate) fn moves(self) -> bool {
        matches!(self, Self::Slow | Self::Lossy | Self::Narrow | Self::Return)
    }

    /// Whether nothing moves afterwards.
    pub(crate) fn is_the_end(self) -> bool {
        matches!(self, Self::BothReset | Self::AllKilled)
    }
}

/// A cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) network: Network,
    pub(crate) flow: Flow,
    pub(crate) role: Role,
    pub(crate) cut: Cut,
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steady(kbps) if kbps % 1000 == 0 => write!(f, "steady-{}m", kbps / 1000),
            Self::Steady(kbps) => write!(f, "steady-{kbps}k"),
            Self::Greedy => f.write_str("greedy"),
            Self::Ask => f.write_str("ask"),
            Self::Keys => f.write_str("keys"),
            Self::Video => f.write_str("video"),
            Self::Idle => f.write_str("idle"),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientSends => "client-sends",
            Self::ClientReceives => "client-receives",
            Self::ServerSends => "server-sends",
            Self::ServerReceives => "server-receives",
        })
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = matches!(
            self,
            Self::StopsReading | Self::BothSilent | Self::Flap | Self::Two
        );
        match self.lasts_ms().filter(|_| !fixed) {
            Some(ms) => write!(f, "{}-{ms}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            network,
            flow,
            role,
            cut,
        } = self;
        write!(f, "{}.{flow}.{role}.{cut}", network.name)
    }
}
