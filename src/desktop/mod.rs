//! The desktop around the window: notifications of handovers, an item in the tray, and the profiles of NetworkManager.
//!
//! Each lives on a thread of its own behind bounded channels, so that nobody waits for D-Bus. Without a bus, a
//! notification daemon or a tray they are quiet, and say why to whoever asks. What is told, and when, is plain code
//! ([`Policy`]); sending is a thin [`Sink`].

mod chooser;
mod icon;
mod network_manager;
mod notices;
mod policy;
mod tray;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::words::desktop::Absence;

pub use chooser::choose_recording;
pub use icon::pixels;
pub use network_manager::{MptcpFlags, NetworkManager, Profile, Settings};
pub use notices::{Bus, Notices, Sink};
pub use policy::{Bundle, NamedHandover, Notice, Policy, QUIET, When};
pub use tray::{Act, Shown, Tray, Waker};

/// What the desktop is told, and what it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeSettings {
    /// When handovers are told.
    pub when: When,
    /// Whether the window goes into the tray when it is closed.
    pub stay_in_tray: bool,
}

/// Why something does not work; nothing while it does.
#[derive(Clone, Debug, Default)]
struct Reason(Arc<Mutex<Option<Absence>>>);

impl Reason {
    fn set(&self, reason: Option<Absence>) {
        if let Some(reason) = &reason {
            tracing::debug!(?reason);
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn get(&self) -> Option<Absence> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
