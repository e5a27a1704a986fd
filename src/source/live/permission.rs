//! The permission thread: what the privileged helper may lift of what is missing here, and has lifted.
//!
//! It runs only where something is missing, in the process's own network namespace, which is the helper's. It looks
//! every few seconds whether the helper is there, which needs no call of it; it asks what is permitted when the
//! helper is new, and after a failure with growing pauses. What needs no person it takes at once; for the rest it
//! waits until somebody says *Allow*.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::super::privilege::Service;
use super::shared::Shared;
use crate::bus::{Action, Refusal};
use crate::kernel::Events;
use crate::model::{Access, Consent, Event, EventKind, Offer, Origin, Remedy};

/// How often it is looked whether the service is there.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The pauses after failures: doubled from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

pub(super) fn run(shared: &Arc<Shared>, access: Access, allowed: &Receiver<()>) {
    let mut permission = Permission {
        shared,
        hidden: !access.subflow_tokens,
        told: Some(access.clone()),
        access,
        service: None,
        owner: None,
        known: false,
        pause: PAUSES.0,
        again_at: Instant::now(),
        refused: None,
    };
    permission.look();
    loop {
        match allowed.recv_timeout(LOOK_EVERY) {
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => permission.look(),
            Ok(()) => permission.allow(),
        }
        if shared.stopping() {
            break;
        }
    }
}

struct Permission<'a> {
    shared: &'a Arc<Shared>,
    access: Access,
    /// What was told last; `None` where it is to be told again.
    told: Option<Access>,
    /// The kernel hides the tokens of subflows.
    hidden: bool,
    service: Option<Arc<Service>>,
    /// The service's name on the bus when it was last asked: another is another process, maybe a newer one.
    owner: Option<String>,
    /// Whether the offer is what the service last said.
    known: bool,
    pause: Duration,
    again_at: Instant,
    refused: Option<String>,
}

impl Permission<'_> {
    /// Looks whether the service is there, and is the one that was asked.
    fn look(&mut self) {
        self.tokens();
        if Instant::now() < self.again_at {
            return;
        }
        let presence = match self.connected() {
            Ok(service) => service.presence(),
            Err(refusal) => {
                self.refused = (!refusal.is_unavailable()).then(|| refusal.to_string());
                None
            }
        };
        match presence {
            None => self.gone(),
            // One that has ended since begins again when it is called.
            Some(None) if self.known => {}
            Some(owner) if self.known && owner == self.owner => {}
            Some(_) => self.greet(),
        }
    }

    fn connected(&mut self) -> Result<Arc<Service>, Refusal> {
        let service = match self.service.take() {
            Some(service) => service,
            None => self.shared.waiting_for_others(|| self.shared.service.get())?,
        };
        Ok(Arc::clone(self.service.insert(service)))
    }

    /// Asks the service what it offers, and takes what needs no person.
    fn greet(&mut self) {
        let shared = self.shared;
        let offered = self.connected().and_then(|service| {
            let offer = shared.waiting_for_others(|| service.offer())?;
            Ok((offer, service.presence().flatten()))
        });
        match offered {
            Ok((offer, owner)) => {
                self.owner = owner;
                self.known = true;
                self.refused = None;
                self.pause = PAUSES.0;
                self.access.offer = Some(offer);
                if offer.observe == Consent::Yes && !self.access.events {
                    self.hear(false);
                }
                self.access.control |= offer.configure == Consent::Yes;
                self.tell();
            }
            Err(_) => self.gone(),
        }
    }

    /// The service is not there, or does not answer: what it did for us is no more, but for the events, whose socket
    /// is ours.
    fn gone(&mut self) {
        self.service = None;
        self.shared.service.forget();
        self.known = false;
        self.owner = None;
        self.again_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSES.1);
        if self.access.offer.take().is_some() {
            self.access.control = false;
            self.access.subflow_tokens = !self.hidden;
        }
        self.tell();
    }

    /// Somebody says that a person may be asked.
    fn allow(&mut self) {
        self.refused = None;
        self.again_at = Instant::now();
        self.look();
        // Nothing is offered where there is no service.
        let Offer {
            observe, configure, ..
        } = self.access.offer.unwrap_or_default();
        if !self.access.control && configure != Consent::No {
            let shared = self.shared;
            let allowed = self
                .connected()
                .and_then(|service| shared.waiting_for_others(|| service.authorize(Action::Configure)));
            self.access.control = allowed.is_ok();
            self.note(allowed.err());
        }
        if !self.access.events && observe != Consent::No && self.refused.is_none() {
            self.hear(true);
        }
        // Whoever allowed something waits for the answer, also where it is the one before.
        self.told = None;
        self.tell();
    }

    /// Has the event thread hear the kernel's own events.
    fn hear(&mut self, asks: bool) {
        let shared = self.shared;
        let opened = self
            .connected()
            .and_then(|service| shared.waiting_for_others(|| service.open_events(asks)))
            .and_then(|socket| Events::of(socket).map_err(|error| Refusal::Refused(error.to_string())));
        match opened {
            Ok(events) => {
                self.shared.pass_events(events);
                self.access.events = true;
            }
            Err(refusal) => self.note(Some(refusal)),
        }
    }

    /// Has the sampler know the subflows' tokens where the kernel hides them. They are asked for again and again: the
    /// service tells no news.
    fn tokens(&mut self) {
        let observes = self
            .access
            .offer
            .is_some_and(|offer| offer.observe == Consent::Yes);
        if !self.hidden || !observes {
            return;
        }
        let shared = self.shared;
        let tokens = self
            .connected()
            .and_then(|service| shared.waiting_for_others(|| service.subflow_tokens()));
        let told = tokens.is_ok();
        match tokens {
            Ok(tokens) => self.shared.pass_tokens(tokens),
            Err(refusal) => self.note(Some(refusal)),
        }
        if told != self.access.subflow_tokens {
            self.access.subflow_tokens = told;
            self.tell();
        }
    }

    fn note(&mut self, refusal: Option<Refusal>) {
        let Some(refusal) = refusal else { return };
        self.refused = Some(refusal.to_string());
        if refusal.is_unavailable() {
            self.gone();
        }
    }

    /// What would lift what is missing.
    fn remedy(&self) -> Remedy {
        match (&self.refused, self.access.offer) {
            (Some(refused), _) => Remedy::Said(refused.clone()),
            (None, Some(_)) => Remedy::Service,
            (None, None) => Remedy::Root,
        }
    }

    /// Tells what may be seen and done, where that is news.
    fn tell(&mut self) {
        self.access.why_not = self.access.lifted_by(self.remedy());
        if self.told.as_ref() == Some(&self.access) {
            return;
        }
        self.told = Some(self.access.clone());
        let event = Event {
            access: self.told.clone(),
            ..Event::new(0.0, EventKind::AccessChanged, Origin::Inferred)
        };
        let _ = self.shared.outlet.event(event);
    }
}
