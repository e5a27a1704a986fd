//! From a joined reading to the model.

use std::collections::HashSet;
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::table::{Entry, Row};
use crate::model::{Connection, Cookie, Interface, Process, Subflow, TcpState, Token};
use crate::wire::sock_diag as flag;

/// `tcpi_snd_ssthresh` while it is not set (TCP_INFINITE_SSTHRESH, include/net/tcp.h).
const NO_SSTHRESH: u32 = 0x7fff_ffff;

/// What is known of connections besides their sockets.
#[derive(Default)]
pub(super) struct Surroundings {
    /// Device names by interface index.
    names: FxHashMap<u32, String>,
    /// Device names by address.
    owners: FxHashMap<IpAddr, String>,
    /// Processes by the inode of a socket that they hold.
    pub(super) processes: FxHashMap<u32, Process>,
    /// Names of users by id.
    pub(super) users: FxHashMap<u32, String>,
    /// Whether this host accepted a connection, by token.
    pub(super) server_side: FxHashMap<u32, bool>,
}

impl Surroundings {
    /// Takes the interfaces as they are now. An address that went with its interface stays known by its last
    /// owner, so that a subflow over a dead interface keeps its name.
    pub(super) fn take_interfaces(&mut self, interfaces: &[Interface]) {
        for interface in interfaces {
            self.names.insert(interface.index, interface.name.clone());
            for owned in &interface.addresses {
                self.owners.insert(owned.address, interface.name.clone());
            }
        }
    }

    /// Keeps the owners of addresses in use only, and the names of the interfaces that are there.
    pub(super) fn forget_addresses(&mut self, used: &HashSet<IpAddr>, interfaces: &[Interface]) {
        self.owners.retain(|address, _| used.contains(address));
        self.names.clear();
        self.take_interfaces(interfaces);
    }

    /// The interface that a subflow is bound to, else the one that owns its local address.
    fn interface_of(&self, row: Row<'_>) -> Option<String> {
        let bound = self.names.get(&row.socket.interface_index);
        bound.or_else(|| self.owners.get(&row.socket.local.ip())).cloned()
    }

    pub(super) fn connection<'a>(&self, entry: &Entry, rows: impl Iterator<Item = Row<'a>>) -> Connection {
        let socket = &entry.socket;
        let held = socket.inode != 0;
        let state = TcpState::from_kernel(socket.state);
        Connection {
            cookie: Cookie(socket.cookie),
            token: socket.token.map(Token),
            inode: held.then_some(socket.inode),
            uid: held.then_some(socket.uid),
            user: self.users.get(&socket.uid).filter(|_| held).cloned(),
            process: self.processes.get(&socket.inode).cloned(),
            state,
            local: socket.local,
            remote: socket.remote,
            server_side: socket
                .token
                .and_then(|token| self.server_side.get(&token))
                .copied(),
            // Before the peer has answered nobody knows.
            fallback: socket
                .flags
                .filter(|_| state != TcpState::SynSent)
                .map(|flags| flags & flag::INFO_FLAG_FALLBACK != 0),
            extra_subflows: socket.extra_subflows,
            extra_subflows_max: socket.extra_subflows_max,
            add_addr_accepted: socket.add_addr_accepted,
            add_addr_accepted_max: socket.add_addr_accepted_max,
            add_addr_signal: socket.add_addr_signal,
            bytes_sent: socket.bytes_sent,
            bytes_acked: socket.bytes_acked,
            bytes_received: socket.bytes_received,
            bytes_retrans: socket.bytes_retrans,
            subflows: rows.map(|row| self.subflow(row)).collect(),
        }
    }

    fn subflow(&self, row: Row<'_>) -> Subflow {
        let socket = row.socket;
        let has = |bits: u32| socket.flags.map(|flags| flags & bits != 0);
        Subflow {
            cookie: Cookie(socket.cookie),
            local: socket.local,
            remote: socket.remote,
            interface: self.interface_of(row),
            joined_by: row.joined_by,
            state: TcpState::from_kernel(socket.state),
            initial: has(flag::SUBFLOW_FLAG_JOIN_LOC | flag::SUBFLOW_FLAG_JOIN_REM).map(|joined| !joined),
            local_id: socket.local_id,
            remote_id: socket.remote_id,
            backup_local: has(flag::SUBFLOW_FLAG_BKUP_LOC),
            backup_remote: has(flag::SUBFLOW_FLAG_BKUP_REM),
            rtt_us: socket.rtt_us,
            rtt_var_us: socket.rtt_var_us,
            // ~0 until a first sample was taken (tcp_init_sock, minmax_reset).
            min_rtt_us: socket.min_rtt_us.filter(|rtt| *rtt != u32::MAX),
            cwnd: socket.cwnd,
            ssthresh: socket.ssthresh.filter(|threshold| *threshold < NO_SSTHRESH),
            mss: socket.mss,
            bytes_sent: socket.bytes_sent,
            bytes_acked: socket.bytes_acked,
            bytes_received: socket.bytes_received,
            bytes_retrans: socket.bytes_retrans,
            retrans: socket.retrans,
            retrans_total: socket.retrans_total,
            lost: socket.lost,
            unacked: socket.unacked,
            delivery_rate_bps: socket.delivery_rate.map(|bytes| bytes.saturating_mul(8)),
            pacing_rate_bps: socket
                .pacing_rate
                .filter(|bytes| *bytes != u64::MAX)
                .map(|bytes| bytes.saturating_mul(8)),
            snd_wnd: socket.snd_wnd,
            rto_us: socket.rto_us,
            backoff: socket.backoff,
            last_data_sent_ms: socket.last_data_sent_ms,
            last_data_received_ms: socket.last_data_received_ms,
            last_ack_received_ms: socket.last_ack_received_ms,
        }
    }
}
