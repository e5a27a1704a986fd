//! The desktop around the window: notifications of handovers, and an item in the tray.
//!
//! Both live on threads of their own behind bounded channels, so that nobody waits for D-Bus. Without a session bus, a
//! notification daemon or a tray they are quiet, and say why to whoever asks. What is told, and when, is plain code
//! ([`Policy`]); sending is a thin [`Sink`].

mod icon;
mod notices;
mod policy;
mod tray;

use std::sync::{Arc, Mutex, PoisonError};

pub use icon::pixels;
pub use notices::{Bus, Notices, Sink};
pub use policy::{Notice, Policy, QUIET, Told, When};
pub use tray::{Act, Shown, Tray, Waker};

/// Why something does not work; nothing while it does.
#[derive(Clone, Debug, Default)]
struct Reason(Arc<Mutex<Option<String>>>);

impl Reason {
    fn set(&self, reason: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
