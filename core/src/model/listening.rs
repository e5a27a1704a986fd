//! MPTCP sockets that listen.

use serde::{Deserialize, Serialize};

use super::{Cookie, Process, SocketAddr};

/// An MPTCP socket that listens, with the queue of connections that nobody has accepted yet. It is no connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListeningSocket {
    /// The identity of the MPTCP socket.
    pub cookie: Cookie,
    /// This host's address and port.
    pub local: SocketAddr,
    /// The interface that it is bound to.
    #[serde(default)]
    pub interface: Option<String>,
    /// Connections that are established and that nobody has accepted yet (`sk_ack_backlog`; Recv-Q in `ss -Ml`).
    pub accept_queue: Option<u32>,
    /// How many may wait so before further ones are dropped: listen(2)'s backlog, within net.core.somaxconn
    /// (`sk_max_ack_backlog`; Send-Q in `ss -Ml`).
    pub backlog: Option<u32>,
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
}

impl ListeningSocket {
    /// Whether the next connection is dropped: the kernel takes one more than the backlog (`sk_acceptq_is_full`,
    /// include/net/sock.h).
    pub fn is_full(&self) -> bool {
        let both = self.accept_queue.zip(self.backlog);
        both.is_some_and(|(waiting, most)| waiting > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_full_with_one_more_than_its_backlog() {
        let listening = |accept_queue, backlog| ListeningSocket {
            accept_queue,
            backlog,
            ..ListeningSocket::default()
        };
        assert!(!listening(Some(4), Some(4)).is_full());
        assert!(listening(Some(5), Some(4)).is_full());
        assert!(!listening(None, Some(4)).is_full());
    }
}
