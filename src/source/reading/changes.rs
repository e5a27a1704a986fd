//! What is known to have changed since the reading before, besides what the readings show.

use std::net::SocketAddr;

use rustc_hash::FxHashSet;

/// What the kernel's events and /proc told since the reading before.
#[derive(Default)]
pub(in crate::source) struct Changes {
    /// Tokens of connections that were made.
    pub(in crate::source) connections_created: FxHashSet<u32>,
    /// Tokens of connections that closed.
    pub(in crate::source) connections_closed: FxHashSet<u32>,
    /// Local and remote address of subflows that closed.
    pub(in crate::source) subflows_closed: FxHashSet<(SocketAddr, SocketAddr)>,
    /// Local and remote address of subflows that came up, and the interface that they may be bound to.
    pub(in crate::source) subflows_established: Vec<(SocketAddr, SocketAddr, Option<String>)>,
    /// Connections of which something besides the socket became known, by inode.
    pub(in crate::source) inodes: FxHashSet<u32>,
    /// The same, by token.
    pub(in crate::source) tokens: FxHashSet<u32>,
}

impl Changes {
    /// Adds what another one tells.
    pub(in crate::source) fn merge(&mut self, other: Self) {
        self.connections_created.extend(other.connections_created);
        self.connections_closed.extend(other.connections_closed);
        self.subflows_closed.extend(other.subflows_closed);
        self.subflows_established.extend(other.subflows_established);
        self.inodes.extend(other.inodes);
        self.tokens.extend(other.tokens);
    }

    /// Whether the kernel told of a connection or subflow that came or went.
    pub(in crate::source) fn has_events(&self) -> bool {
        !(self.connections_created.is_empty()
            && self.connections_closed.is_empty()
            && self.subflows_closed.is_empty()
            && self.subflows_established.is_empty())
    }
}
