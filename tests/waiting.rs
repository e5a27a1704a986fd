//! Where data and connections wait: the queue of a socket that listens, and what a receiver that does not read holds up,
//! as the kernel has them while real sockets fill.

mod hosts;

use std::io::Write as _;
use std::net::TcpListener;

use hosts::{Host, Pair, until};
use pathscope::model::{Connection, ListeningSocket, Sample, WaitReason};
use pathscope::source::Reader;
use socket2::Protocol;

/// More than both hosts' buffers hold.
const MORE_THAN_FITS: usize = 64 * 1024 * 1024;

fn read(host: &Host) -> Sample {
    host.run(|| Reader::new().and_then(|mut reader| reader.read(true)))
        .expect("a reading")
}

fn listening(sample: &Sample, port: u16) -> Option<&ListeningSocket> {
    let mut listeners = sample.listeners.iter();
    listeners.find(|listener| listener.local.port() == port)
}

fn only(sample: &Sample) -> Option<Connection> {
    let [connection] = sample.connections.as_slice() else {
        return None;
    };
    Some(connection.clone())
}

#[test]
fn a_socket_that_listens_shows_who_waits_and_how_many_may() {
    let Some(pair) = Pair::new() else { return };
    if !hosts::is_linux(5, 19) {
        return hosts::cannot_run("before Linux 5.19 MPTCP sockets that listen are not listed");
    }
    let listener: TcpListener = pair.server.listen(Protocol::MPTCP, "10.1.0.2:7000");
    let plain = pair.server.listen(Protocol::TCP, "10.1.0.2:7001");
    let sample = read(&pair.server);
    assert!(sample.connections.is_empty(), "what listens is no connection");
    assert_eq!(listening(&sample, 7001), None, "plain TCP is not ours");
    let quiet = listening(&sample, 7000).expect("it listens").clone();
    assert_eq!(
        (quiet.accept_queue, quiet.backlog, quiet.is_full()),
        (Some(0), Some(128), false)
    );
    assert_eq!(quiet.uid, Some(0));

    let clients: Vec<_> = (0..3)
        .map(|_| pair.client.connect(Protocol::MPTCP, "10.1.0.2:7000"))
        .collect();
    until("three to wait", || {
        let sample = read(&pair.server);
        let waiting = listening(&sample, 7000)?.accept_queue;
        (waiting == Some(3)).then_some(())
    });
    let accepted = listener.accept().expect("accept");
    until("two to wait", || {
        let sample = read(&pair.server);
        let waiting = listening(&sample, 7000)?.accept_queue;
        (waiting == Some(2)).then_some(())
    });
    drop((clients, accepted, plain, listener));
    until("it to be gone", || {
        listening(&read(&pair.server), 7000).is_none().then_some(())
    });
}

#[test]
fn samples_tell_what_listens_when_it_changes() {
    let Some(pair) = Pair::new() else { return };
    let address = "10.1.0.2:7000".parse().expect("an address");
    let (first, second, quiet, third, cookie) = pair.server.run(move || {
        let mut reader = Reader::new().expect("a reader");
        let first = reader.read(false).expect("a reading");
        let listener = hosts::listen(Protocol::MPTCP, address);
        let second = reader.read(false).expect("a reading");
        let quiet = reader.read(false).expect("a reading");
        let cookie = second.listeners.first().map(|listener| listener.cookie);
        drop(listener);
        let third = until("the socket to go", || {
            let sample = reader.read(false).expect("a reading");
            (!sample.listeners_gone.is_empty()).then_some(sample)
        });
        (first, second, quiet, third, cookie)
    });
    assert!(first.full && first.listeners.is_empty(), "{first:?}");
    assert_eq!(second.listeners.len(), 1, "{second:?}");
    assert!(quiet.listeners.is_empty() && quiet.listeners_gone.is_empty());
    assert_eq!(third.listeners_gone.first().copied(), cookie);
}

#[test]
fn a_peer_that_does_not_read_is_a_reason_to_wait_on_both_sides() {
    let Some(pair) = Pair::new() else { return };
    let (mut client, _server, _listener) = pair.connection(Protocol::MPTCP, "10.1.0.2:7000", "10.1.0.2:7000");
    client
        .set_nonblocking(true)
        .expect("a socket that does not block");
    let block = vec![0; 65536];
    let mut written = 0;
    let waits = until("the peer's window to close", || {
        while written < MORE_THAN_FITS
            && let Ok(length) = client.write(&block)
        {
            written += length;
        }
        let connection = only(&read(&pair.client))?;
        let reasons = connection.wait_reasons();
        reasons
            .contains(&WaitReason::PeerWindowClosed)
            .then_some(connection)
    });
    assert!(waits.outstanding().is_some_and(|bytes| bytes > 0), "{waits:?}");
    until("its time to be counted", || {
        let times = only(&read(&pair.client))?.hold_times();
        times.receiver_limited_us.is_some_and(|us| us > 0).then_some(())
    });
    let holds = only(&read(&pair.server)).expect("the server's end");
    assert!(holds.receive_queue.is_some_and(|bytes| bytes > 0), "{holds:?}");
}
