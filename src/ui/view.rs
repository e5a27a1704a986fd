//! What the panels read: the state and history as shown in one frame, and names for it.

use std::borrow::Cow;

use super::changes::Changes;
use super::format::rate_decimals;
use super::replay::Replay;
use super::theme::{Slot, Slots};
use super::{LabShape, LabStep};
use crate::desktop::{MptcpFlags, NoticeSettings, Profile};
pub(super) use crate::history::Direction;
use crate::history::SortOrder;
use crate::history::handover::{Handover, Interruption};
use crate::history::{Condition, History, SubflowHistory};
use crate::model::text::for_terminal;
use crate::model::{Access, Command, Connection, ConnectionId, Interface, Subflow};
use crate::source::{Control, RecorderState};
use crate::words;
pub(super) use crate::words::connection::application as process_name;
use crate::words::path::{device_name, speed};

/// The panels of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tab {
    /// The list and the selected connection.
    #[default]
    Connections,
    /// What moved data from one path to another.
    Handovers,
    /// Interfaces, endpoints, limits and settings.
    Paths,
    /// What happened.
    Events,
}

impl Tab {
    /// The panel of that name; the first where there is none.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "handovers" => Self::Handovers,
            "paths" => Self::Paths,
            "events" => Self::Events,
            _ => Self::Connections,
        }
    }
}

/// What a panel asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum UiCommand {
    /// Change the kernel's state; after a question where that closes subflows.
    Request(Command),
    /// Change the kernel's state, whatever it closes: somebody was asked.
    Confirmed(Command),
    /// Take a change back, by its reference.
    Undo(u64),
    /// Forget what a change that failed said.
    Dismiss,
    /// Set the time between samples, ms.
    SetInterval(u64),
    /// Hold the picture, or let it go on.
    Pause(bool),
    /// Play a recording, or go somewhere in it.
    Transport(Control),
    /// Record to a file, or end that.
    Record(bool),
    /// Ask for a recording to be opened.
    OpenRecording,
    /// Set dark, light, or as the system says.
    SetTheme(egui::ThemePreference),
    /// Go into present mode, or leave it.
    Present(bool),
    /// Let nothing move by itself, or let it.
    ReduceMotion(bool),
    /// Go on to another scenario of the laboratory.
    Scenario(LabStep),
    /// Have the laboratory's links come and go by themselves, or by hand.
    PlayByItself(bool),
    /// Set what the desktop is told and keeps.
    SetNotices(NoticeSettings),
    /// Find out whether notifications are shown here.
    CheckNotices,
    /// Open a panel.
    Open(Tab),
    /// Show a connection in the centre.
    Select(ConnectionId),
    /// Show a handover, by when it began, in the panel that tells it.
    ShowHandover(f64),
    /// Show a moment on the time axes of all panels.
    ShowTime(f64),
    /// Show the events of a moment.
    ShowEventsAt(f64),
    /// Show a connection in the centre, with the plots at a moment.
    ShowAt(ConnectionId, f64),
    /// Set the order of the list of connections.
    SortList(SortOrder),
    /// Set one direction for every rate, or each connection's own.
    SetDirection(Option<Direction>),
    /// Show the page that says what the privileged service would permit.
    AskConsent,
    /// Have the privileged service ask for what is missing.
    Allow,
    /// Open the demo, in a window of its own.
    OpenDemo,
    /// Plug a link of the lab in, or unplug it.
    Plug(String, bool),
    /// Make a link of the lab better or worse.
    Shape(String, LabShape),
    /// Write a connection's flags to NetworkManager.
    WriteProfile(Profile, MptcpFlags),
    /// Put text into the clipboard.
    Copy(String),
}

