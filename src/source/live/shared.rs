//! What the threads of one live source share: where it is, the way out, the ledger, and how they wake each other.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crossbeam_channel::Sender;
use nix::sys::eventfd::{EfdFlags, EventFd};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::privilege::KeptService;
use super::ledger::Ledger;
use super::outlet::Outlet;
use crate::bus::Refusal;
use crate::kernel::{Error, Events, Namespace};
use crate::model::Token;

/// How long a reading waits for the event thread; in a storm of events that is never done.
const EVENT_DRAIN_TIMEOUT: Duration = Duration::from_millis(250);
/// How long is waited until the event thread hears a socket that it was given.
const FIRST_HEARD_TIMEOUT: Duration = Duration::from_secs(1);

/// What the threads of one source share.
pub(super) struct Shared {
    pub(super) namespace: Namespace,
    pub(super) outlet: Outlet,
    pub(super) ledger: Ledger,
    pub(super) service: KeptService,
    /// Wakes the event thread, which waits for sockets.
    bell: EventFd,
    /// Wakes the sampler.
    poke: Sender<()>,
    /// A socket for the kernel's events that the privileged service opened, until the event thread takes it.
    passed_events: Mutex<Option<Events>>,
    /// The tokens of subflows, by cookie, that the privileged service told, until the sampler takes them.
    passed_tokens: Mutex<Option<FxHashMap<u64, u32>>>,
    /// The connections that somebody looks at.
    focus: Mutex<FxHashSet<Token>>,
    interval_ms: AtomicU64,
    /// A sample is wanted before it is due.
    wants_sample: AtomicBool,
    /// Something happened since the sampler last asked.
    is_stirred: AtomicBool,
    /// The sampler rests longer than the interval.
    is_resting: AtomicBool,
    stop: AtomicBool,
    /// Threads that wait for a person: nobody waits for these.
    waiting: Mutex<Vec<ThreadId>>,
    failure: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(
        namespace: Namespace,
        outlet: Outlet,
        hears: bool,
        interval_ms: u64,
        poke: Sender<()>,
    ) -> Result<Self, Error> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|errno| Error::io("open an event descriptor", std::io::Error::from(errno)))?;
        Ok(Self {
            namespace,
            outlet,
            ledger: Ledger::new(hears),
            service: KeptService::default(),
            bell,
            poke,
            passed_events: Mutex::default(),
            passed_tokens: Mutex::default(),
            focus: Mutex::default(),
            interval_ms: AtomicU64::new(interval_ms),
            wants_sample: AtomicBool::new(false),
            is_stirred: AtomicBool::new(true),
            is_resting: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            waiting: Mutex::default(),
            failure: Mutex::default(),
        })
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Has every thread end.
    pub(super) fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.ledger.end();
        self.ring();
        let _ = self.poke.try_send(());
    }

    /// What the event thread waits for besides its sockets.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    fn ring(&self) {
        let _ = self.bell.write(1);
    }

    /// Notes that the event thread has heard the bell.
    pub(super) fn silence_bell(&self) {
        let _ = self.bell.read();
    }

    /// From one sample to the next.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms.load(Ordering::Relaxed))
    }

    pub(super) fn set_interval(&self, ms: u64) {
        self.interval_ms.store(ms, Ordering::Relaxed);
        self.want_sample();
    }

    /// Has the next sample taken at once.
    pub(super) fn want_sample(&self) {
        self.wants_sample.store(true, Ordering::Release);
        let _ = self.poke.try_send(());
    }

    /// Whether a sample is wanted at once; says so once.
    pub(super) fn takes_wish(&self) -> bool {
        self.wants_sample.swap(false, Ordering::AcqRel)
    }

    /// Notes that something happened. A sampler that rests goes on with its interval.
    pub(super) fn stir(&self) {
        self.is_stirred.store(true, Ordering::SeqCst);
        if self.is_resting.load(Ordering::SeqCst) {
            let _ = self.poke.try_send(());
        }
    }

    /// Whether something happened since this was last asked.
    pub(super) fn takes_stir(&self) -> bool {
        self.is_stirred.swap(false, Ordering::SeqCst)
    }

    /// Notes whether the sampler is about to rest longer than the interval; whether it may, because nothing happened
    /// meanwhile.
    pub(super) fn may_rest(&self, rests: bool) -> bool {
        self.is_resting.store(rests, Ordering::SeqCst);
        rests && !self.is_stirred.load(Ordering::SeqCst)
    }

    /// Keeps reading these connections each interval, because somebody looks at them.
    pub(super) fn set_focus(&self, tokens: FxHashSet<Token>) {
        *lock(&self.focus) = tokens;
    }

    /// The connections that somebody looks at.
    pub(super) fn focus(&self) -> FxHashSet<Token> {
        lock(&self.focus).clone()
    }

    /// Leaves events for the event thread, and waits for a while until it hears them.
    pub(super) fn pass_events(&self, events: Events) {
        *lock(&self.passed_events) = Some(events);
        self.ring();
        self.ledger.wait_until_heard(FIRST_HEARD_TIMEOUT);
    }

    /// The events that were left, once.
    pub(super) fn passed_events(&self) -> Option<Events> {
        lock(&self.passed_events).take()
    }

    /// Leaves the tokens of subflows for the sampler.
    pub(super) fn pass_tokens(&self, tokens: FxHashMap<u64, u32>) {
        *lock(&self.passed_tokens) = Some(tokens);
    }

    /// The tokens that were left, once.
    pub(super) fn passed_tokens(&self) -> Option<FxHashMap<u64, u32>> {
        lock(&self.passed_tokens).take()
    }

    /// Lets the event thread finish what it has in hand, for a while.
    pub(super) fn wait_until_drained(&self) {
        self.ledger.wait_until_drained(EVENT_DRAIN_TIMEOUT);
    }

    /// Does what may wait for a person who is asked for a password, or for the helper to start. The source does not wait
    /// for it when it ends, and from then on nobody is asked.
    pub(super) fn waiting_for_others<T>(
        &self,
        what: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let me = thread::current().id();
        let mut list = lock(&self.waiting);
        if self.stopping() {
            return Err(Refusal::NotAuthorized("the window is closing".to_owned()));
        }
        list.push(me);
        drop(list);
        let outcome = what();
        lock(&self.waiting).retain(|thread| *thread != me);
        outcome
    }

    /// Whether a thread waits for others.
    pub(super) fn waits_for_others(&self, thread: ThreadId) -> bool {
        lock(&self.waiting).contains(&thread)
    }

    /// Ends the source: the first reason given is the one that is told.
    pub(super) fn fail(&self, why: String) {
        lock(&self.failure).get_or_insert(why);
        self.end();
        self.outlet.close();
    }

    pub(super) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
