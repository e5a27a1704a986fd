//! The applications at both ends: one that sends, and one that notes when something arrives, which is the truth.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use pathscope::kernel::Namespace;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::LIMIT;
use super::cell::{Flow, Role};
use super::network::{CLIENT, Hosts, SERVER, Side};

/// How often a steady application sends.
const BEAT: Duration = Duration::from_millis(5);
/// How many bytes each kbit/s makes in a beat, times 1000.
const BEAT_BYTES: u64 = 625;
/// The least that it sends at a time; at a low rate it sends more rarely.
const LEAST: u64 = 250;
/// A video's burst, how often it comes, and how much it is in a beat.
const BURST: Duration = Duration::from_millis(150);
const BURST_EVERY: Duration = Duration::from_millis(500);
const BURST_BEAT: usize = 6000;
/// A question, its answer, and the time until the next question.
const QUESTION: usize = 200;
const ANSWER: usize = 4000;
const THOUGHT: Duration = Duration::from_millis(10);
/// How long a read or a write waits before it looks whether it is to end.
const TURN: Duration = Duration::from_millis(100);
/// A buffer that is soon full.
const SMALL: usize = 64 * 1024;

/// Moments, and how much there was by then.
pub(crate) type Progress = Vec<(Instant, u64)>;

/// What goes one way.
#[derive(Default)]
pub(crate) struct Way {
    /// What was sent, counted before it is.
    pub(crate) written: Mutex<Progress>,
    /// What arrived.
    pub(crate) arrivals: Mutex<Progress>,
}

fn count(progress: &Mutex<Progress>, bytes: usize) {
    let mut progress = progress.lock().unwrap();
    let before = progress.last().map_or(0, |(_, total)| *total);
    progress.push((Instant::now(), before + bytes as u64));
}

/// What both applications share with the test.
#[derive(Default)]
pub(crate) struct Shared {
    /// To the receiver.
    pub(crate) data: Way,
    /// What the receiver asks.
    pub(crate) questions: Way,
    /// Whether the receiver does not read now.
    pub(crate) deaf: AtomicBool,
    /// Bytes a beat of a steady application; 0 rests.
    pub(crate) rate: AtomicU64,
    /// Whether the sender sends nothing now.
    rests: AtomicBool,
    stop: AtomicBool,
}

