//! What the threads of a live source know together: what the kernel told, and what samples concluded.
//!
//! The event thread writes down what the kernel tells, the sampler what its readings conclude, and each looks up what
//! the other wrote, so that nothing is told twice and nothing is forgotten between them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::reading::{Changes, EventKeys, Read, Want, WayName, key, plain};
use crate::model::{Event, EventKind, SocketAddr};

/// A full sample follows another after this long, and the time to the next reading of everything: at least every 30 s, so
/// that reading a stream can begin in its middle.
const FULL_EVERY: Duration = Duration::from_secs(20);
/// Full samples after an overrun are at least this far apart.
const RESYNC_EVERY: Duration = Duration::from_secs(1);
/// How many readings after an overrun conclude events: a socket that is gone is believed to be only when a second
/// reading misses it too.
const RESYNC_READINGS: u8 = 3;
/// How many events are remembered as told. Only a resynchronisation asks for them; until one is due this must not grow
/// without end.
const MOST_TOLD: usize = 100_000;

/// Local and remote address.
type Ends = (SocketAddr, SocketAddr);

/// What the kernel told, and what samples concluded.
#[derive(Default)]
pub(super) struct Ledger {
    entries: Mutex<Entries>,
    /// The event thread goes on to something else.
    moved_on: Condvar,
}

#[derive(Default)]
struct Entries {
    /// Whether the kernel's own path-manager events arrive.
    hears: bool,
    /// Whether the event thread has something in hand, and may not know yet what was lost meanwhile.
    is_draining: bool,
    /// For the next reading.
    changes: Changes,
    server_side: Vec<(u32, bool)>,
    told: EventKeys,
    /// What the newest resynchronisation concluded: the kernel may still tell it, and must not be heard twice.
    concluded: EventKeys,
    /// The addresses of each connection by token: the kernel tells a connection's end by token only.
    ends: FxHashMap<u32, Ends>,
    /// The interface that carries what goes somewhere, as the newest sample knew it.
    carriers: FxHashMap<WayName, String>,
    resync: Resync,
}

/// What an overrun leaves to be done.
#[derive(Default)]
struct Resync {
    /// Readings that are to conclude events.
    readings: u8,
    full_owed: bool,
}

/// What the next reading is to know.
pub(super) struct Noted {
    pub(super) want: Want,
    /// Whether this host accepted a connection, by token.
    pub(super) server_side: Vec<(u32, bool)>,
}

