//! MPTCP connections and their subflows, as counters and state at one instant.

use serde::{Deserialize, Serialize};

use super::metric::{Metric, metric, with_numbers};
use super::{ConnectionId, Cookie, Scope, Sequence, Shared, SocketAddr, Token};
use crate::metrics::{Context, mptcp_info, tcp_info};

/// States of a TCP socket (include/net/tcp_states.h; RFC 9293, 3.3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TcpState {
    /// Data may flow.
    Established,
    /// A SYN was sent and not answered yet.
    SynSent,
    /// A SYN was answered, the final ACK is missing.
    SynRecv,
    /// Closed here, the FIN is not acknowledged.
    FinWait1,
    /// Closed here, the FIN is acknowledged.
    FinWait2,
    /// Closed on both sides, waiting for stray segments.
    TimeWait,
    /// Closed.
    Close,
    /// Closed by the peer.
    CloseWait,
    /// Closed on both sides, the last FIN is not acknowledged.
    LastAck,
    /// Waiting for connections.
    Listen,
    /// Closed on both sides at once.
    Closing,
    /// A request that has no full socket yet (TCP_NEW_SYN_RECV).
    NewSynRecv,
    /// Bound, but neither connected nor listening (TCP_BOUND_INACTIVE, Linux 6.8).
    BoundInactive,
    /// A state that this version does not know.
    #[default]
    Unknown,
}

impl TcpState {
    /// The state with the kernel's number (include/net/tcp_states.h).
    pub fn from_kernel(number: u8) -> Self {
        match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 => Self::SynRecv,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            12 => Self::NewSynRecv,
            13 => Self::BoundInactive,
            _ => Self::Unknown,
        }
    }

    /// Whether the end has begun: no new data is carried. A subflow that was closed while its path was dead lingers
    /// so, sending its FIN again until it gives up.
    pub fn is_ending(self) -> bool {
        matches!(
            self,
            Self::FinWait1 | Self::FinWait2 | Self::Closing | Self::LastAck | Self::TimeWait | Self::Close
        )
    }
}

/// How a subflow was found to belong to its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinedBy {
    /// By the connection's token in the subflow's own data: certain.
    Token,
    /// By the inode that both share: inferred, where the kernel hides the token.
    #[default]
    Inode,
}

/// How a subflow's interface is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceBy {
    /// The socket is bound to it.
    Bound,
    /// The kernel routes its packets over it; where no route is left, over which it last did.
    Route,
    /// It has, or last had, the local address; no route is known.
    Address,
}

/// A process that holds a connection's socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Process id, in Pathscope's own pid namespace.
    pub pid: u32,
    /// The name in /proc/PID/comm.
    pub name: String,
}

