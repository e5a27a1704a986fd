//! The window, on any source. One folder a panel: what rows to show and where things lie is plain code with plain
//! tests; a panel is a function of its own small state and a read-only view, and returns what it wants.
//!
//! The window never waits for the source: lines are taken from its bounded channel in batches, a waker asks for
//! the next frame, and nothing is painted while nothing changes. It knows no kernel, no laboratory and no command
//! line; a laboratory shows itself through [`LabControls`].

mod app;
mod changes;
mod connection;
mod connections;
mod empty;
mod events;
mod feed;
mod format;
mod lab_strip;
mod launch;
mod paths;
mod resample;
mod status;
mod theme;
mod top_bar;
mod view;
mod widgets;

#[cfg(test)]
mod test_data;

use std::path::PathBuf;
use std::time::Duration;

use crate::model::InterfaceKind;
use crate::source::Source;

pub use app::App;
pub use launch::{run, run_while};

/// Who asks, in requests of the window.
const BY: &str = "window";

/// What the window is to show.
pub struct Setup {
    /// Where the stream comes from.
    pub source: Box<dyn Source>,
    /// The laboratory's links, where there is one.
    pub lab: Option<Box<dyn LabControls>>,
    /// What the source is called: `This machine`, `Demo`.
    pub title: String,
    /// A picture to save before closing.
    pub screenshot: Option<Screenshot>,
    /// Closes the window after this long.
    pub seconds: Option<Duration>,
    /// The theme to begin with; `None` for the one chosen last, at first that of the system.
    pub theme: Option<Theme>,
}

/// A picture of the window, after which it closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screenshot {
    /// The PNG file.
    pub path: PathBuf,
    /// How long the window is open before.
    pub after: Duration,
}

/// Dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// As the desktop has it.
    System,
}

/// The links of a laboratory that the window may plug and unplug. Both calls return at once.
pub trait LabControls: Send {
    /// The links as they are now.
    fn links(&self) -> Vec<LabLink>;

    /// Plugs a link in, or unplugs it.
    ///
    /// # Errors
    /// Why it could not be done, in one line.
    fn plug(&self, link: &str, plugged: bool) -> Result<(), String>;
}

/// One link of a laboratory.
#[derive(Clone, Debug, PartialEq)]
pub struct LabLink {
    /// Its device name on the client.
    pub name: String,
    /// What people call it: `Wi-Fi`.
    pub label: String,
    /// What it stands for.
    pub kind: InterfaceKind,
    /// One way, ms.
    pub delay_ms: f64,
    /// What it can carry, Mbit/s.
    pub rate_mbps: f64,
    /// What it loses, percent.
    pub loss_percent: f64,
    /// Whether it is plugged in.
    pub plugged: bool,
}
