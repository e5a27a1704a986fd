//! The links themselves: one thread that takes frames in on one side, holds them as long as the link says, and lets
//! them out on the other.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::super::raw;

/// How much traffic may wait at the entrance of a link, in time; more is dropped.
const QUEUE: Duration = Duration::from_millis(60);
/// While traffic flows, how often the thread looks: frames that came within a tick share one wake-up.
const TICK: Duration = Duration::from_micros(500);
/// Larger than any frame of an Ethernet without offloads.
const FRAME: usize = 2048;
/// What an Ethernet frame costs on the wire beside its bytes.
const OVERHEAD: usize = 24;

/// The properties of a link, in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    /// One-way delay.
    pub(super) delay: Duration,
    /// Rate in bits a second.
    pub(super) rate_bps: f64,
    /// The share of frames that is lost, from 0 to 1.
    pub(super) loss: f64,
}

/// A link's number and its new shape.
pub(super) type Reshape = (usize, Shape);

struct Frame {
    due: Instant,
    bytes: Box<[u8]>,
}

/// When frames leave one direction of a link. Time and chance are given from outside.
struct Lane {
    shape: Shape,
    /// When the last accepted frame has gone through the entrance.
    free: Option<Instant>,
    queue: VecDeque<Frame>,
}

impl Lane {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            free: None,
            queue: VecDeque::new(),
        }
    }

    /// Takes a frame in, unless it is lost (`chance` is from 0 to 1) or the entrance is full.
    fn accept(&mut self, now: Instant, chance: f64, bytes: &[u8]) {
        if chance < self.shape.loss {
            return;
        }
        let begins = self.free.map_or(now, |free| free.max(now));
        if begins.duration_since(now) > QUEUE {
            return;
        }
        let bits = (bytes.len() + OVERHEAD) as f64 * 8.0;
        let through = begins + Duration::from_secs_f64(bits / self.shape.rate_bps);
        self.free = Some(through);
        let due = through + self.shape.delay;
        // Frames stay in order when the delay shrinks.
        let due = self.queue.back().map_or(due, |last| last.due.max(due));
        self.queue.push_back(Frame {
            due,
            bytes: bytes.into(),
        });
    }

    /// The next frame that is due.
    fn release(&mut self, now: Instant) -> Option<Box<[u8]>> {
        self.queue
            .pop_front_if(|frame| frame.due <= now)
            .map(|frame| frame.bytes)
    }

    fn next_due(&self) -> Option<Instant> {
        self.queue.front().map(|frame| frame.due)
    }
}

/// One direction of one link.
struct Direction {
    link: usize,
    from: Socket,
    to: Socket,
    lane: Lane,
}

impl Direction {
    /// Takes in what has come. True when something had.
    fn take_in(&mut self, now: Instant, buffer: &mut [u8]) -> bool {
        let mut any = false;
        // Errors other than "nothing there" come and go with the interface.
        while let Ok(length) = (&self.from).read(buffer) {
            any = true;
            if let Some(bytes) = buffer.get(..length) {
                self.lane.accept(now, fastrand::f64(), bytes);
            }
        }
        any
    }

    fn let_out(&mut self, now: Instant) {
        while let Some(bytes) = self.lane.release(now) {
            // A frame that the interface refuses is lost, as it would be on a real link.
            let _ = self.to.send(&bytes);
        }
    }
}

/// The links, ready to run in the namespace where their near and far interfaces are.
pub(super) struct Forwarder {
    directions: Vec<Direction>,
    reshapes: Receiver<Reshape>,
}

impl Forwarder {
    /// Opens the interfaces of this thread's namespace: a near one, a far one and a shape for each link.
    pub(super) fn open(links: &[(String, String, Shape)], reshapes: Receiver<Reshape>) -> io::Result<Self> {
        let mut directions = Vec::new();
        for (link, (near, far, shape)) in links.iter().enumerate() {
            let (near, far) = (raw::packet_socket(near)?, raw::packet_socket(far)?);
            for (from, to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
                directions.push(Direction {
                    link,
                    from,
                    to,
                    lane: Lane::new(*shape),
                });
            }
        }
        Ok(Self { directions, reshapes })
    }