/// Everything that a panel may read.
pub(super) struct View<'a> {
    /// What is shown: the live history, or its copy since the pause.
    pub shown: &'a History,
    /// As it is now, also while paused.
    pub live: &'a History,
    /// What may be seen and done.
    pub access: &'a Access,
    /// The interfaces' colours.
    pub slots: &'a Slots,
    /// What the source is called.
    pub title: &'a str,
    /// Which way rates go, where somebody chose; else each connection's go its main way.
    pub turned: Option<Direction>,
    /// The way of most data over all connections.
    pub main: Direction,
    /// Whether the picture stands still.
    pub paused: bool,
    /// The recording that is played, where it is one.
    pub replay: Option<&'a Replay>,
    /// What is recorded, where that can be.
    pub recording: Option<&'a RecorderState>,
    /// Why the source ended, once it has.
    pub ended: Option<&'a str>,
    /// How long ago the newest line came, seconds.
    pub waited_s: f64,
    /// Whether nothing may move by itself, because somebody wants it so.
    pub still: bool,
    /// Changes made in this window.
    pub changes: &'a Changes,
    /// What was asked for and is not answered for a while, in words.
    pub waits: Option<&'a str>,
    /// From one sample to the next, ms.
    pub interval_ms: u64,
}

/// How an interface is named and painted. What a name hides is written out, so that none looks like another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathName {
    /// Its colour and shape.
    pub slot: Slot,
    /// What people call it, with the device name where two are alike.
    pub name: String,
    /// The device name as it is shown; empty when it is not known.
    pub device: String,
}

impl View<'_> {
    /// The name and slot of a device.
    pub(super) fn path(&self, device: Option<&str>) -> PathName {
        path_name(self.shown, self.slots, device)
    }

    /// The stream's time between its lines.
    pub(super) fn clock(&self) -> f64 {
        let since = if self.paused { 0.0 } else { self.waited_s };
        self.shown.now() + since
    }

    /// Whether what is shown goes on, so that it may move between two samples. A source that says nothing for long does
    /// not tell that data still flows.
    pub(super) fn flows(&self) -> bool {
        let patience_s = 2.0 * self.interval_ms as f64 / 1000.0 + 0.5;
        !self.still && !self.paused && self.ended.is_none() && self.waited_s < patience_s
    }

    /// What a subflow is doing.
    pub(super) fn condition(&self, subflow: &SubflowHistory) -> Condition {
        self.shown.condition(subflow)
    }

    /// Whether the interface of a subflow is up, where that is known. One that is gone is down.
    pub(super) fn interface_up(&self, subflow: &Subflow) -> Option<bool> {
        self.shown.interface_up(subflow)
    }

    /// The name of the interface whose address a subflow uses, where another one carries it.
    pub(super) fn other_owner(&self, subflow: &Subflow) -> Option<String> {
        let owner = subflow.address_interface.as_deref()?;
        Some(self.path(Some(owner)).name)
    }

    /// The rate of a subflow now, in its connection's direction, bits a second.
    pub(super) fn bps(&self, subflow: &SubflowHistory) -> f64 {
        self.shown.rate(subflow, self.direction_of(subflow.connection))
    }

    /// The rate of a connection now, in its direction, bits a second.
    pub(super) fn total_bps(&self, connection: ConnectionId) -> f64 {
        let (out, inward) = self.shown.rate_of(connection);
        match self.direction_of(connection) {
            Direction::Sent => out,
            Direction::Received => inward,
        }
    }

    /// The way that is shown unless a connection's own is another: that of the caption.
    pub(super) fn direction(&self) -> Direction {
        self.turned.unwrap_or(self.main)
    }

    /// Which way a connection's rates go.
    pub(super) fn direction_of(&self, connection: ConnectionId) -> Direction {
        self.turned
            .or_else(|| Some(self.shown.connection(connection)?.direction()))
            .unwrap_or(self.main)
    }

    /// The decimals of every rate of a connection, wherever it stands. They do not flicker: they follow its largest of
    /// the last seconds.
    pub(super) fn decimals(&self, connection: ConnectionId) -> usize {
        self.decimals_of(connection, self.direction_of(connection))
    }

    /// The same for one direction.
    pub(super) fn decimals_of(&self, connection: ConnectionId, direction: Direction) -> usize {
        rate_decimals(self.shown.peak(connection, direction))
    }

    /// The subflows of a connection that are there, those that ended left out, in order of slot.
    pub(super) fn subflows(&self, connection: ConnectionId) -> Vec<&SubflowHistory> {
        let mut subflows: Vec<_> = self.shown.living_subflows(connection).collect();
        self.sort(&mut subflows);
        subflows
    }

    /// Puts subflows in order of slot, then of age.
    pub(super) fn sort(&self, subflows: &mut [&SubflowHistory]) {
        subflows.sort_by(|a, b| {
            let key = |subflow: &SubflowHistory| self.slots.of(subflow.last.interface.as_deref());
            key(a).cmp(&key(b)).then(a.began_at.total_cmp(&b.began_at))
        });
    }

    /// The handovers that interrupted a connection, newest first.
    pub(super) fn interruptions(
        &self,
        connection: ConnectionId,
    ) -> impl Iterator<Item = (&Handover, Interruption)> + use<'_> {
        let own = self.shown.handovers().iter().rev();
        let own = own.filter(move |handover| handover.connection == connection);
        own.filter_map(|handover| Some((handover, handover.interruption?)))
    }

    /// What a handover was, in a few words: `Wi-Fi lost, 207 ms ± 20`.
    pub(super) fn in_short(&self, handover: &Handover, gap: Interruption) -> String {
        words::handover::in_short(handover, gap, |device| self.path(Some(device)).name)
    }

    /// Why changes are not possible, if they are not.
    pub(super) fn refusal(&self) -> Option<String> {
        if self.ended.is_some() {
            return Some("The source has ended.".to_owned());
        }
        if self.replay.is_some() {
            return Some(words::recording::NO_CHANGES.to_owned());
        }
        if self.access.control {
            return None;
        }
        Some(words::access::read_only(self.access))
    }
}