impl Shared {
    fn ends(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Writes it all, or less when it is to end.
    fn write(&self, mut stream: &TcpStream, way: &Way, mut data: &[u8]) -> Option<()> {
        count(&way.written, data.len());
        while !data.is_empty() {
            match stream.write(data) {
                Ok(count) => data = data.get(count..)?,
                Err(error) if waits(error.kind()) && !self.ends() => {}
                Err(_) => return None,
            }
        }
        Some(())
    }

    /// Reads something; `None` at the end.
    fn read(&self, mut stream: &TcpStream, way: &Way, buffer: &mut [u8]) -> Option<usize> {
        loop {
            match stream.read(buffer) {
                Ok(0) => return None,
                Ok(bytes) => {
                    count(&way.arrivals, bytes);
                    return Some(bytes);
                }
                Err(error) if waits(error.kind()) && !self.ends() => {}
                Err(_) => return None,
            }
        }
    }
}

fn waits(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Both applications at work.
pub(crate) struct Traffic {
    pub(crate) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Traffic {
    pub(crate) fn start(hosts: &Hosts, flow: Flow, role: Role, small: bool) -> Self {
        let shared: Arc<Shared> = Arc::default();
        let client_sends = role.is_client() == role.sends();
        let play = |sends: bool| {
            let shared = Arc::clone(&shared);
            move |stream: TcpStream| {
                stream.set_read_timeout(Some(TURN)).unwrap();
                stream.set_write_timeout(Some(TURN)).unwrap();
                stream.set_nodelay(true).unwrap();
                let _ = if sends {
                    send(&shared, &stream, flow)
                } else {
                    receive(&shared, &stream, flow)
                };
                // Until both are to end, the connection stays.
                while !shared.ends() {
                    thread::park_timeout(TURN);
                }
                // What was not delivered is not waited for.
                let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
        };
        let (listening, is_listening) = unbounded();
        let there = play(!client_sends);
        let server = inside(hosts.netns(Side::Server), move || {
            let socket = socket(small);
            socket.set_reuse_address(true).unwrap();
            // Also at an address that it announces.
            let port = address(SERVER).port();
            socket
                .bind(&SocketAddr::from(([0, 0, 0, 0], port)).into())
                .unwrap();
            socket.listen(8).unwrap();
            listening.send(()).unwrap();
            let (socket, _) = socket.accept().unwrap();
            there(TcpStream::from(socket));
        });
        is_listening.recv_timeout(LIMIT).unwrap();
        let here = play(client_sends);
        let client = inside(hosts.netns(Side::Client), move || {
            let socket = socket(small);
            socket.bind(&address(CLIENT).into()).unwrap();
            socket.connect(&address(SERVER).into()).unwrap();
            here(TcpStream::from(socket));
        });
        Self {
            shared,
            threads: vec![client, server],
        }
    }
}

impl Traffic {
    /// Lets the sender rest, or go on.
    pub(crate) fn rest(&self, on: bool) {
        self.shared.rests.store(on, Ordering::Relaxed);
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn inside(netns: &Path, work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let namespace = Namespace::open(&netns.to_string_lossy()).unwrap();
    thread::spawn(move || {
        namespace.enter().unwrap();
        work();
    })
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn socket(small: bool) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
    if small {
        socket.set_recv_buffer_size(SMALL).unwrap();
    }
    socket
}

fn send(shared: &Shared, stream: &TcpStream, flow: Flow) -> Option<()> {
    let data = vec![0; 1 << 16];
    let mut buffer = vec![0; 1 << 16];
    let begun = Instant::now();
    let mut due = begun;
    let mut number = 0_u64;
    if let Flow::Steady(kbps) = flow {
        let beat = kbps * BEAT_BYTES / 1000;
        shared.rate.store(beat, Ordering::Relaxed);
    }
    while !shared.ends() {
        if shared.rests.load(Ordering::Relaxed) {
            thread::park_timeout(BEAT);
            continue;
        }
        number += 1;
        // What a bad path held up is not made up for.
        due = due.max(Instant::now());
        match flow {
            Flow::Steady(_) => {
                let beat = shared.rate.load(Ordering::Relaxed);
                let beats = if beat == 0 { 1 } else { LEAST.div_ceil(beat).max(1) };
                let bytes = usize::try_from(beat * beats).ok()?;
                for part in data
                    .chunks(bytes.clamp(1, data.len()))
                    .take(usize::from(bytes > 0))
                {
                    shared.write(stream, &shared.data, part)?;
                }
                due += BEAT * u32::try_from(beats).ok()?;
            }
            Flow::Greedy => shared.write(stream, &shared.data, &data)?,
            Flow::Ask => {
                let mut asked = 0;
                while asked < QUESTION {
                    asked += shared.read(stream, &shared.questions, &mut buffer)?;
                }
                shared.write(stream, &shared.data, data.get(..ANSWER)?)?;
            }
            Flow::Keys => {
                // Now and then, and never twice the same.
                shared.write(
                    stream,
                    &shared.data,
                    data.get(..1 + usize::try_from(number * 7 % 30).ok()?)?,
                )?;
                due += Duration::from_millis(80 + number * 2_654_435_761 % 320);
            }
            Flow::Video => {
                shared.write(stream, &shared.data, data.get(..BURST_BEAT)?)?;
                due += BEAT;
                let bursts = u32::try_from((due - begun).as_millis() / BURST_EVERY.as_millis()).ok()?;
                let burst = begun + BURST_EVERY * bursts;
                if due - burst > BURST {
                    due = burst + BURST_EVERY;
                }
            }
            Flow::Idle => {
                if number == 1 {
                    shared.write(stream, &shared.data, data.get(..1000)?)?;
                }
                due += TURN;
            }
        }
        thread::park_timeout(due.saturating_duration_since(Instant::now()));
    }
    Some(())
}

fn receive(shared: &Shared, stream: &TcpStream, flow: Flow) -> Option<()> {
    let mut buffer = vec![0; 1 << 16];
    while !shared.ends() {
        if flow == Flow::Ask {
            shared.write(stream, &shared.questions, &[0; QUESTION])?;
            let mut got = 0;
            while got < ANSWER {
                got += shared.read(stream, &shared.data, &mut buffer)?;
            }
            thread::park_timeout(THOUGHT);
            continue;
        }
        shared.read(stream, &shared.data, &mut buffer)?;
        while shared.deaf.load(Ordering::Relaxed) && !shared.ends() {
            thread::park_timeout(Duration::from_millis(5));
        }
    }
    Some(())
}
