//! The MPTCP sockets and subflows of one reading.

use crate::wire::sock_diag::{MptcpSocket, TCP_CLOSE, TCP_LISTEN, TcpSocket};

/// What one reading gave; reused from reading to reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketTable {
    /// MPTCP sockets that have a peer, by cookie.
    pub connections: Vec<MptcpSocket>,
    /// MPTCP sockets that listen, or that are not connected yet, by cookie.
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

/// Room to sort in, reused.
#[derive(Default)]
pub(super) struct Order(Vec<(u64, u32)>);

impl Order {
    /// Moves `read` to `sorted`, by cookie and each cookie once: the last, which is the latest. The structs are large,
    /// so their places are sorted and each is copied once.
    pub(super) fn settle<T: Copy>(
        &mut self,
        read: &mut Vec<T>,
        cookie: impl Fn(&T) -> u64,
        sorted: &mut Vec<T>,
    ) {
        sorted.clear();
        if read.is_sorted_by(|a, b| cookie(a) < cookie(b)) {
            std::mem::swap(read, sorted);
            return;
        }
        self.0.clear();
        self.0.extend(
            (0_u32..)
                .zip(read.iter())
                .map(|(place, item)| (cookie(item), place)),
        );
        self.0.sort_unstable();
        let mut last = None;
        for (cookie, place) in &self.0 {
            let Some(item) = usize::try_from(*place).ok().and_then(|place| read.get(place)) else {
                continue;
            };
            if last == Some(*cookie) {
                sorted.pop();
            }
            sorted.push(*item);
            last = Some(*cookie);
        }
        read.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_cookie_wins() {
        let mut sorted = vec![(9, 'x')];
        let mut read = vec![(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd'), (1, 'e'), (3, 'f')];
        Order::default().settle(&mut read, |item| item.0, &mut sorted);
        assert_eq!(sorted, [(1, 'e'), (2, 'd'), (3, 'f')]);
        assert!(read.is_empty());
    }

    #[test]
    fn what_is_in_order_is_left_alone() {
        let mut sorted = vec![(9, 'x')];
        let mut read = vec![(1, 'a'), (2, 'b')];
        Order::default().settle(&mut read, |item| item.0, &mut sorted);
        assert_eq!(sorted, [(1, 'a'), (2, 'b')]);
    }
}
