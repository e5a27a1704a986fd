//! The MPTCP sockets that listen, from one reading to the next.

use super::materialise::Surroundings;
use crate::model::{Cookie, ListeningSocket, Sample};
use crate::wire::sock_diag::{MptcpSocket, TCP_LISTEN};

/// Whether a socket without a peer listens. The others are not connected yet.
pub(super) fn is_listening(socket: &MptcpSocket) -> bool {
    socket.state == TCP_LISTEN
}

impl Surroundings {
    /// Those that listen among the sockets without a peer, in order of cookie, each once.
    pub(super) fn listeners(&self, sockets: &[MptcpSocket]) -> Vec<ListeningSocket> {
        let listening = sockets.iter().filter(|socket| is_listening(socket));
        let mut listeners: Vec<_> = listening.map(|socket| self.listener(socket)).collect();
        // The one that was read last is right.
        listeners.reverse();
        listeners.sort_by_key(|listener| listener.cookie);
        listeners.dedup_by_key(|listener| listener.cookie);
        listeners
    }

    fn listener(&self, socket: &MptcpSocket) -> ListeningSocket {
        let is_held = socket.inode != 0;
        let holders = self.processes.get(&socket.inode);
        let bound_to = Some(socket.interface_index).filter(|index| *index != 0);
        ListeningSocket {
            cookie: Cookie(socket.cookie),
            local: self.address(socket.local),
            interface: bound_to
                .and_then(|index| self.devices.name(index))
                .map(str::to_owned),
            accept_queue: Some(socket.receive_queue),
            backlog: Some(socket.send_queue),
            inode: is_held.then_some(socket.inode),
            uid: is_held.then_some(socket.uid),
            user: self.users.get(&socket.uid).filter(|_| is_held).cloned(),
            process: holders.and_then(|holders| holders.likely(None)).cloned(),
            processes: holders.map(crate::kernel::Holders::several).unwrap_or_default(),
        }
    }
}

/// Writes into a sample those that are new or changed, and those that are gone; into a full one all.
pub(super) fn write(before: &[ListeningSocket], now: &[ListeningSocket], sample: &mut Sample) {
    let is_new = |listener: &&ListeningSocket| sample.full || !before.contains(listener);
    sample.listeners = now.iter().filter(is_new).cloned().collect();
    let is_here = |cookie: Cookie| now.iter().any(|listener| listener.cookie == cookie);
    let gone = before.iter().map(|listener| listener.cookie);
    sample.listeners_gone = gone.filter(|cookie| !is_here(*cookie)).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(cookie: u64, state: u8, receive_queue: u32) -> MptcpSocket {
        MptcpSocket {
            cookie,
            state,
            receive_queue,
            send_queue: 16,
            ..MptcpSocket::default()
        }
    }

    #[test]
    fn each_that_listens_is_there_once_as_it_was_read_last() {
        let surroundings = Surroundings::default();
        let read = [
            socket(9, TCP_LISTEN, 0),
            socket(4, TCP_LISTEN, 1),
            socket(5, 7, 0),
            socket(9, TCP_LISTEN, 3),
        ];
        let found = surroundings.listeners(&read);
        let told: Vec<_> = found
            .iter()
            .map(|listener| (listener.cookie.0, listener.accept_queue, listener.backlog))
            .collect();
        assert_eq!(told, [(4, Some(1), Some(16)), (9, Some(3), Some(16))]);
        assert_eq!(found.first().and_then(|listener| listener.inode), None);
    }

    #[test]
    fn a_sample_tells_what_changed() {
        let surroundings = Surroundings::default();
        let before = surroundings.listeners(&[socket(1, TCP_LISTEN, 0), socket(2, TCP_LISTEN, 0)]);
        let now = surroundings.listeners(&[socket(2, TCP_LISTEN, 5), socket(3, TCP_LISTEN, 0)]);
        let mut sample = Sample::default();
        write(&before, &now, &mut sample);
        let cookies: Vec<_> = sample
            .listeners
            .iter()
            .map(|listener| listener.cookie.0)
            .collect();
        assert_eq!(cookies, [2, 3]);
        assert_eq!(sample.listeners_gone, [Cookie(1)]);
        let mut sample = Sample::default();
        write(&now, &now, &mut sample);
        assert!(sample.listeners.is_empty() && sample.listeners_gone.is_empty());
        sample.full = true;
        write(&now, &now, &mut sample);
        assert_eq!(sample.listeners.len(), 2);
    }
}
