//! The window, on any source. One folder a panel: what rows to show and where things lie is plain code with plain
//! tests; a panel is a function of its own small state and a read-only view, and returns what it wants.
//!
//! The window never waits for the source: lines are taken from its bounded channel in batches, a waker asks for
//! the next frame, and nothing is painted while nothing changes. It knows no kernel, no laboratory and no command
//! line; a laboratory shows itself through [`LabControls`].

mod app;
mod badges;
mod changes;
mod connection;
mod connections;
mod connections_tab;
mod consent;
mod desktop;
mod empty;
mod events;
mod feed;
mod film;
mod fit;
mod handovers;
mod kernel_counters;
mod kit;
mod lab_strip;
mod laboratory;
mod launch;
mod map;
mod notices_menu;
mod opening;
mod opening_size;
mod openings;
mod panels;
mod paths;
mod pause_bar;
mod plots;
mod present;
mod replay;
mod resample;
mod running;
mod settings;
mod status;
mod theme;
mod timer;
mod top_bar;
mod transport;
mod view;
mod waits;

#[cfg(test)]
mod test_data;

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::Receiver;
use serde::{Deserialize, Serialize};

use crate::model::InterfaceKind;
use crate::source::{Source, Waker};
// As every panel writes numbers, times and units.
use crate::words::units as format;

pub use app::App;
pub use launch::{run, run_while};
pub use opening::Progress;
pub use settings::{settings_file, settings_rewritten};

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
    /// The file in which the window remembers how it was left, usually [`settings_file`]; `None` to begin with the
    /// usual settings and remember nothing.
    pub settings: Option<PathBuf>,
    /// What opens the demo in a window of its own, where that can be offered.
    pub demo: Option<OpenDemo>,
}

/// Opens the demo in a window of its own, without waiting for it; the error says why it could not.
pub type OpenDemo = fn() -> Result<(), String>;

/// A picture of the window, after which it closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screenshot {
    /// The PNG file.
    pub path: PathBuf,
    /// The panel that it shows: `connections`, `handovers`, `paths` or `events`; or `present` for present mode.
    pub panel: String,
    /// How long the window is open before.
    pub after: Duration,
    /// How much of that is shown as a moving picture (APNG); `None` for a still one of its end.
    pub film: Option<Duration>,
}

/// Dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// As the desktop has it.
    System,
}

impl From<Theme> for egui::ThemePreference {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Dark => Self::Dark,
            Theme::Light => Self::Light,
            Theme::System => Self::System,
        }
    }
}

/// The links of a laboratory that the window may plug, unplug and shape. Every call returns at once.
pub trait LabControls: Send {
    /// The links as they are now.
    fn links(&self) -> Vec<LabLink>;

    /// Plugs a link in, or unplugs it.
    ///
    /// # Errors
    /// Why it could not be done, in one line.
    fn plug(&self, link: &str, plugged: bool) -> Result<(), String>;

    /// Makes a link better or worse.
    ///
    /// # Errors
    /// Why it could not be done, in one line.
    fn shape(&self, link: &str, shape: LabShape) -> Result<(), String>;

    /// The name of the scenario that it plays.
    fn scenario(&self) -> String {
        String::new()
    }

    /// What that scenario demonstrates, in a line.
    fn demonstrates(&self) -> String {
        String::new()
    }

    /// What is looked at first; `None` for the busiest connection of several paths.
    fn shows(&self) -> Option<LabSubject> {
        None
    }

    /// Whether links come and go by themselves, as the scenario says.
    fn plays_by_itself(&self) -> bool {
        false
    }

    /// Has links come and go by themselves, from the beginning of the scenario on; or leaves everything to a person.
    ///
    /// # Errors
    /// Why it could not be done, in one line.
    fn play(&self, by_itself: bool) -> Result<(), String> {
        let _ = by_itself;
        Ok(())
    }

    /// The name of the scenario that is a step away, where there is another.
    fn neighbour(&self, step: LabStep) -> Option<String> {
        let _ = step;
        None
    }

    /// Starts the scenario that is a step away while this one goes on. It is sent once it runs, or why it does not; then
    /// `waker` is called.
    fn start(&self, step: LabStep, waker: Waker) -> Receiver<Result<Staged, String>> {
        drop((step, waker));
        crossbeam_channel::never()
    }
}

/// Which way to go along a laboratory's scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabStep {
    /// To the one after.
    Forth,
    /// To the one before.
    Back,
}

/// What a scenario is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabSubject {
    /// The connection of this application.
    Application(String),
    /// All connections together.
    Crowd,
}

/// A laboratory that runs, and the stream of what happens in it.
pub struct Staged {
    /// Where the stream comes from.
    pub source: Box<dyn Source>,
    /// Its links.
    pub lab: Box<dyn LabControls>,
}

/// What to make of a link; `None` leaves a property as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LabShape {
    /// One way, ms.
    pub delay_ms: Option<f64>,
    /// What it can carry, Mbit/s.
    pub rate_mbps: Option<f64>,
    /// What it loses, percent.
    pub loss_percent: Option<f64>,
}

/// How good a link is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabQuality {
    /// One way, ms.
    pub delay_ms: f64,
    /// What it can carry, Mbit/s.
    pub rate_mbps: f64,
    /// What it loses, percent.
    pub loss_percent: f64,
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
    /// How good it is by plan, when nobody has shaped it.
    pub planned: LabQuality,
}