impl Ledger {
    pub(super) fn new(hears: bool) -> Self {
        let ledger = Self::default();
        ledger.entries().hears = hears;
        ledger
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the kernel's own path-manager events arrive.
    pub(super) fn hears(&self) -> bool {
        self.entries().hears
    }

    /// Notes that the kernel's events arrive from now on. What happened before is concluded once more by the next
    /// samples, as after an overrun.
    pub(super) fn begin_hearing(&self) {
        let mut entries = self.entries();
        entries.hears = true;
        entries.resync = Resync::due();
        self.moved_on.notify_all();
    }

    /// Waits until the kernel's events arrive, for a while.
    pub(super) fn wait_until_heard(&self, timeout: Duration) {
        self.wait_while(timeout, |entries| !entries.hears);
    }

    /// Notes whether the event thread has events in hand.
    pub(super) fn set_draining(&self, is_draining: bool) {
        self.entries().is_draining = is_draining;
        self.moved_on.notify_all();
    }

    /// Lets the event thread finish what it has in hand, for a while: when it had to wait for a reader, events may be
    /// lost without its knowing, and a reading taken now would not tell what they would have told.
    pub(super) fn wait_until_drained(&self, timeout: Duration) {
        self.wait_while(timeout, |entries| entries.is_draining);
    }

    fn wait_while(&self, timeout: Duration, goes_on: impl Fn(&mut Entries) -> bool) {
        drop(self.moved_on.wait_timeout_while(self.entries(), timeout, goes_on));
    }

    /// Ends every waiting, because the source ends.
    pub(super) fn end(&self) {
        let mut entries = self.entries();
        (entries.hears, entries.is_draining) = (true, false);
        self.moved_on.notify_all();
    }

    /// Writes down what the kernel told, with addresses as `numbered` gives them to the kernel; whether nobody was told
    /// of it yet.
    pub(super) fn kernel_told(
        &self,
        event: &Event,
        numbered: impl Fn(SocketAddr) -> std::net::SocketAddr,
    ) -> bool {
        let key = key(event);
        let mut entries = self.entries();
        let is_news = !entries.concluded.remove(&key);
        let token = event.token.map(|token| token.0);
        let changes = &mut entries.changes;
        match (event.kind, token, event.local, event.remote) {
            (EventKind::ConnectionCreated, Some(token), ..) => {
                changes.connections_created.insert(token);
            }
            (EventKind::ConnectionClosed, Some(token), ..) => {
                changes.connections_closed.insert(token);
            }
            (EventKind::SubflowClosed, _, Some(local), Some(remote)) => {
                changes
                    .subflows_closed
                    .insert((numbered(local), numbered(remote)));
            }
            (EventKind::SubflowEstablished, _, Some(local), Some(remote)) => {
                let path = (numbered(local), numbered(remote), event.interface.clone());
                changes.subflows_established.push(path);
            }
            _ => {}
        }
        if let (Some(token), Some(server_side)) = (token, event.server_side) {
            entries.server_side.push((token, server_side));
        }
        if entries.told.len() < MOST_TOLD {
            entries.told.insert(key);
        }
        is_news
    }

    /// Notes that events were lost: the next readings conclude them, and the next full sample shows what they changed.
    pub(super) fn kernel_lost_events(&self) {
        self.entries().resync = Resync::due();
    }

    /// Notes the addresses of a connection that the kernel told of.
    pub(super) fn note_ends(&self, token: u32, ends: Ends) {
        self.entries().ends.insert(token, ends);
    }

    /// The addresses of a connection.
    pub(super) fn ends_of(&self, token: u32) -> Option<Ends> {
        self.entries().ends.get(&token).copied()
    }

    /// The addresses of a connection that is no more.
    pub(super) fn forget_ends(&self, token: u32) -> Option<Ends> {
        self.entries().ends.remove(&token)
    }

    /// The interface that carries, or last did, what goes from one address to another, as the newest sample knew it.
    pub(super) fn carrier_of(
        &self,
        local: std::net::SocketAddr,
        remote: std::net::SocketAddr,
    ) -> Option<String> {
        let entries = self.entries();
        let known = entries.carriers.get(&(local, remote));
        known
            .or_else(|| entries.carriers.get(&plain(local, remote)))
            .cloned()
    }

    /// Goes on under another name with what is known of an interface.
    pub(super) fn rename_interface(&self, old: &str, new: &str) {
        let mut entries = self.entries();
        for name in entries.carriers.values_mut().filter(|name| *name == old) {
            new.clone_into(name);
        }
    }

    /// Whether something was told, or lost, of which the next reading of everything is to make something.
    pub(super) fn has_news(&self) -> bool {
        let entries = self.entries();
        entries.changes.has_events()
            || !entries.server_side.is_empty()
            || entries.resync.readings > 0
            || entries.resync.full_owed
    }

    /// Gives out what a reading is to know, and forgets it; `since_full` is the time since the newest full sample.
    pub(super) fn begin_reading(&self, since_full: Option<Duration>) -> Noted {
        let mut entries = self.entries();
        let after = if entries.resync.full_owed {
            RESYNC_EVERY
        } else {
            FULL_EVERY
        };
        let full = since_full.is_none_or(|since| since >= after);
        entries.resync.full_owed &= !full;
        let concludes = entries.resync.readings > 0;
        entries.resync.readings = entries.resync.readings.saturating_sub(1);
        let infer = if concludes || !entries.hears {
            Some(entries.told.clone())
        } else {
            entries.told.clear();
            entries.concluded.clear();
            None
        };
        Noted {
            want: Want {
                full,
                dump: concludes,
                infer,
                changes: std::mem::take(&mut entries.changes),
            },
            server_side: std::mem::take(&mut entries.server_side),
        }
    }

    /// Takes back what a reading was to know that failed.
    pub(super) fn reading_failed(&self, want: Want) {
        let mut entries = self.entries();
        entries.resync.readings += u8::from(want.dump);
        entries.resync.full_owed |= want.full;
        entries.changes.merge(want.changes);
    }

    /// Writes down what a reading of everything concluded, and takes out of it what the kernel told meanwhile: between
    /// its telling and our concluding lies the reading, and neither may repeat the other.
    pub(super) fn sample_concluded(&self, read: &mut Read) {
        let mut entries = self.entries();
        if read.sample.full {
            entries.carriers.clear();
        }
        entries.carriers.extend(read.ways.drain(..));
        if !entries.hears {
            return;
        }
        read.inferred.retain(|event| !entries.told.contains(&key(event)));
        entries.concluded.extend(read.inferred.iter().map(key));
        if read.sample.full {
            let all = read.sample.connections.iter();
            let known = all
                .filter_map(|connection| Some((connection.token?.0, (connection.local, connection.remote))));
            entries.keep_ends(known);
        } else {
            for (token, ends) in read.new.drain(..) {
                entries.learn_ends(token, ends);
            }
        }
    }
}

impl Resync {
    fn due() -> Self {
        Self {
            readings: RESYNC_READINGS,
            full_owed: true,
        }
    }
}

impl Entries {
    /// Takes a connection's addresses from a reading. Those that were told with their link keep it: a reading may have
    /// found the connection and not yet its subflow, which alone tells the link.
    fn learn_ends(&mut self, token: u32, new: Ends) {
        let bare = |ends: Ends| (ends.0.with_scope(None), ends.1.with_scope(None));
        let lacks = new.0.lacks_scope() || new.1.lacks_scope();
        let known = self.ends.get(&token);
        if !(lacks && known.is_some_and(|old| bare(*old) == bare(new))) {
            self.ends.insert(token, new);
        }
    }

