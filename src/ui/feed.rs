//! Takes lines from the source without waiting, and keeps the history that is shown.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::TryRecvError;

use super::changes::Changes;
use super::replay::Replay;
use super::view::{Direction, path_name};
use super::waits::Asked;
use crate::history::{Bounds, History};
use crate::model::{Access, Command, ConnectionId, Line, Token};
use crate::source::{Control, Recorder, RecorderState, Request, Source, Transport};
use crate::ui::theme::Slots;
use crate::words::access::why_not;
use crate::words::recording;

/// The most lines taken in one frame; the rest waits for the next.
const BATCH: usize = 512;

/// The most memory of the history that goes on while a picture is held, bytes, beside what it shares with the picture:
/// with that, 128 MiB.
const LIVE_BYTES_WHILE_PAUSED: usize = 48 * 1024 * 1024;
/// How soon a line asks for a frame. A delay of nothing would be taken for two frames: one to settle, which a sample
/// does not need.
const NO_DELAY: Duration = Duration::from_nanos(1);

/// The source and what its stream adds up to.
///
/// Pause holds a picture of the history: the live one goes on, so nothing is lost and the channel stays empty.
pub(super) struct Feed {
    source: Box<dyn Source>,
    title: String,
    live: History,
    frozen: Option<Box<History>>,
    ended: Option<String>,
    interval_ms: u64,
    /// When the latest samples were taken and what they cost, for the status line.
    costs: VecDeque<(f64, u64)>,
    pub(super) changes: Changes,
    /// When the newest line came, on the window's clock; `None` for since the last frame.
    came_at: Option<f64>,
    /// The connection that the source keeps reading each interval.
    focus: Vec<Token>,
    /// Keeps the newest minutes, and records, where that is offered.
    recorder: Option<Recorder>,
    /// Somebody said *Allow*, and it has not been told what came of it.
    allowing: bool,
}

impl Feed {
    /// Begins with the source's header.
    pub(super) fn new(source: Box<dyn Source>, title: String, ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        source.set_waker(std::sync::Arc::new(move || ctx.request_repaint_after(NO_DELAY)));
        let header = source.header().clone();
        let interval_ms = header.interval_ms;
        let mut live = History::new(Bounds::default());
        live.apply(Line::Header(header));
        Self {
            source,
            title,
            live,
            frozen: None,
            ended: None,
            interval_ms,
            costs: VecDeque::new(),
            changes: Changes::default(),
            came_at: None,
            focus: Vec::new(),
            recorder: None,
            allowing: false,
        }
    }

    /// Goes over to another source, as if the window had just been opened on it.
    pub(super) fn replace(&mut self, source: Box<dyn Source>, title: Option<String>, ctx: &egui::Context) {
        let interval_ms = if source.transport().is_some() {
            source.header().interval_ms
        } else {
            self.interval_ms
        };
        let title = title.unwrap_or_else(|| std::mem::take(&mut self.title));
        let old = std::mem::replace(self, Self::new(source, title, ctx));
        super::laboratory::retire(old.source);
        self.recorder = old.recorder;
        if let Some(recorder) = &mut self.recorder {
            recorder.begin_stream(self.source.header().clone());
        }
        if interval_ms != self.interval_ms {
            self.set_interval(interval_ms);
        }
    }

