//! Who calls: the user behind a name on the bus, or the one who started the helper, and how much each has asked.

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
use crate::model::text::for_terminal;

/// Names whose users are remembered; the bus never gives a name twice.
const NAMES: usize = 256;
/// Names whose users the bus is asked for at once.
const QUESTIONS: usize = 32;

/// How it is known whose a call is.
enum Known {
    /// The bus says whose each name is.
    ByName(Names),
    /// Only one user can call.
    Alone(u32),
}

/// The bus, and what it has said.
struct Names {
    bus: DBusProxy<'static>,
    users: Mutex<BTreeMap<String, u32>>,
    questions: AtomicUsize,
}

/// The callers, and how much they have asked.
pub(super) struct Callers {
    known: Known,
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

/// A call that waits for a person, until it is dropped.
pub(super) struct Question<'a> {
    callers: &'a Callers,
    user: u32,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        lock(&self.callers.gate).answered(self.user);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        tracing::debug!(user = self.user, "a call is answered");
        *lock(&self.callers.last) = Instant::now();
        lock(&self.callers.gate).leave(self.user);
    }
}

impl Call<'_> {
    /// Lets it wait for a person, unless too many do.
    pub(super) fn question(&self) -> Result<Question<'_>, Refusal> {
        let asked = lock(&self.callers.gate).ask(self.user);
        asked.map_err(|why| Refusal::Busy(why.0.to_owned()))?;
        Ok(Question {
            callers: self.callers,
            user: self.user,
        })
    }

    /// Writes down what came of the call, for the service's journal; a user alone knows what they asked for.
    pub(super) fn note(&self, what: &str) {
        if matches!(self.callers.known, Known::ByName(_)) {
            eprintln!("user {}: {}", self.user, for_terminal(what));
        }
    }
}

impl Callers {
    /// Those who call over the system bus.
    pub(super) async fn of_bus(connection: &Connection) -> zbus::Result<Self> {
        Ok(Self::new(Known::ByName(Names {
            bus: DBusProxy::new(connection).await?,
            users: Mutex::default(),
            questions: AtomicUsize::new(0),
        })))
    }

    /// The user at the other end of a socket.
    pub(super) fn alone(user: u32) -> Self {
        Self::new(Known::Alone(user))
    }

    fn new(known: Known) -> Self {
        let now = Instant::now();
        Self {
            known,
            gate: Mutex::default(),
            began: now,
            last: Mutex::new(now),
        }
    }

    /// Lets a call in that counts as so many, unless its user asks too much.
    pub(super) async fn enter(&self, header: &Header<'_>, cost: u32) -> Result<Call<'_>, Refusal> {
        let user = match &self.known {
            Known::ByName(names) => names.user(header).await?,
            Known::Alone(user) => *user,
        };
        let entered = lock(&self.gate).enter(user, cost, self.began.elapsed());
        let member = header.member().map_or("", |member| member.as_str());
        tracing::debug!(user, member, let_in = entered.is_ok(), "a call");
        entered.map_err(|why| Refusal::Busy(why.0.to_owned()))?;
        Ok(Call { callers: self, user })
    }

    /// Whether nobody waits for an answer, and the last was given so long ago.
    pub(super) fn are_silent_for(&self, duration: Duration) -> bool {
        lock(&self.gate).is_empty() && lock(&self.last).elapsed() >= duration
    }
}

impl Names {
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
        let user = answer.map_err(|error| {
            tracing::debug!(%error, "the bus does not say who calls");
            nobody()
        })?;
        let mut users = lock(&self.users);
        if users.len() >= NAMES {
            users.clear();
        }
        users.insert(name.to_string(), user);
        Ok(user)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
