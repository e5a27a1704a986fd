//! The MPTCP sockets and subflows of one reading.

use std::net::SocketAddr;

use crate::model::{ConnectionId, Token};
use crate::wire::sock_diag::{MptcpSocket, TCP_CLOSE, TCP_LISTEN, TcpSocket};

/// What one reading gave; reused from reading to reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketTable {
    /// MPTCP sockets that have a peer, in order of id.
    pub connections: Vec<MptcpSocket>,
    /// MPTCP sockets that listen, or that are not connected yet.
    pub listeners: Vec<MptcpSocket>,
    /// TCP sockets that are subflows, as they were read: in no order, and under churn one may be there twice, of which
    /// the later is right.
    pub subflows: Vec<TcpSocket>,
    /// Established TCP sockets that are no subflows. A server's connection whose peer sent no MP_CAPABLE is one of
    /// these: the kernel gives it to the application as plain TCP. One that falls back later, or whose server knows
    /// no MPTCP, keeps its MPTCP socket and its only subflow and is among the connections, with the fallback flag.
    pub plain_tcp: u32,
}

/// Whether an MPTCP socket is a connection.
pub(super) fn is_connection(socket: &MptcpSocket) -> bool {
    let nowhere = socket.remote.port() == 0 && socket.remote.ip().is_unspecified();
    socket.state != TCP_LISTEN && !(socket.state == TCP_CLOSE && nowhere)
}

/// What tells a connection's socket from all others. Its cookie does not: an accepted socket has its listener's.
pub fn connection_id(socket: &MptcpSocket) -> ConnectionId {
    let end = |end: SocketAddr| (end.ip(), end.port());
    ConnectionId::new(socket.token.map(Token), end(socket.local), end(socket.remote))
}

/// Room to sort in, reused.
#[derive(Default)]
pub(super) struct Order(Vec<(ConnectionId, u32)>);

impl Order {
    /// Moves the connections in `read` to `sorted`, in order of id and each once: the last, which is the latest. The
    /// structs are large, so their places are sorted and each is copied once.
    pub(super) fn settle(&mut self, read: &mut Vec<MptcpSocket>, sorted: &mut Vec<MptcpSocket>) {
        sorted.clear();
        self.0.clear();
        self.0.extend(
            (0_u32..)
                .zip(read.iter())
                .map(|(place, socket)| (connection_id(socket), place)),
        );
        self.0.sort_unstable();
        let mut last = None;
        for (id, place) in &self.0 {
            let Some(socket) = usize::try_from(*place).ok().and_then(|place| read.get(place)) else {
                continue;
            };
            if last == Some(*id) {
                sorted.pop();
            }
            sorted.push(*socket);
            last = Some(*id);
        }
        read.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::mptcp_info::{MptcpInfo, mptcpi_bytes_sent};

    fn socket(token: u32, cookie: u64, sent: u64) -> MptcpSocket {
        MptcpSocket {
            token: Some(token),
            cookie,
            info: MptcpInfo::default().with(mptcpi_bytes_sent, sent),
            ..MptcpSocket::default()
        }
    }

    #[test]
    fn each_connection_is_there_once_as_it_was_read_last() {
        let mut sorted = vec![socket(9, 9, 9)];
        // Those of one listener have one cookie.
        let mut read = vec![
            socket(3, 5, 0),
            socket(1, 5, 0),
            socket(3, 5, 1),
            socket(2, 5, 0),
            socket(1, 5, 2),
        ];
        Order::default().settle(&mut read, &mut sorted);
        assert_eq!(sorted, [socket(1, 5, 2), socket(2, 5, 0), socket(3, 5, 1)]);
        assert!(read.is_empty());
    }
}
