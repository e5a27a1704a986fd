//! The laboratory behind the window, and the next one that is to take its place.

use crossbeam_channel::{Receiver, TryRecvError};
use egui::Context;

use super::{LabControls, LabLink, LabStep, LabSubject, Staged};
use crate::source::Source;

/// A laboratory, where there is one.
pub(super) struct Laboratory {
    controls: Option<Box<dyn LabControls>>,
    starting: Option<Starting>,
}

/// A scenario that is being started.
struct Starting {
    name: String,
    staged: Receiver<Result<Staged, String>>,
}

/// What can be done with a laboratory now.
#[derive(Clone, Debug, Default)]
pub(super) struct LabNow {
    /// Its links.
    pub links: Vec<LabLink>,
    /// The scenario that runs.
    pub scenario: String,
    /// What it demonstrates.
    pub demonstrates: String,
    /// What is looked at first.
    pub shows: Option<LabSubject>,
    /// Whether links come and go by themselves.
    pub by_itself: bool,
    /// The one after it, where there is another, and the one before.
    pub next: Option<String>,
    pub before: Option<String>,
    /// The one that is being started.
    pub starting: Option<String>,
}

impl Laboratory {
    pub(super) fn new(controls: Option<Box<dyn LabControls>>) -> Self {
        Self {
            controls,
            starting: None,
        }
    }

    /// How it is now.
    pub(super) fn now(&self) -> Option<LabNow> {
        let controls = self.controls.as_deref()?;
        Some(LabNow {
            links: controls.links(),
            scenario: controls.scenario(),
            demonstrates: controls.demonstrates(),
            shows: controls.shows(),
            by_itself: controls.plays_by_itself(),
            next: controls.neighbour(LabStep::Forth),
            before: controls.neighbour(LabStep::Back),
            starting: self.starting.as_ref().map(|starting| starting.name.clone()),
        })
    }

    /// Whether its links come and go by themselves, where there is one.
    pub(super) fn plays_by_itself(&self) -> Option<bool> {
        self.controls.as_deref().map(LabControls::plays_by_itself)
    }

    /// Asks it for something.
    pub(super) fn ask(&self, ask: impl FnOnce(&dyn LabControls) -> Result<(), String>) -> Result<(), String> {
        self.controls.as_deref().map_or(Ok(()), ask)
    }

    /// Starts the scenario that is a step away, while this one goes on.
    pub(super) fn start(&mut self, step: LabStep, ctx: &Context) {
        let Some(controls) = self.controls.as_deref().filter(|_| self.starting.is_none()) else {
            return;
        };
        if let Some(name) = controls.neighbour(step) {
            let ctx = ctx.clone();
            let waker = std::sync::Arc::new(move || ctx.request_repaint());
            let staged = controls.start(step, waker);
            self.starting = Some(Starting { name, staged });
        }
    }

    /// The source of the next scenario, once it runs: from then on this is its laboratory. Why there is none, where it
    /// could not be started: then this one stays.
    pub(super) fn arrived(&mut self) -> Option<Result<Box<dyn Source>, String>> {
        let starting = self.starting.as_ref()?;
        let staged = match starting.staged.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err("its thread ended".to_owned()),
            Ok(staged) => staged,
        };
        let name = self
            .starting
            .take()
            .map(|starting| starting.name)
            .unwrap_or_default();
        Some(match staged {
            Ok(Staged { source, lab }) => {
                retire(self.controls.replace(lab));
                Ok(source)
            }
            Err(why) => Err(format!("The scenario {name} could not be started: {why}")),
        })
    }
}

/// Lets go of what takes its time to end, without waiting for it.
pub(super) fn retire(gone: impl Send + 'static) {
    // Where there is no thread to be had it is let go here, and waited for.
    drop(
        std::thread::Builder::new()
            .name("retire".to_owned())
            .spawn(move || drop(gone)),
    );
}
