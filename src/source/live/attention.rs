//! Which connections are looked at between two samples, and which of these looks are told.
//!
//! What carries data is looked at many times a second. As long as it goes on carrying, nothing of that is told: the looks
//! are kept back until the next sample. When delivery stops, or goes on again, those before and those after are told, so
//! that every reader of the stream knows between which two moments it happened.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Connection, Event, EventKind, Sample, Shared, Subflow, TcpState, Token};

/// The most connections that are looked at closely. Where a link is cut that thousands use, these stand for all.
const MOST: usize = 32;
/// From one look to the next while everything carries, and while something does not; seconds.
const CALM_S: f64 = 0.04;
const CLOSE_S: f64 = 0.02;
/// A connection that has moved nothing for so long is looked at no more, seconds.
const QUIET_S: f64 = 10.0;
/// The same with data that waits.
const WAITING_S: f64 = 30.0;
/// Delivery stands still when it has not moved for so long beyond what is usual, seconds.
const STANDS_S: f64 = 0.04;
/// What is usual is what was so for about this long, seconds; no pause longer than this is.
const USUAL_S: f64 = 10.0;
const LONGEST_S: f64 = 1.0;
/// Nothing has come in for so long that it may be over, seconds.
const RESTS_S: f64 = 3.0;
/// Who paused for so long begins anew, seconds.
const PAUSE_S: f64 = 0.06;
/// After something happened every look is told for so long, seconds.
const TOLD_S: f64 = 1.0;
/// The same after delivery stopped.
const STOPPED_S: f64 = 0.3;

/// What tells whether something was delivered, either way: at the data level where the kernel tells it, and by subflow
/// where a connection fell back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Delivered {
    data: [u64; 2],
    subflows: u64,
}

impl Delivered {
    fn of(connection: &Connection) -> Self {
        let by_data = [connection.snd_una, connection.rcv_nxt];
        let by_subflow = connection.subflows.iter().map(|subflow| {
            let (sent, received) = (subflow.bytes_acked, subflow.bytes_received);
            sent.unwrap_or(0).wrapping_add(received.unwrap_or(0))
        });
        let is_plain = connection.fallback == Some(true) || by_data == [None, None];
        Self {
            data: by_data.map(|at| at.map_or(0, |at| at.0)),
            subflows: if is_plain { by_subflow.sum() } else { 0 },
        }
    }
}

/// What became of a connection's delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It is as before.
    None,
    /// It stopped, or goes on again, or is to go another way.
    Stops,
    /// There is something to deliver after a pause.
    Begins,
}

/// A connection that carries data, or has some that waits.
#[derive(Clone, Debug)]
struct Followed {
    delivered: Delivered,
    /// When it was first seen so, seconds on the stream.
    moved_at: f64,
    /// The longest pause that was usual lately, seconds.
    pause_s: f64,
    /// Since when data waits, if it does.
    waits_since: Option<f64>,
    stands: bool,
    /// How many of its subflows are backups.
    backups: usize,
    /// Until when every look at it is told.
    told_until: f64,
}

impl Followed {
    fn new(connection: &Connection, t: f64) -> Self {
        Self {
            delivered: Delivered::of(connection),
            moved_at: t,
            pause_s: 0.0,
            waits_since: waits(connection).then_some(t),
            stands: false,
            backups: backups(connection),
            told_until: f64::NEG_INFINITY,
        }
    }

    fn is_worth_it(&self, t: f64) -> bool {
        let limit = self.waits_since.map_or(QUIET_S, |_| WAITING_S);
        t - self.moved_at < limit || t < self.told_until
    }

    /// Whether what should move does not; of what comes in nobody knows for how long it should.
    fn is_missed(&self, t: f64) -> bool {
        self.stands && (self.waits_since.is_some() || t - self.moved_at < RESTS_S)
    }

    /// Takes the connection as it is at `t`; what became of its delivery.
    fn take(&mut self, connection: &Connection, t: f64) -> Turn {
        let delivered = Delivered::of(connection);
        let (waited, stood) = (self.waits_since, self.stands);
        let paused = waited.is_none() && t - self.moved_at > PAUSE_S;
        self.waits_since = waits(connection).then(|| waited.unwrap_or(t));
        if delivered == self.delivered {
            self.stands = match self.waits_since {
                Some(since) => t - since.max(self.moved_at) > STANDS_S + 1.5 * round_trip(connection),
                // What comes in is missed only by who gets it all the time.
                None => t - self.moved_at > STANDS_S + 1.5 * self.pause_s,
            };
        } else {
            let pause = t - self.moved_at;
            let kept = self.pause_s * (-pause / USUAL_S).exp();
            self.pause_s = if pause > LONGEST_S { kept } else { kept.max(pause) };
            (self.delivered, self.moved_at, self.stands) = (delivered, t, false);
            // What the peer acknowledges makes room for what is sent next.
            self.waits_since = self.waits_since.map(|_| t);
        }
        let was_backup = std::mem::replace(&mut self.backups, backups(connection));
        if stood != self.stands {
            let after = if self.stands { STOPPED_S } else { TOLD_S };
            self.told_until = self.told_until.max(t + after);
            return Turn::Stops;
        }
        if was_backup != self.backups {
            return Turn::Stops;
        }
        if paused && (self.waits_since.is_some() || self.moved_at >= t) {
            return Turn::Begins;
        }
        Turn::None
    }
}

fn backups(connection: &Connection) -> usize {
    let backups = connection.subflows.iter().filter(|subflow| subflow.is_backup());
    backups.count()
}