    /// Forwards until the other end of the channel is gone.
    pub(super) fn run(mut self) {
        // The same losses every time, as far as the traffic is the same.
        fastrand::seed(1);
        let mut buffer = [0; FRAME];
        loop {
            loop {
                match self.reshapes.try_recv() {
                    Ok((link, shape)) => self.reshape(link, shape),
                    Err(crossbeam_channel::TryRecvError::Empty) => break,
                    Err(crossbeam_channel::TryRecvError::Disconnected) => return,
                }
            }
            let now = Instant::now();
            let mut busy = false;
            for direction in &mut self.directions {
                busy |= direction.take_in(now, &mut buffer);
            }
            for direction in &mut self.directions {
                direction.let_out(now);
            }
            let next = self
                .directions
                .iter()
                .filter_map(|direction| direction.lane.next_due())
                .min();
            if busy {
                pause(&mut [], Some(TICK));
            } else {
                self.wait(next.map(|due| due.saturating_duration_since(Instant::now())));
            }
        }
    }

    fn reshape(&mut self, link: usize, shape: Shape) {
        for direction in self
            .directions
            .iter_mut()
            .filter(|direction| direction.link == link)
        {
            direction.lane.shape = shape;
        }
    }

    /// Waits for a frame to come, or for one to be due.
    fn wait(&self, limit: Option<Duration>) {
        let sockets = self.directions.iter().map(|direction| direction.from.as_fd());
        let mut watched: Vec<_> = sockets
            .map(|socket| PollFd::new(socket, PollFlags::POLLIN))
            .collect();
        pause(&mut watched, limit);
    }
}

fn pause(watched: &mut [PollFd<'_>], limit: Option<Duration>) {
    // An interruption only makes the next look come early.
    let _ = ppoll(watched, limit.map(TimeSpec::from), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(delay_ms: u64, rate_bps: f64, loss: f64) -> Lane {
        Lane::new(Shape {
            delay: Duration::from_millis(delay_ms),
            rate_bps,
            loss,
        })
    }

    #[test]
    fn a_frame_leaves_after_its_time_on_the_wire_and_the_delay() {
        let start = Instant::now();
        // 976 bytes and their overhead are 8000 bits: 1 ms at 8 Mbit/s.
        let mut lane = lane(20, 8e6, 0.0);
        lane.accept(start, 0.5, &[0; 976]);
        lane.accept(start, 0.5, &[1; 976]);
        assert_eq!(lane.next_due(), Some(start + Duration::from_millis(21)));
        assert!(lane.release(start + Duration::from_millis(20)).is_none());
        assert!(lane.release(start + Duration::from_millis(21)).is_some());
        assert!(lane.release(start + Duration::from_millis(21)).is_none());
        assert!(lane.release(start + Duration::from_millis(22)).is_some());
    }

    #[test]
    fn a_full_entrance_drops_the_newest() {
        let start = Instant::now();
        let mut lane = lane(0, 8e6, 0.0);
        for _ in 0..100 {
            lane.accept(start, 0.5, &[0; 976]);
        }
        // The frames of 60 ms wait, and the one after them.
        assert_eq!(lane.queue.len(), 61);
    }

    #[test]
    fn chance_decides_what_is_lost() {
        let start = Instant::now();
        let mut lane = lane(0, 8e6, 0.1);
        lane.accept(start, 0.09, &[0; 100]);
        assert!(lane.queue.is_empty());
        lane.accept(start, 0.1, &[0; 100]);
        assert_eq!(lane.queue.len(), 1);
    }

    #[test]
    fn frames_stay_in_order_when_the_delay_shrinks() {
        let start = Instant::now();
        let mut lane = lane(50, 8e9, 0.0);
        lane.accept(start, 0.5, &[0; 100]);
        lane.shape.delay = Duration::ZERO;
        lane.accept(start, 0.5, &[1; 100]);
        assert_eq!(
            lane.release(start + Duration::from_millis(51)).as_deref(),
            Some([0; 100].as_slice())
        );
        assert_eq!(
            lane.release(start + Duration::from_millis(51)).as_deref(),
            Some([1; 100].as_slice())
        );
    }
}
