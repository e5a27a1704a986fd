//! Who calls: the user behind a name on the bus, and how much each has asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::BusName;

use super::gate::Gate;
use crate::bus::Refusal;

/// Names whose users are remembered; the bus never gives a name twice.
const NAMES: usize = 256;
/// Names whose users the bus is asked for at once.
const QUESTIONS: usize = 32;

/// The callers, and the bus that knows them.
pub(super) struct Callers {
    bus: DBusProxy<'static>,
    users: Mutex<BTreeMap<String, u32>>,
    questions: AtomicUsize,
    gate: Mutex<Gate>,
    began: Instant,
    last: Mutex<Instant>,
}

/// A call that was let in; it counts as waiting until it is dropped.
pub(super) struct Call<'a> {
    callers: &'a Callers,
    /// Who calls.
    pub(super) user: u32,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        *lock(&self.callers.last) = Instant::now();
        lock(&self.callers.gate).leave(self.user);
    }
}

impl Callers {
    pub(super) async fn new(connection: &Connection) -> zbus::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            bus: DBusProxy::new(connection).await?,
            users: Mutex::default(),
            questions: AtomicUsize::new(0),
            gate: Mutex::default(),
            began: now,
            last: Mutex::new(now),
        })
    }

    /// Lets a call in that counts as so many, unless its user asks too much.
    pub(super) async fn enter(&self, header: &Header<'_>, cost: u32) -> Result<Call<'_>, Refusal> {
        let user = self.user(header).await?;
        lock(&self.gate)
            .enter(user, cost, self.began.elapsed())
            .map_err(|why| Refusal::Busy(why.0.to_owned()))?;
        Ok(Call { callers: self, user })
    }

    async fn user(&self, header: &Header<'_>) -> Result<u32, Refusal> {
        let nobody = || Refusal::NotAuthorized("the call has no sender".to_owned());
        let name = header.sender().ok_or_else(nobody)?;
        if let Some(user) = lock(&self.users).get(name.as_str()) {
            return Ok(*user);
        }
        if self.questions.fetch_add(1, Ordering::Relaxed) >= QUESTIONS {
            self.questions.fetch_sub(1, Ordering::Relaxed);
            return Err(Refusal::Busy("too many callers at once".to_owned()));
        }
        let answer = self
            .bus
            .get_connection_unix_user(BusName::Unique(name.as_ref()))
            .await;
        self.questions.fetch_sub(1, Ordering::Relaxed);
        let user = answer.map_err(|_| nobody())?;
        let mut users = lock(&self.users);
        if users.len() >= NAMES {
            users.clear();
        }
        users.insert(name.to_string(), user);
        Ok(user)
    }

    /// Whether nobody waits for an answer, and the last was given so long ago.
    pub(super) fn are_silent_for(&self, duration: Duration) -> bool {
        lock(&self.gate).is_empty() && lock(&self.last).elapsed() >= duration
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