/// The round trip of the best path, seconds; 0 where none is known.
fn round_trip(connection: &Connection) -> f64 {
    let alive = |subflow: &&Shared<Subflow>| subflow.state == TcpState::Established;
    let known = connection
        .subflows
        .iter()
        .filter(alive)
        .filter_map(|subflow| subflow.rtt_us);
    known.min().map_or(0.0, |us| f64::from(us) / 1e6)
}

/// Whether data waits: for the peer's acknowledgement, or to be sent.
fn waits(connection: &Connection) -> bool {
    let in_flight = |subflow: &Shared<Subflow>| {
        subflow.state == TcpState::Established && subflow.unacked.unwrap_or(0) > 0
    };
    let by_subflow = || connection.subflows.iter().any(in_flight);
    connection
        .outstanding()
        .map_or_else(by_subflow, |outstanding| outstanding > 0)
}

/// Which connections are looked at, and what is told of it.
#[derive(Debug, Default)]
pub(super) struct Attention {
    followed: FxHashMap<Token, Followed>,
    /// Those of them that are looked at.
    chosen: Vec<Token>,
    /// Until when every look is told, because something happened to an interface, a subflow or an endpoint.
    disturbed_until: f64,
}

impl Attention {
    /// Takes a sample of everything: of which connections the looks are told first that were kept back.
    pub(super) fn take(&mut self, sample: &Sample) -> Telling {
        let t = sample.t;
        let mut telling = Telling::default();
        for connection in &sample.connections {
            let Some(token) = connection.token else { continue };
            match self.followed.get_mut(&token) {
                Some(followed) => {
                    let turn = followed.take(connection, t);
                    telling.note(turn, token);
                }
                // Of what a full sample tells nobody knows whether it moves.
                None if !sample.full || waits(connection) => {
                    self.followed.insert(token, Followed::new(connection, t));
                }
                None => {}
            }
        }
        for key in &sample.connections_gone {
            if let Some(token) = key.token {
                self.followed.remove(&token);
            }
        }
        self.followed.retain(|_, followed| followed.is_worth_it(t));
        self.choose(t);
        telling
    }

    /// The same ones from one sample to the next, but first those in which something happens.
    fn choose(&mut self, t: f64) {
        let rank = |(token, followed): (&Token, &Followed)| {
            let rested = t - followed.moved_at > RESTS_S;
            let rank = match (followed.stands, followed.waits_since) {
                _ if t < followed.told_until => 0,
                (true, Some(_)) => 0,
                (true, None) if rested => 2,
                _ => 1,
            };
            (rank, *token)
        };
        let mut ranks: Vec<_> = self.followed.iter().map(rank).collect();
        if ranks.len() > MOST {
            ranks.select_nth_unstable(MOST);
            ranks.truncate(MOST);
        }
        ranks.sort_unstable();
        self.chosen.clear();
        self.chosen.extend(ranks.into_iter().map(|(_, token)| token));
    }

    /// Whether something happened that may stop data: until it is clear what came of it every look is told.
    pub(super) fn hear(&mut self, event: &Event) -> bool {
        let may_stop = matches!(
            event.kind,
            EventKind::InterfaceDown
                | EventKind::InterfaceUp
                | EventKind::AddressLost
                | EventKind::AddressAdded
                | EventKind::EndpointRemoved
                | EventKind::EndpointChanged
                | EventKind::SubflowClosed
                | EventKind::SubflowPriority
                | EventKind::Command
        );
        if may_stop {
            self.disturbed_until = event.t + TOLD_S;
        }
        may_stop
    }

    /// Those that carry data, or have some that waits.
    pub(super) fn carrying(&self) -> impl Iterator<Item = Token> {
        self.followed.keys().copied()
    }

    /// Whether something happened just now that may have stopped data.
    pub(super) fn is_disturbed(&self, t: f64) -> bool {
        t < self.disturbed_until
    }

    /// The connections to look at, and how long after the last look; seconds.
    pub(super) fn wanted(&self, t: f64) -> Option<(&[Token], f64)> {
        if self.chosen.is_empty() {
            return None;
        }
        let is_close = |token: &Token| {
            self.followed
                .get(token)
                .is_some_and(|followed| t < followed.told_until || followed.is_missed(t))
        };
        let close = t < self.disturbed_until || self.chosen.iter().any(is_close);
        Some((&self.chosen, if close { CLOSE_S } else { CALM_S }))
    }

    /// Takes a close look: what of it is to be told.
    pub(super) fn sift(&mut self, look: &Sample) -> Telling {
        let t = look.t;
        let mut telling = Telling::default();
        for connection in &look.connections {
            let Some(token) = connection.token else { continue };
            let Some(followed) = self.followed.get_mut(&token) else {
                continue;
            };
            let was_told = t < followed.told_until;
            let turn = followed.take(connection, t);
            if !was_told {
                telling.note(turn, token);
            }
            if turn == Turn::Begins || t < followed.told_until || t < self.disturbed_until {
                telling.now.insert(token);
            }
        }
        telling
    }
}

/// What is to be told of a close look.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// The connections that are told of.
    pub(super) now: FxHashSet<Token>,
    /// Those of which the looks are told first that were kept back.
    pub(super) before: FxHashSet<Token>,
    /// The same, but only of the newest look that was kept back.
    pub(super) last: FxHashSet<Token>,
}

impl Telling {
    fn note(&mut self, turn: Turn, token: Token) {
        match turn {
            Turn::Stops => self.before.insert(token),
            Turn::Begins => self.last.insert(token),
            Turn::None => false,
        };
    }
}