    /// The same of every connection there is: others are no more.
    fn keep_ends(&mut self, all: impl Iterator<Item = (u32, Ends)>) {
        let mut here = FxHashSet::default();
        for (token, new) in all {
            here.insert(token);
            self.learn_ends(token, new);
        }
        self.ends.retain(|token, _| here.contains(token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Sample, Token};

    fn closed(token: u32) -> Event {
        Event {
            token: Some(Token(token)),
            ..Event::new(0.0, EventKind::ConnectionClosed, Origin::Kernel)
        }
    }

    fn tell(ledger: &Ledger, event: &Event) -> bool {
        ledger.kernel_told(event, |address| address.to_kernel(|_| None))
    }

    /// A reading that concluded these events.
    fn read(inferred: Vec<Event>) -> Read {
        Read {
            sample: Sample::default(),
            events: Vec::new(),
            inferred,
            new: Vec::new(),
            ways: Vec::new(),
        }
    }

    #[test]
    fn a_reading_without_the_link_does_not_take_it_from_a_connection() {
        let ends = |text: [&str; 2]| text.map(|end| end.parse().expect("an address")).into();
        let told: Ends = ends(["[fe80::1%eth0]:40000", "[fe80::2%eth0]:443"]);
        let read = ends(["[fe80::1]:40000", "[fe80::2]:443"]);
        let other = ends(["[fe80::1]:40001", "[fe80::2]:443"]);
        let mut entries = Entries::default();
        entries.learn_ends(7, told);
        entries.learn_ends(7, read);
        assert_eq!(entries.ends.get(&7), Some(&told));
        entries.keep_ends([(7, read)].into_iter());
        assert_eq!(entries.ends.get(&7), Some(&told));
        entries.learn_ends(7, other);
        assert_eq!(entries.ends.get(&7), Some(&other), "a token may come again");
    }

    #[test]
    fn neither_the_kernel_nor_a_reading_repeats_the_other() {
        let ledger = Ledger::new(true);
        ledger.kernel_lost_events();
        assert!(ledger.begin_reading(None).want.infer.is_some());
        assert!(tell(&ledger, &closed(1)), "told while the reading was taken");
        let mut read = read(vec![closed(1), closed(2)]);
        ledger.sample_concluded(&mut read);
        assert_eq!(read.inferred, [closed(2)]);
        assert!(!tell(&ledger, &closed(2)), "concluded already");
    }

    #[test]
    fn an_overrun_is_made_good_by_readings_one_of_which_is_full() {
        let ledger = Ledger::new(true);
        let since = Some(Duration::from_secs(2));
        assert!(!ledger.has_news());
        let noted = ledger.begin_reading(since);
        assert!(!noted.want.full && noted.want.infer.is_none());
        ledger.kernel_lost_events();
        let kinds: Vec<_> = (0..=RESYNC_READINGS)
            .map(|_| {
                let want = ledger.begin_reading(since).want;
                (want.full, want.dump, want.infer.is_some())
            })
            .collect();
        let concludes = (false, true, true);
        assert_eq!(
            kinds,
            [(true, true, true), concludes, concludes, (false, false, false)]
        );
    }

    #[test]
    fn what_a_failed_reading_was_to_know_is_given_out_again() {
        let ledger = Ledger::new(true);
        tell(&ledger, &closed(3));
        let noted = ledger.begin_reading(None);
        assert!(noted.want.changes.connections_closed.contains(&3));
        assert!(!ledger.has_news());
        ledger.reading_failed(noted.want);
        assert!(ledger.has_news());
        let again = ledger.begin_reading(Some(RESYNC_EVERY)).want;
        assert!(again.full && again.changes.connections_closed.contains(&3));
    }

    #[test]
    fn waiting_ends_when_the_event_thread_moves_on() {
        let ledger = Ledger::new(false);
        ledger.set_draining(true);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                ledger.wait_until_drained(Duration::from_secs(30));
                ledger.wait_until_heard(Duration::from_secs(30));
            });
            ledger.set_draining(false);
            ledger.begin_hearing();
            waits.join().expect("no panic");
        });
        assert!(ledger.hears());
    }
}
