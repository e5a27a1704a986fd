//! What the threads of one live source share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use rustc_hash::FxHashMap;

use super::difference::News;
use super::egress::WayName;
use super::infer::Told;
use super::outlet::Outlet;
use crate::bus::Refusal;
use crate::kernel::{Events, Namespace};
use crate::model::SocketAddr;

/// So long a reading waits for the event thread; in a storm of events that is never done.
const PATIENCE: Duration = Duration::from_millis(250);

/// What the event thread leaves for the next sample.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) news: News,
    pub(super) told: Told,
    pub(super) server_side: Vec<(u32, bool)>,
    /// What the newest resynchronisation concluded: the kernel may still tell it, and must not be heard twice.
    pub(super) inferred: Told,
    /// Local and remote address of each connection by token: the kernel tells a connection's end by token only.
    pub(super) addresses: FxHashMap<u32, (SocketAddr, SocketAddr)>,
    /// The interface that carries what goes somewhere, as the newest sample knew it.
    pub(super) ways: FxHashMap<WayName, String>,
    /// Events were lost: the next full sample must show what they changed.
    pub(super) overrun: bool,
}

impl Gathered {
    /// Notes a connection's addresses. Those that were told with their link keep it: a reading may have found the
    /// connection and not yet its subflow, which alone tells the link.
    pub(super) fn note(&mut self, token: u32, new: (SocketAddr, SocketAddr)) {
        let bare = |ends: (SocketAddr, SocketAddr)| (ends.0.with_scope(None), ends.1.with_scope(None));
        let lacks = new.0.lacks_scope() || new.1.lacks_scope();
        let known = self.addresses.get(&token);
        if !(lacks && known.is_some_and(|old| bare(*old) == bare(new))) {
            self.addresses.insert(token, new);
        }
    }

    /// The same of every connection there is: others are no more.
    pub(super) fn note_all(&mut self, all: impl Iterator<Item = (u32, (SocketAddr, SocketAddr))>) {
        let before = std::mem::take(&mut self.addresses);
        for (token, new) in all {
            if let Some(old) = before.get(&token) {
                self.addresses.insert(token, *old);
            }
            self.note(token, new);
        }
    }
}

/// What the threads of one source share.
pub(super) struct Shared {
    pub(super) namespace: Namespace,
    pub(super) outlet: Outlet,
    pub(super) gathered: Mutex<Gathered>,
    /// Whether the kernel's own path-manager events arrive.
    pub(super) events: AtomicBool,
    /// Those over a socket that the privileged service opened, until the event thread takes them.
    passed: Mutex<Option<Events>>,
    /// The tokens of subflows, by cookie, that the privileged service told, until the sampler takes them.
    tokens: Mutex<Option<FxHashMap<u64, u32>>>,
    pub(super) interval_ms: AtomicU64,
    /// A sample is wanted before it is due.
    sample_now: AtomicBool,
    /// The event thread has something in hand, and may not know yet what was lost meanwhile.
    pub(super) busy: AtomicBool,
    pub(super) stop: AtomicBool,
    /// Threads that wait for a person: nobody waits for these.
    waiting: Mutex<Vec<ThreadId>>,
    failure: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(namespace: Namespace, outlet: Outlet, events: bool, interval_ms: u64) -> Self {
        Self {
            namespace,
            outlet,
            gathered: Mutex::default(),
            events: AtomicBool::new(events),
            passed: Mutex::default(),
            tokens: Mutex::default(),
            interval_ms: AtomicU64::new(interval_ms),
            sample_now: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            waiting: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Has the next sample taken at once.
    pub(super) fn want_sample(&self, poke: &Sender<()>) {
        self.sample_now.store(true, Ordering::Release);
        let _ = poke.try_send(());
    }

    /// Whether a sample is wanted at once; says so once.
    pub(super) fn takes_wish(&self) -> bool {
        self.sample_now.swap(false, Ordering::AcqRel)
    }

    /// Whether the kernel's own path-manager events arrive.
    pub(super) fn hears(&self) -> bool {
        self.events.load(Ordering::Acquire)
    }

    /// Leaves events for the event thread, and waits for a while until it hears them.
    pub(super) fn pass_events(&self, events: Events) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
        let end = Instant::now() + PATIENCE * 4;
        while !self.hears() && Instant::now() < end && !self.stopping() {
            thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// The events that were left, once.
    pub(super) fn passed_events(&self) -> Option<Events> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Leaves the tokens of subflows for the sampler.
    pub(super) fn pass_tokens(&self, tokens: FxHashMap<u64, u32>) {
        *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
    }

    /// The tokens that were left, once.
    pub(super) fn passed_tokens(&self) -> Option<FxHashMap<u64, u32>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Does what may wait for a person who is asked for a password, or for the helper to start. The source does not wait
    /// for it when it ends, and from then on nobody is asked.
    pub(super) fn waiting_for_others<T>(
        &self,
        what: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let me = thread::current().id();
        let mut list = waiting();
        if self.stopping() {
            return Err(Refusal::NotAuthorized("the window is closing".to_owned()));
        }
        list.push(me);
        drop(list);
        let outcome = what();
        waiting().retain(|thread| *thread != me);
        outcome
    }

    /// Whether a thread waits for others.
    pub(super) fn waits_for_others(&self, thread: ThreadId) -> bool {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&thread)
    }

    /// Lets the event thread finish what it has in hand, for a while: when it had to wait for a reader, events may be
    /// lost without its knowing, and a reading taken now would not tell what they would have told.
    pub(super) fn let_events_through(&self) {
        let end = Instant::now() + PATIENCE;
        while self.busy.load(Ordering::Acquire) && Instant::now() < end && !self.stopping() {
            thread::park_timeout(Duration::from_millis(1));
        }
    }

    pub(super) fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the source: the first reason given is the one that is told.
    pub(super) fn fail(&self, why: String) {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(why);
        self.stop.store(true, Ordering::Relaxed);
        self.outlet.close();
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_without_the_link_does_not_take_it_from_a_connection() {
        let ends = |text: [&str; 2]| text.map(|end| end.parse().expect("an address")).into();
        let told: (SocketAddr, SocketAddr) = ends(["[fe80::1%eth0]:40000", "[fe80::2%eth0]:443"]);
        let read = ends(["[fe80::1]:40000", "[fe80::2]:443"]);
        let other = ends(["[fe80::1]:40001", "[fe80::2]:443"]);
        let mut gathered = Gathered::default();
        gathered.note(7, told);
        gathered.note(7, read);
        assert_eq!(gathered.addresses.get(&7), Some(&told));
        gathered.note_all([(7, read)].into_iter());
        assert_eq!(gathered.addresses.get(&7), Some(&told));
        gathered.note(7, other);
        assert_eq!(gathered.addresses.get(&7), Some(&other), "a token may come again");
    }
}