/// The network that an interface is on: its name, or the link's speed.
pub(super) fn network(interface: &Interface) -> Option<String> {
    let ssid = interface.ssid.as_deref();
    ssid.map(|ssid| for_terminal(ssid).into_owned())
        .or_else(|| interface.speed_mbps.map(speed))
}

/// The name and slot of a device.
pub(super) fn path_name(history: &History, slots: &Slots, device: Option<&str>) -> PathName {
    let device = device.unwrap_or_default();
    let name = if device.is_empty() {
        "Unknown path".to_owned()
    } else {
        for_terminal(&device_name(history.state(), device)).into_owned()
    };
    PathName {
        slot: slots.of(Some(device)),
        name,
        device: for_terminal(device).into_owned(),
    }
}

/// The application that holds a connection, with what its name hides written out.
pub(super) fn application(connection: &Connection) -> Cow<'_, str> {
    for_terminal(process_name(connection))
}

#[cfg(test)]
mod tests {
    use crate::model::{Line, Sample, Token};
    use crate::ui::test_data::Stage;

    #[test]
    fn decimals_follow_the_largest_rate_of_the_last_ten_seconds() {
        let mut stage = Stage::usual();
        let id = Token(1).into();
        assert_eq!(stage.view().decimals(id), 2, "it carries 8 Mbit/s");
        let mut sampled = |t: f64, bytes: u64| {
            let mut connection = stage.history.latest(id).expect("known").clone();
            for subflow in connection.subflows.iter_mut().take(1) {
                subflow.bytes_acked = Some(bytes);
            }
            stage.history.apply(Line::Sample(Box::new(Sample {
                t,
                connections: vec![connection],
                ..Sample::default()
            })));
            stage.view().decimals(id)
        };
        assert_eq!(sampled(11.0, 12_250_000), 1);
        assert_eq!(sampled(12.0, 12_375_000), 1, "held");
        for second in 13..21 {
            sampled(f64::from(second), 12_375_000);
        }
        assert_eq!(sampled(22.0, 12_500_000), 2, "let go");
    }
}
