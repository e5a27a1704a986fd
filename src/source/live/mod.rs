//! The kernel as a source: a sampler thread, an event thread and a control thread in one network namespace.
//!
//! The event thread subscribes before the first sample is taken, so that nothing falls between them. A sample
//! follows each interval. After an overrun of the event socket the next samples' comparison with those before yields
//! the events that were lost, marked as inferred, and one of them is full.

mod attention;
mod cadence;
mod control;
mod ledger;
mod outlet;
mod permission;
mod sampler;
mod shared;
mod snapshot;
mod watcher;

pub use control::{ChangeError, change};
pub use snapshot::{equipment, header_of_this_host, snapshot, snapshots};

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use self::outlet::Outlet;
use self::shared::Shared;
use super::{Request, Source, Waker};
use crate::kernel::{self, Error, Namespace};
use crate::log;
use crate::model::{Header, Line, Token};

/// How long a sample may be apart from the next, ms.
pub const INTERVAL_MS: std::ops::RangeInclusive<u64> = 50..=5000;
/// From one sample to the next unless told otherwise, ms.
pub const DEFAULT_INTERVAL_MS: u64 = 250;

/// Lines that may wait for their reader.
const LINES: usize = 1024;
/// Requests that may wait for the control thread.
const REQUESTS: usize = 16;

/// How to open a live source.
#[derive(Clone, Debug)]
pub struct Options {
    /// From one sample to the next; brought into [`INTERVAL_MS`].
    pub interval: Duration,
    /// The event socket's receive buffer, bytes; `None` for a large one.
    pub event_buffer: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(DEFAULT_INTERVAL_MS),
            event_buffer: None,
        }
    }
}

/// This kernel, seen from one network namespace.
pub struct LiveSource {
    header: Header,
    lines: Receiver<Line>,
    requests: Sender<Request>,
    /// Says *Allow* to the permission thread, where there is one.
    allow: Sender<()>,
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl LiveSource {
    /// Opens the source in `namespace`; the first full sample follows at once.
    ///
    /// # Errors
    /// When the namespace cannot be entered, the kernel has no MPTCP, or it refuses a socket.
    pub fn open(namespace: &Namespace, options: &Options) -> Result<Self, Error> {
        let (lines_in, lines) = bounded(LINES);
        let (requests, requests_out) = bounded(REQUESTS);
        let (poke, poked) = bounded(1);
        let (allow, allowed) = bounded(1);
        let interval_ms = clamp(options.interval);
        // Netlink sockets belong to the namespace they are opened in: each thread enters it and opens its own.
        let access = inside(namespace, kernel::probe)?;
        let header = header(namespace, access, interval_ms);
        let shared = Arc::new(Shared::new(
            namespace.clone(),
            Outlet::new(lines_in),
            header.access.events,
            interval_ms,
            poke,
        )?);
        let (ready, is_ready) = bounded(1);
        let event_buffer = options.event_buffer;
        let mut source = Self {
            header,
            lines,
            requests,
            allow,
            shared: Arc::clone(&shared),
            threads: Vec::new(),
        };
        source.spawn("events", {
            let shared = Arc::clone(&shared);
            move || watcher::run(&shared, event_buffer, &ready)
        })?;
        is_ready.recv().unwrap_or(Ok(()))?;
        source.spawn("sampler", {
            let shared = Arc::clone(&shared);
            move || sampler::run(&shared, &poked)
        })?;
        source.spawn("control", {
            let shared = Arc::clone(&shared);
            move || control::run(&shared, &requests_out)
        })?;
        let access = source.header.access.clone();
        if access.why_not.is_some() && namespace.is_own() {
            source.spawn("permission", move || permission::run(&shared, access, &allowed))?;
        }
        Ok(source)
    }

    fn spawn(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let body = move || {
            let _running = log::thread();
            body();
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
        let thread = thread.map_err(|source| Error::io(format!("start the {name} thread"), source))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Source for LiveSource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn lines(&self) -> &Receiver<Line> {
        &self.lines
    }

    fn request(&self, request: Request) -> Result<(), Request> {
        self.requests
            .try_send(request)
            .map_err(crossbeam_channel::TrySendError::into_inner)
    }

    fn set_interval(&self, interval: Duration) {
        self.shared.set_interval(clamp(interval));
    }

    fn allow(&self) {
        let _ = self.allow.try_send(());
    }

    fn set_focus(&self, connections: &[Token]) {
        self.shared.set_focus(connections.iter().copied().collect());
    }

    fn set_waker(&self, waker: Waker) {
        self.shared.outlet.set_waker(waker);
    }

    fn failure(&self) -> Option<String> {
        self.shared.failure()
    }
}

impl Drop for LiveSource {
    fn drop(&mut self) {
        // A thread that waits to send wakes when the receiver goes; the control thread ends with its sender.
        self.lines = crossbeam_channel::never();
        self.requests = bounded(0).0;
        self.allow = bounded(0).0;
        self.shared.end();
        for thread in self.threads.drain(..) {
            if !self.shared.waits_for_others(thread.thread().id()) {
                let _ = thread.join();
            }
        }
    }
}

fn clamp(interval: Duration) -> u64 {
    let ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    ms.clamp(*INTERVAL_MS.start(), *INTERVAL_MS.end())
}

/// Runs `what` on a thread inside `namespace`, so that the caller stays where it is.
pub(super) fn inside<T: Send>(
    namespace: &Namespace,
    what: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    thread::scope(|scope| {
        let body = scope.spawn(|| namespace.enter().and_then(|()| what()));
        body.join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

pub(super) fn header(namespace: &Namespace, access: crate::model::Access, interval_ms: u64) -> Header {
    let (host, kernel) = host_and_release();
    let mut header = Header::new(wall_clock(), host, kernel, access, interval_ms);
    header.netns = namespace.label().map(str::to_owned);
    header
}

/// The time now, as a header has it.
fn wall_clock() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// This host's name and the kernel's release, as uname(2) gives them.
fn host_and_release() -> (String, String) {
    nix::sys::utsname::uname().map_or_else(
        |_| Default::default(),
        |names| {
            let text = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
            (text(names.nodename()), text(names.release()))
        },
    )
}
