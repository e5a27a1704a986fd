//! The connections of an application that has many of them, kept by one thread: each asks now and then, some are
//! replaced after a while.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;

use super::scenario::Habit;
use super::sockets;

/// How often the thread looks at its connections.
const TICK: Duration = Duration::from_millis(50);
/// How long a connection may take to be opened, and an answer to come.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How long to wait before the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// How far apart the first connections begin: a link loses what comes all at once.
const BETWEEN_OPENINGS: Duration = Duration::from_millis(2);
/// The least pause between the questions of one connection, for each connection that there is.
const MIN_PAUSE_EACH: Duration = Duration::from_millis(40);
/// The first words of a connection: enough for the kernel to open further subflows, and no burden when all begin at
/// once.
const GREETING: [u8; 8] = [b'.'; 8];
/// The longest question.
const QUESTION: [u8; 1024] = [b'?'; 1024];

/// Keeps this many connections, for ever.
pub(super) fn run(from: IpAddr, to: SocketAddr, connections: usize, habit: Habit) -> ! {
    // However many they are, the links can take what they ask for.
    let busy = MIN_PAUSE_EACH.saturating_mul(u32::try_from(connections).unwrap_or(u32::MAX));
    let habit = Habit {
        pause: habit.pause.max(busy),
        ..habit
    };
    let begun = Instant::now();
    let mut clients: Vec<_> = std::iter::successors(Some(begun), |due| Some(*due + BETWEEN_OPENINGS))
        .take(connections)
        .map(|due| Client {
            stage: Stage::Closed,
            due,
            questions: 0,
            listens_until: begun,
        })
        .collect();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let now = Instant::now();
        for (number, client) in clients.iter_mut().enumerate() {
            let peer = sockets::neighbour(to, number % habit.peers);
            if client.turn(now, habit, &mut buffer, || open(from, peer)).is_err() {
                // The server going away, or every path for a long time, is no reason to stop.
                client.stage = Stage::Closed;
                client.due = now + RETRY_AFTER;
            }
        }
        thread::sleep(TICK.saturating_sub(now.elapsed()));
    }
}

/// Begins a connection, from another address where this one has no network.
fn open(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let begin = |from| {
        let socket = sockets::socket(from, to)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&to.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
            _ => Ok(TcpStream::from(socket)),
        }
    };
    begin(from).or_else(|_| begin(sockets::anywhere(from)))
}

/// How far a connection is.
enum Stage {
    Closed,
    /// Begun then, and silent so far.
    Opening(TcpStream, Instant),
    Open(TcpStream),
}

/// One of the connections.
struct Client {
    stage: Stage,
    /// When it does something next.
    due: Instant,
    /// How many questions it still has.
    questions: u32,
    /// Until when an answer may come.
    listens_until: Instant,
}

impl Client {
    /// Does what is due.
    fn turn(
        &mut self,
        now: Instant,
        habit: Habit,
        buffer: &mut [u8],
        open: impl FnOnce() -> io::Result<TcpStream>,
    ) -> io::Result<()> {
        if let Stage::Open(stream) = &self.stage
            && now <= self.listens_until
        {
            listen(stream, buffer)?;
        }
        if now < self.due {
            return Ok(());
        }
        self.stage = match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Closed => Stage::Opening(open()?, now),
            Stage::Opening(stream, begun) => {
                if say(&stream, &GREETING)? {
                    self.listens_until = now + ANSWER_TIMEOUT;
                    self.due = now + habit.pause.mul_f64(fastrand::f64());
                    self.questions = habit
                        .questions
                        .map_or(u32::MAX, |(least, most)| fastrand::u32(least..=most));
                    Stage::Open(stream)
                } else if now.duration_since(begun) > ANSWER_TIMEOUT {
                    return Err(ErrorKind::TimedOut.into());
                } else {
                    Stage::Opening(stream, begun)
                }
            }
            // The next one is begun before this one goes.
            Stage::Open(_) if self.questions == 0 => Stage::Opening(open()?, now),
            Stage::Open(stream) => {
                let (least, most) = habit.question;
                let length = fastrand::usize(least..=most);
                // A path that is gone holds a question up; the next one comes later.
                say(&stream, QUESTION.get(..length).unwrap_or(&QUESTION))?;
                self.questions -= 1;
                self.listens_until = now + ANSWER_TIMEOUT;
                self.due = now + habit.pause.mul_f64(fastrand::f64());
                Stage::Open(stream)
            }
        };
        Ok(())
    }
}

/// Whether it could be said: not before the connection is open.
fn say(mut stream: &TcpStream, words: &[u8]) -> io::Result<bool> {
    match stream.write(words) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes what came.
fn listen(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    match stream.read(buffer) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}