    /// Takes what is there; whether more is waiting.
    pub(super) fn take(&mut self) -> bool {
        for _ in 0..BATCH {
            match self.source.lines().try_recv() {
                Ok(line) => self.apply(line),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    if self.ended.is_none() {
                        let why = self.source.failure();
                        self.ended = Some(why.unwrap_or_else(|| "The source has ended.".to_owned()));
                    }
                    return false;
                }
            }
        }
        true
    }

    fn apply(&mut self, line: Line) {
        self.came_at = None;
        if let Some(recorder) = self
            .recorder
            .as_mut()
            .filter(|_| self.source.transport().is_none())
        {
            recorder.take(&line);
        }
        self.changes.observe(&line);
        self.observe_access(&line);
        if let Line::Sample(sample) = &line {
            if let Some(cost) = sample.cost_us {
                self.costs.push_back((sample.t, cost));
            }
            while self.costs.front().is_some_and(|(t, _)| sample.t - t > 5.0) {
                self.costs.pop_front();
            }
        }
        let is_sample = matches!(line, Line::Sample(_));
        let restored = || self.source.transport()?.restored();
        match &line {
            // A recording was taken to another time.
            Line::Header(_) if self.is_replay() => {
                self.costs.clear();
                if let Some(mut restored) = restored() {
                    restored.take_place_of(&self.live);
                    self.live = *restored;
                }
            }
            _ => self.live.apply(line),
        }
        if is_sample {
            self.changes.count(&self.live);
        }
    }

    /// How long ago the newest line came, at a time of the window; lines that came since the last frame come now.
    pub(super) fn waited_s(&mut self, time: f64) -> f64 {
        (time - *self.came_at.get_or_insert(time)).max(0.0)
    }

    /// Says why what somebody allowed is not permitted after all.
    fn observe_access(&mut self, line: &Line) {
        let Line::Event(event) = line else { return };
        if let Some(access) = &event.access
            && std::mem::take(&mut self.allowing)
            && let Some(why) = &access.why_not
        {
            self.changes.fail(why_not(why));
        }
    }

    /// What the source is called.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The history as it is now.
    pub(super) fn live(&self) -> &History {
        &self.live
    }

    /// The history to show.
    pub(super) fn shown(&self) -> &History {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// The way of most data over all connections.
    pub(super) fn main_direction(&self) -> Direction {
        let connections = self.shown().state().connections.values();
        let (sent, received) = connections.fold((0, 0), |(sent, received), connection| {
            (
                sent + connection.bytes_sent.unwrap_or(0),
                received + connection.bytes_received.unwrap_or(0),
            )
        });
        if received > sent {
            Direction::Received
        } else {
            Direction::Sent
        }
    }

    /// Keeps the newest minutes from now on, so that a recording can begin with them.
    pub(super) fn offer_recording(&mut self, ctx: &egui::Context) {
        let ctx = ctx.clone();
        let waker = std::sync::Arc::new(move || ctx.request_repaint());
        self.recorder = Recorder::start(self.source.header().clone(), waker).ok();
    }

    /// What is recorded, where that can be.
    pub(super) fn recording(&self) -> Option<RecorderState> {
        let recorder = self.recorder.as_ref().filter(|_| !self.is_replay());
        recorder.map(Recorder::state)
    }

    /// Begins a recording in a folder, or ends it.
    pub(super) fn record(&mut self, folder: Option<&Path>) {
        let Some(recorder) = &self.recorder else { return };
        match folder {
            Some(folder) => {
                let header = self.live.header().unwrap_or(self.source.header());
                let name = recording::file_name(header, self.live.now());
                recorder.begin(folder.join(name));
            }
            None => recorder.end(),
        }
    }

    /// Why a recording ended by itself, once.
    pub(super) fn recording_failure(&self) -> Option<String> {
        let (path, error) = self.recorder.as_ref()?.take_failure()?;
        Some(recording::failed(&path, &error))
    }

    /// Whether it is a recording that is played.
    pub(super) fn is_replay(&self) -> bool {
        self.source.transport().is_some()
    }

    /// How a recording stands.
    pub(super) fn replay(&self) -> Option<Replay> {
        self.source.transport().map(Replay::of)
    }

    /// Asks a recording for something.
    pub(super) fn control(&self, control: Control) {
        if let Some(transport) = self.source.transport() {
            transport.control(control);
        }
    }

    /// Whether the picture stands still.
    pub(super) fn is_paused(&self) -> bool {
        let stands = |transport: &dyn Transport| !transport.playback().is_playing;
        self.frozen.is_some() || self.source.transport().is_some_and(stands)
    }

    /// Freezes the picture, or lets it go on.
    pub(super) fn pause(&mut self, pause: bool) {
        if pause == self.is_paused() {
            return;
        }
        if let Some(transport) = self.source.transport() {
            transport.control(if pause { Control::Pause } else { Control::Play });
            return;
        }
        self.frozen = pause.then(|| Box::new(self.live.picture(LIVE_BYTES_WHILE_PAUSED)));
        if !pause {
            self.live.forget_picture(Bounds::default().bytes);
        }
    }

    /// Keeps every point of this connection, and has it and the others in view read each interval, because somebody looks
    /// at them.
    pub(super) fn watch(
        &mut self,
        connection: Option<ConnectionId>,
        in_view: impl Iterator<Item = ConnectionId>,
    ) {
        self.live.watch(connection);
        let all = connection.into_iter().chain(in_view);
        let tokens: Vec<Token> = all.filter_map(|id| self.live.latest(id)?.token).collect();
        if tokens != self.focus {
            self.source.set_focus(&tokens);
            self.focus = tokens;
        }
    }

    /// Why the source ended, once it has.
    pub(super) fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    /// What may be seen and done.
    pub(super) fn access(&self) -> &Access {
        &self.live.header().unwrap_or(self.source.header()).access
    }

    /// Lets the privileged service ask a person for what is missing.
    pub(super) fn allow(&mut self) {
        self.changes.dismiss();
        self.allowing = true;
        self.source.allow();
    }

    /// What was asked for and is not answered yet.
    pub(super) fn asked(&self) -> Option<Asked> {
        if self.ended.is_some() {
            return None;
        }
        let change = self.changes.waiting();
        let change = change.map(|change| Asked::Change(change.reference, change.label.clone()));
        change.or(self.allowing.then_some(Asked::Allow))
    }

    /// From one sample to the next, ms.
    pub(super) fn interval_ms(&self) -> u64 {
        self.interval_ms
    }

    /// Asks for another time between samples.
    pub(super) fn set_interval(&mut self, ms: u64) {
        self.interval_ms = ms;
        self.live.expect_interval(ms);
        self.source.set_interval(Duration::from_millis(ms));
    }

    /// What a sample costs: CPU time in ms, and the share of one core in percent.
    pub(super) fn cost(&self) -> Option<(f64, f64)> {
        let sum: u64 = self.costs.iter().map(|(_, cost)| cost).sum();
        let ((first, _), (last, _)) = (self.costs.front()?, self.costs.back()?);
        let samples = self.costs.len() as f64;
        let each_s = sum as f64 / samples / 1e6;
        let span = last - first;
        let interval_s = if span > 0.0 {
            span / (samples - 1.0).max(1.0)
        } else {
            self.interval_ms as f64 / 1000.0
        };
        Some((each_s * 1000.0, each_s / interval_s * 100.0))
    }

    /// Asks the source for a change.
    pub(super) fn request(&mut self, command: Command, slots: &Slots) {
        let state = self.live.state();
        let path = |id: u8| {
            let device = state.endpoints.get(&id).and_then(|endpoint| {
                let owns = |interface: &&crate::model::Interface| {
                    interface
                        .addresses
                        .iter()
                        .any(|entry| entry.address == endpoint.address)
                };
                let owner = state.interfaces.values().find(owns);
                owner
                    .map(|interface| interface.name.clone())
                    .or_else(|| endpoint.interface.clone())
            });
            match device {
                Some(device) => path_name(&self.live, slots, Some(&device)).name,
                None => format!("Endpoint {id}"),
            }
        };
        let reference = self.changes.ask(&command, state, path);
        let believed = state.before(&command).map(Box::new);
        let request = Request {
            command,
            by: super::BY.to_owned(),
            reference: Some(reference.clone()),
            believed,
        };
        if self.source.request(request).is_err() {
            self.changes.refused(&reference);
        }
    }
}
