//! An application that sends a steady rate, and one that notes when something arrives: the truth.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use pathscope::lab::Lab;
use socket2::{Domain, Protocol, Socket, Type};

use super::{LIMIT, SERVER, inside};

/// How often the application sends.
const BEAT: Duration = Duration::from_millis(5);

/// When something arrived, and how much had arrived by then.
pub(crate) type Arrivals = Vec<(Instant, u64)>;

/// Both applications at work.
pub(crate) struct Traffic {
    pub(crate) arrivals: Arc<Mutex<Arrivals>>,
    /// Bytes a beat; 0 pauses.
    pub(crate) rate: Arc<AtomicU64>,
    /// How long the receiver waits after each reading, µs.
    pub(crate) slow: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    /// The receiver, which ends after the sender, and the sender.
    threads: Vec<JoinHandle<()>>,
}

type Part = Box<dyn FnOnce(TcpStream) + Send>;

/// Which way the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the host that is watched.
    Up,
    /// To it.
    Down,
}

impl Traffic {
    pub(crate) fn start(lab: &Lab, from: &str, bytes_a_beat: u64, way: Way) -> Self {
        let arrivals: Arc<Mutex<Arrivals>> = Arc::default();
        let rate = Arc::new(AtomicU64::new(bytes_a_beat));
        let (slow, stop): (Arc<AtomicU64>, Arc<AtomicBool>) = Default::default();
        let (listening, is_listening) = unbounded();
        let (noted, pause) = (Arc::clone(&arrivals), Arc::clone(&slow));
        let receive = move |stream: TcpStream| note(stream, &noted, &pause);
        let (beat, ends) = (Arc::clone(&rate), Arc::clone(&stop));
        let send = move |stream: TcpStream| feed(stream, &beat, &ends);
        let (here, there): (Part, Part) = match way {
            Way::Up => (Box::new(send), Box::new(receive)),
            Way::Down => (Box::new(receive), Box::new(send)),
        };
        let server = inside(&lab.server_netns(), move || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            socket.set_reuse_address(true).unwrap();
            socket
                .bind(&SERVER.parse::<SocketAddr>().unwrap().into())
                .unwrap();
            socket.listen(8).unwrap();
            listening.send(()).unwrap();
            let (socket, _) = socket.accept().unwrap();
            there(TcpStream::from(socket));
        });
        is_listening.recv_timeout(LIMIT).unwrap();
        let from: SocketAddr = from.parse().unwrap();
        let client = inside(&lab.netns(), move || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            socket.bind(&from.into()).unwrap();
            socket
                .connect(&SERVER.parse::<SocketAddr>().unwrap().into())
                .unwrap();
            here(TcpStream::from(socket));
        });
        let threads = match way {
            Way::Up => vec![server, client],
            Way::Down => vec![client, server],
        };
        Self {
            arrivals,
            rate,
            slow,
            stop,
            threads,
        }
    }

    /// How often something has arrived.
    pub(crate) fn count(&self) -> usize {
        self.arrivals.lock().unwrap().len()
    }

    /// The longest gap between two arrivals that overlaps a stretch of time and had ended by then.
    pub(crate) fn longest_gap(&self, from: Instant, to: Instant) -> Duration {
        let arrivals = self.arrivals.lock().unwrap();
        let gaps = arrivals.iter().zip(arrivals.iter().skip(1));
        gaps.filter(|(_, (b, _))| *b > from && *b <= to)
            .map(|((a, _), (b, _))| *b - *a)
            .max()
            .unwrap_or_default()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.slow.store(0, Ordering::Relaxed);
        for thread in self.threads.drain(..).rev() {
            let _ = thread.join();
        }
    }
}

/// Sends so much each beat until it is to end.
fn feed(mut stream: TcpStream, beat: &AtomicU64, ends: &AtomicBool) {
    let data = vec![0; 1 << 20];
    let mut due = Instant::now();
    while !ends.load(Ordering::Relaxed) {
        let bytes = usize::try_from(beat.load(Ordering::Relaxed)).unwrap();
        if stream.write_all(data.get(..bytes).unwrap()).is_err() {
            break;
        }
        // What a bad path held up is not made up for.
        due = (due + BEAT).max(Instant::now());
        thread::park_timeout(due.saturating_duration_since(Instant::now()));
    }
}

/// Receives until the other ends, and notes when.
fn note(mut stream: TcpStream, noted: &Mutex<Arrivals>, pause: &AtomicU64) {
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        total += count as u64;
        noted.lock().unwrap().push((Instant::now(), total));
        thread::park_timeout(Duration::from_micros(pause.load(Ordering::Relaxed)));
    }
}
