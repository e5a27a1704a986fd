//! What the doctor finds: typed, without a word for people.

use std::net::IpAddr;

use super::way::Way;
use crate::model::{AddressState, Endpoint, RouteEntry, RoutingRule, SocketAddr};

macro_rules! rule_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Which rule. In order: what comes first explains what comes later.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RuleName {
            $($(#[$doc])* $name,)*
        }

        impl RuleName {
            /// Every rule, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in the public schema.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

rule_names! {
    /// This kernel has no MPTCP.
    NotInKernel = "not-in-kernel",
    /// MPTCP is switched off.
    Disabled = "disabled",
    /// The way to the peer dropped SYNs with the option.
    SynDropped = "syn-dropped",
    /// The peer, or a box on the way, does not speak MPTCP.
    PeerWithoutMptcp = "peer-without-mptcp",
    /// The option was taken out after the SYN.
    OptionStripped = "option-stripped",
    /// Data came with a wrong checksum.
    ChecksumFailures = "checksum-failures",
    /// Both sides connected at once.
    SimultaneousConnect = "simultaneous-connect",
    /// TCP_MD5SIG forces plain TCP.
    Md5Signature = "md5-signature",
    /// A path manager in user space is in charge, and none runs.
    UserspacePathManager = "userspace-path-manager",
    /// Two programs manage paths.
    TwoPathManagers = "two-path-managers",
    /// An interface that should carry a path is down.
    LinkDown = "link-down",
    /// An endpoint's address or device is gone.
    EndpointAddressGone = "endpoint-address-gone",
    /// An endpoint is bound to a device that does not have its address.
    EndpointWrongDevice = "endpoint-wrong-device",
    /// An endpoint's address is not usable.
    AddressNotUsable = "address-not-usable",
    /// No subflow beside the initial one is allowed.
    SubflowLimitZero = "subflow-limit-zero",
    /// Every endpoint has the address of the initial subflow.
    EndpointIsInitialAddress = "endpoint-is-initial-address",
    /// An interface could carry a path, and has no endpoint.
    NoEndpointForInterface = "no-endpoint-for-interface",
    /// A client's endpoint is only announced.
    OnlySignalOnClient = "only-signal-on-client",
    /// A server's endpoint is not announced.
    OnlySubflowOnServer = "only-subflow-on-server",
    /// Endpoints are of the other family than the connection.
    FamilyMismatch = "family-mismatch",
    /// A rule or a route forbids the way.
    RouteForbidden = "route-forbidden",
    /// A rule leads to a table without a route.
    RuleWithoutTable = "rule-without-table",
    /// No route leads from the endpoint's address to the peer.
    NoRouteFromSource = "no-route-from-source",
    /// Packets from the endpoint's address leave by another interface.
    WrongWayOut = "wrong-way-out",
    /// The router does not answer.
    DeadGateway = "dead-gateway",
    /// The reverse-path filter drops the answers.
    StrictReversePathFilter = "strict-reverse-path-filter",
    /// The limit of subflows is reached.
    SubflowLimitReached = "subflow-limit-reached",
    /// An address that the peer announced is not accepted.
    AnnouncedAddressIgnored = "announced-address-ignored",
    /// This host rejected joins.
    JoinRejectedHere = "join-rejected-here",
    /// Joins came for connections that this host does not have.
    NoTokenHere = "no-token-here",
    /// A subflow could not be bound to its address.
    BindFailed = "bind-failed",
    /// This host forbade a join.
    OwnFirewall = "own-firewall",
    /// A join was refused.
    JoinRefused = "join-refused",
    /// The network said that the peer is unreachable.
    JoinUnreachable = "join-unreachable",
    /// The answer to a join had no option.
    OptionStrippedOnJoin = "option-stripped-on-join",
    /// The peer took a join back.
    PeerLimit = "peer-limit",
    /// A subflow was reset.
    SubflowReset = "subflow-reset",
    /// A join is not answered.
    JoinUnanswered = "join-unanswered",
    /// A subflow's data is not acknowledged.
    Stale = "stale",
    /// A subflow is missing, and nothing tells why.
    SubflowMissing = "subflow-missing",
    /// All endpoints that the kernel takes are there.
    EndpointsFull = "endpoints-full",
    /// The kernel is too old for a flag.
    FlagUnknownToKernel = "flag-unknown-to-kernel",
    /// A subflow waits as backup.
    Backup = "backup",
    /// No data has flowed, so nothing was tried.
    NotFullyEstablished = "not-fully-established",
    /// The scheduler prefers another path.
    SchedulerPrefers = "scheduler-prefers",
    /// Applications use plain TCP.
    ApplicationOnPlainTcp = "application-on-plain-tcp",
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A path is not used that could be.
    Problem,
    /// Something is not as it should be, and a path may not be used because of it.
    Warning,
    /// Good to know, and no fault.
    Note,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// This host.
    Host,
    /// The kernel.
    Kernel,
    /// A setting below net.mptcp.
    Setting(&'static str),
    /// The limits.
    Limits,
    /// The endpoints together.
    Endpoints,
    /// An interface, by name.
    Interface(String),
    /// An endpoint, or the address of one.
    Address(IpAddr),
    /// A router.
    Gateway(IpAddr),
    /// A peer.
    Peer(SocketAddr),
}

/// For which connections a finding matters, and its commands help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerns {
    /// Those that are open, and new ones.
    All,
    /// New ones.
    New,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A counter that moved while it was watched, or before.
    Counter {
        /// The kernel's name.
        name: &'static str,
        /// By how much since the stream began.
        grown: u64,
        /// Its value.
        total: u64,
    },
    /// A setting's value.
    Setting {
        /// The name below net.mptcp.
        name: &'static str,
        /// The value.
        value: String,
    },
    /// A limit: subflows beside the initial one, or announced addresses that are accepted.
    Limit {
        /// Whether it is that of subflows.
        subflows: bool,
        /// Its value.
        value: u32,
    },
    /// A connection has this many subflows beside the initial one.
    Slots {
        /// The peer.
        peer: SocketAddr,
        /// How many there are.
        used: u32,
        /// How many there may be.
        most: u32,
    },
    /// A connection goes on as plain TCP.
    FellBack {
        /// The peer.
        peer: SocketAddr,
        /// Whether the peer had spoken MPTCP.
        peer_spoke: bool,
    },
    /// A connection to a peer has no subflow from an address.
    NoSubflow {
        /// The address.
        from: IpAddr,
        /// The peer.
        peer: SocketAddr,
    },
    /// A subflow waits for an answer to its SYN.
    Waiting {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// A subflow's data is not acknowledged.
    Unacknowledged {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
        /// For how long, ms.
        for_ms: Option<u32>,
    },
    /// Where packets go.
    Way {
        /// From this address.
        from: IpAddr,
        /// To this one.
        to: IpAddr,
        /// There.
        way: Way,
        /// The name of the interface in it.
        interface: Option<String>,
    },
    /// A rule is there.
    Rule(RoutingRule),
    /// A route is there.
    Route(RouteEntry),
    /// Nobody answers for an address on a link.
    NoNeighbour {
        /// The address.
        address: IpAddr,
        /// The interface.
        interface: String,
    },
    /// An endpoint is there.
    Endpoint(Endpoint),
    /// An interface has an address.
    HasAddress {
        /// The interface.
        interface: String,
        /// The address.
        address: IpAddr,
    },
    /// No interface has an address.
    AddressMissing(IpAddr),
    /// The device with this number is gone.
    DeviceGone(u32),
    /// An address is not like others.
    AddressIs {
        /// The address.
        address: IpAddr,
        /// The interface.
        interface: String,
        /// How it is.
        state: AddressState,
    },
    /// An interface is down: set down, or without a carrier.
    InterfaceDown {
        /// The interface.
        interface: String,
        /// Whether it is set up.
        set_up: Option<bool>,
    },
    /// The reverse-path filter of an interface.
    Filter {
        /// The interface.
        interface: String,
        /// `rp_filter` in force.
        value: u8,
    },
    /// A subflow ended.
    Ended {
        /// This host's address and port.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
        /// Whether it was established.
        was_established: bool,
        /// The error, an errno.
        error: Option<u32>,
        /// The reason in MP_TCPRST.
        reset_reason: Option<u32>,
    },
    /// The peer announced an address.
    Announced(SocketAddr),
    /// A program runs, or none of these does.
    Runs(Vec<String>),
    /// A subflow is a backup.
    IsBackup {
        /// This host's address and port.
        local: SocketAddr,
        /// This host asked for it.
        here: bool,
        /// The peer did.
        there: bool,
    },
    /// A subflow's round-trip time, µs.
    Rtt {
        /// The interface, or the address.
        path: String,
        /// The time.
        rtt_us: u32,
    },
    /// How many connections are on plain TCP.
    PlainTcp(u32),
}

/// One thing that is found, of one subject and one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is violated.
    pub rule: RuleName,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// What mends it, line by line for a shell of root; empty where nothing on this machine does.
    pub commands: Vec<String>,
    /// For which connections.
    pub concerns: Concerns,
}

impl Finding {
    /// A problem for all connections, without evidence and commands yet.
    pub fn problem(rule: RuleName, subject: Subject) -> Self {
        Self {
            rule,
            severity: Severity::Problem,
            subject,
            evidence: Vec::new(),
            commands: Vec::new(),
            concerns: Concerns::All,
        }
    }

    /// The same, of another severity.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// With what was seen.
    #[must_use]
    pub fn seen(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// With what mends it.
    #[must_use]
    pub fn mended_by(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.commands.extend(commands);
        self
    }

    /// For some connections only.
    #[must_use]
    pub fn concerning(self, concerns: Concerns) -> Self {
        Self { concerns, ..self }
    }
}

/// Why a rule cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotTell {
    /// The stream does not hold routes and rules: too many, or an older version wrote it.
    NoRoutes,
    /// It is not known which programs run.
    NoManagers,
    /// The kernel's own events are not heard.
    NoEvents,

    /// The stream does not tell how the kernel filters by the way back.
    NoFilter,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was looked at, and holds or does not apply.
    Holds,
    /// It is violated.
    Violated(Vec<Finding>),
    /// It cannot be told.
    CannotTell(CannotTell),
}

impl From<Vec<Finding>> for Verdict {
    fn from(findings: Vec<Finding>) -> Self {
        if findings.is_empty() {
            Self::Holds
        } else {
            Self::Violated(findings)
        }
    }
}

impl From<Option<Finding>> for Verdict {
    fn from(finding: Option<Finding>) -> Self {
        Self::from(finding.into_iter().collect::<Vec<_>>())
    }
}