/// A [`Connection`] with the rows of its table.
macro_rules! connection {
    ($(#[doc = $meaning:literal] $field:ident: $type:ident $row:tt)*) => {
        with_numbers! {
            /// One MPTCP connection: `struct mptcp_info` (include/uapi/linux/mptcp.h) and what belongs to it.
            /// Counters are bytes at the data level, each counted once however many subflows carried it.
            pub struct Connection {
                /// The cookie of the MPTCP socket, as in `ss -e`; on a server many have one.
                pub cookie: Cookie,
                /// `mptcpi_token`: with the addresses, where there is none, what the connection is known by.
                pub token: Option<Token>,
                /// The inode of the socket, as in /proc/PID/fd; `None` when no process holds it any more.
                pub inode: Option<u32>,
                /// The user who made the socket.
                pub uid: Option<u32>,
                /// The name of that user.
                pub user: Option<String>,
                /// Who holds the socket, where /proc may be read; of several the one that is likely to use it.
                pub process: Option<Process>,
                /// All that hold it, where these are several; oldest first.
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                pub processes: Vec<Process>,
                /// The state of the MPTCP socket.
                pub state: TcpState,
                /// This host's address and port of the initial subflow.
                pub local: SocketAddr,
                /// The peer's address and port of the initial subflow.
                pub remote: SocketAddr,
                /// The interface to whose link these addresses belong, where they are link-local and it is known.
                pub scope: Option<Scope>,
                /// Whether this host accepted the connection; known from events only.
                pub server_side: Option<bool>,
                /// Memory, bytes, that data which came in takes until the application reads it (`sk_rmem_alloc`; Recv-Q
                /// in `ss -M`).
                #[serde(default)]
                pub receive_queue: Option<u32>,
            }
            $(#[doc = $meaning] $field: $type $row)*
            last {
                /// The subflows, in order of cookie. Every copy shares them.
                pub subflows: Vec<Shared<Subflow>>,
            }
        }

        impl Connection {
            /// Every number that the kernel tells of it.
            pub const METRICS: &[Metric<Self>] = &[$(metric!($field, $meaning, $row, $field)),*];
        }
    };
}

mptcp_info::rows!(connection);

/// What a connection is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionKey {
    /// Its token.
    pub token: Option<Token>,
    /// This host's address and port of the initial subflow.
    pub local: SocketAddr,
    /// The peer's address and port of the initial subflow.
    pub remote: SocketAddr,
}

impl ConnectionKey {
    /// The same, small enough to keep many.
    pub fn id(&self) -> ConnectionId {
        let end = |end: SocketAddr| (end.ip(), end.port());
        ConnectionId::new(self.token, end(self.local), end(self.remote))
    }
}

impl Connection {
    /// Takes every number that the kernel knows out of the bytes of `struct mptcp_info`.
    pub fn read(&mut self, info: &[u8], context: Context) {
        self.read_numbers(info, context);
    }

    /// What it is known by.
    pub fn key(&self) -> ConnectionKey {
        ConnectionKey {
            token: self.token,
            local: self.local,
            remote: self.remote,
        }
    }

    /// What it is known by, small enough to keep many.
    pub fn id(&self) -> ConnectionId {
        self.key().id()
    }

    /// Bytes that the application wrote and the peer has not acknowledged, those that were not sent yet included. After
    /// a fallback the data level does not tell it.
    pub fn outstanding(&self) -> Option<u64> {
        let both = self.write_seq.zip(self.snd_una);
        both.filter(|_| self.fallback != Some(true))
            .map(|(written, acked)| written.since(acked))
    }

    /// Bytes that it sent: as its own counter tells, else what its subflows sent and the peer acknowledged.
    pub fn sent_bytes(&self) -> u64 {
        let sum = || {
            let subflows = self.subflows.iter();
            subflows.filter_map(|subflow| subflow.bytes_acked).sum()
        };
        self.bytes_sent.unwrap_or_else(sum)
    }

    /// Bytes that it received, in the same way.
    pub fn received_bytes(&self) -> u64 {
        let sum = || {
            let subflows = self.subflows.iter();
            subflows.filter_map(|subflow| subflow.bytes_received).sum()
        };
        self.bytes_received.unwrap_or_else(sum)
    }

    /// Whether it lives without any subflow that could carry its data. Of one that no process has accepted yet the
    /// subflows may be hidden, and nothing is said.
    pub fn has_no_path(&self) -> bool {
        let lives = matches!(self.state, TcpState::Established | TcpState::CloseWait);
        lives && self.inode.is_some() && self.living_subflows().next().is_none()
    }

    /// Its subflows without those that are closed: over a dead path a closed one lingers for minutes, and carries
    /// nothing.
    pub fn living_subflows(&self) -> impl Iterator<Item = &Shared<Subflow>> {
        let subflows = self.subflows.iter();
        subflows.filter(|subflow| !subflow.state.is_ending())
    }
}

/// A [`Subflow`] with the rows of its table.
macro_rules! subflow {
    (
        usual { $(#[doc = $meaning:literal] $field:ident: $type:ident $row:tt)* }
        details { $(#[doc = $more_meaning:literal] $more:ident: $more_type:ident $more_row:tt)* }
    ) => {
        with_numbers! {
            /// One subflow: `struct tcp_info` (include/uapi/linux/tcp.h) and its MPTCP part.
            pub struct Subflow {
                /// The identity of the TCP socket.
                pub cookie: Cookie,
                /// This host's address and port.
                pub local: SocketAddr,
                /// The peer's address and port.
                pub remote: SocketAddr,
                /// The interface to whose link these addresses belong, where they are link-local and it is known.
                pub scope: Option<Scope>,
                /// The interface whose link its packets use.
                pub interface: Option<String>,
                /// How that is known; `None` when it is not.
                #[serde(default)]
                pub interface_by: Option<InterfaceBy>,
                /// The interface that has the local address, where its packets use the link of another one. `None` where
                /// they use its own, or stay on this host.
                #[serde(default)]
                pub address_interface: Option<String>,
                /// How it was found to belong to its connection.
                pub joined_by: JoinedBy,
                /// The state of the TCP socket.
                pub state: TcpState,
                /// Whether the connection began with it (MP_CAPABLE), or it joined (MP_JOIN).
                pub initial: Option<bool>,
                /// This host's address id (RFC 8684, 3.4.1).
                pub local_id: Option<u8>,
                /// The peer's address id.
                pub remote_id: Option<u8>,
                /// This host asked the peer to use it as backup only.
                pub backup_local: Option<bool>,
                /// The peer asked this host to use it as backup only.
                pub backup_remote: Option<bool>,
                /// `backup_local` is what its endpoint asks for, because the kernel keeps the subflow's own flags from
                /// this user.
                #[serde(default, skip_serializing_if = "std::ops::Not::not")]
                pub backup_inferred: bool,
            }
            $(#[doc = $meaning] $field: $type $row)*
            last {
                /// What else the kernel tells of it. Every copy shares it.
                #[serde(flatten)]
                pub details: Shared<SubflowDetails>,
            }
        }

        with_numbers! {
            /// What is told of a subflow and shown, and used for nothing else here.
            pub struct SubflowDetails {}
            $(#[doc = $more_meaning] $more: $more_type $more_row)*
            last {}
        }

        impl Subflow {
            /// Every number that the kernel tells of it.
            pub const METRICS: &[Metric<Self>] = &[
                $(metric!($field, $meaning, $row, $field),)*
                $(metric!($more, $more_meaning, $more_row, details.$more),)*
            ];
        }
    };
}

tcp_info::rows!(subflow);

impl Connection {
    /// How many processes besides [`Self::process`] hold the socket.
    pub fn other_processes(&self) -> usize {
        self.processes.len().saturating_sub(1)
    }
}

impl Subflow {
    /// Takes every number that the kernel knows out of the bytes of `struct tcp_info`.
    pub fn read(&mut self, info: &[u8], context: Context) {
        self.read_numbers(info, context);
        let mut details = SubflowDetails::default();
        details.read_numbers(info, context);
        self.details = details.into();
    }

    /// The interface whose address it uses, which need not be the one that carries it.
    pub fn address_owner(&self) -> Option<&str> {
        self.address_interface.as_deref().or(self.interface.as_deref())
    }

    /// Whether either side asked for it to be used as backup only.
    pub fn is_backup(&self) -> bool {
        self.backup_local == Some(true) || self.backup_remote == Some(true)
    }
}
impl Connection {
    /// So long has gone by since it was read, ms, in which nothing happened to it: what counts the time since something
    /// grows, its subflows' as well. In a stream that alone is no change.
    pub fn grow_older(&mut self, ms: u32) {
        let grow = |since: [&mut Option<u32>; 3]| {
            for one in since.into_iter().flatten() {
                *one = one.saturating_add(ms);
            }
        };
        grow([
            &mut self.last_data_sent_ms,
            &mut self.last_data_received_ms,
            &mut self.last_ack_received_ms,
        ]);
        for subflow in &mut self.subflows {
            let subflow: &mut Subflow = subflow;
            grow([
                &mut subflow.last_data_sent_ms,
                &mut subflow.last_data_received_ms,
                &mut subflow.last_ack_received_ms,
            ]);
        }
    }
}
