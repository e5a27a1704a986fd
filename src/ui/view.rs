//! What the panels read: the state and history as shown in one frame, and names for it.

use super::LabShape;
use super::changes::Changes;
use super::theme::{Slot, Slots};
use crate::desktop::{MptcpFlags, Profile};
use crate::history::{Condition, History, SubflowHistory, condition, device_name};
use crate::model::{Access, Command, Connection, Cookie, Subflow};

/// Which way the shown rates go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// From this host.
    #[default]
    Sent,
    /// To this host.
    Received,
}

impl Direction {
    /// The word beside a rate.
    pub(super) fn participle(self) -> &'static str {
        match self {
            Self::Sent => "sending",
            Self::Received => "receiving",
        }
    }

    /// The word beside a measured amount.
    pub(super) fn past(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }

    /// The other one.
    #[must_use]
    pub(super) fn other(self) -> Self {
        match self {
            Self::Sent => Self::Received,
            Self::Received => Self::Sent,
        }
    }

    /// The rate of a point in this direction, bits a second.
    pub(super) fn bps(self, point: &crate::history::Point) -> f64 {
        match self {
            Self::Sent => f64::from(point.out_bps),
            Self::Received => f64::from(point.in_bps),
        }
    }
}

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
    /// A change of the kernel's state.
    Request(Command),
    /// Taking back a change, by its reference.
    Undo(u64),
    /// Forgetting what a change that failed said.
    Dismiss,
    /// Another time between samples, ms.
    SetInterval(u64),
    /// Freezing or thawing the picture.
    Pause(bool),
    /// Dark, light, or as the system says.
    Theme(egui::ThemePreference),
    /// Another panel.
    Open(Tab),
    /// Another connection in the centre.
    Select(Cookie),
    /// A connection in the centre, with the plots at a moment.
    Moment(Cookie, f64),
    /// The other direction for every rate.
    Turn(Direction),
    /// The page that says what the privileged service would permit.
    AskConsent,
    /// Having the privileged service ask for what is missing.
    Allow,
    /// The demo, in a window of its own.
    OpenDemo,
    /// Plugging a link of the lab, or unplugging it.
    Plug(String, bool),
    /// Making a link of the lab better or worse.
    Shape(String, LabShape),
    /// Writing a connection's flags to NetworkManager.
    WriteProfile(Profile, MptcpFlags),
    /// Saying what went wrong.
    Complain(String),
    /// Text for the clipboard.
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
    /// Which way rates go.
    pub direction: Direction,
    /// Whether the picture stands still.
    pub paused: bool,
    /// Why the source ended, once it has.
    pub ended: Option<&'a str>,
    /// Changes made in this window.
    pub changes: &'a Changes,
    /// From one sample to the next, ms.
    pub interval_ms: u64,
}

/// How an interface is named and painted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathName {
    /// Its colour and shape.
    pub slot: Slot,
    /// What people call it, with the device name where two are alike.
    pub name: String,
    /// The device name; empty when it is not known.
    pub device: String,
}

impl View<'_> {
    /// The name and slot of a device.
    pub(super) fn path(&self, device: Option<&str>) -> PathName {
        path_name(self.shown, self.slots, device)
    }

    /// What a subflow is doing: data within the last second counts as flowing.
    pub(super) fn condition(&self, subflow: &SubflowHistory) -> Condition {
        if subflow.ended_at.is_some() {
            return Condition::Closed;
        }
        condition(
            &subflow.last,
            self.recent_bps(subflow),
            self.interface_up(&subflow.last),
        )
    }

    /// Whether the interface of a subflow is up, where that is known. One that is gone is down.
    pub(super) fn interface_up(&self, subflow: &Subflow) -> Option<bool> {
        let name = subflow.interface.as_deref()?;
        match self.shown.state().interface(name) {
            Some(interface) => Some(interface.up),
            None if self.shown.state().interfaces.is_empty() => None,
            None => Some(false),
        }
    }

    /// The largest rate of the last second, both directions, bits a second.
    pub(super) fn recent_bps(&self, subflow: &SubflowHistory) -> f64 {
        let since = self.shown.now() - 1.0;
        subflow
            .points
            .iter()
            .rev()
            .take_while(|point| point.t > since)
            .map(|point| f64::from(point.out_bps.max(point.in_bps)))
            .fold(subflow.out_bps().max(subflow.in_bps()), f64::max)
    }

    /// The rate of a subflow now, in the direction shown, bits a second.
    pub(super) fn bps(&self, subflow: &SubflowHistory) -> f64 {
        if subflow.ended_at.is_some() {
            return 0.0;
        }
        subflow
            .points
            .back()
            .map_or(0.0, |point| self.direction.bps(point))
    }

    /// The subflows of a connection that are there, those that ended left out, in order of slot.
    pub(super) fn subflows(&self, connection: Cookie) -> Vec<&SubflowHistory> {
        let mut subflows: Vec<_> = self
            .shown
            .subflows_of(connection)
            .filter(|subflow| subflow.ended_at.is_none())
            .collect();
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

    /// Why changes are not possible, if they are not.
    pub(super) fn refusal(&self) -> Option<String> {
        if self.ended.is_some() {
            return Some("The source has ended.".to_owned());
        }
        if self.access.control {
            return None;
        }
        let why = self.access.why_not.as_deref();
        Some(why.map_or_else(
            || "Read-only: changes are not permitted.".to_owned(),
            |why| format!("Read-only: {why}"),
        ))
    }
}

/// The name and slot of a device.
pub(super) fn path_name(history: &History, slots: &Slots, device: Option<&str>) -> PathName {
    let device = device.unwrap_or_default();
    let name = if device.is_empty() {
        "Unknown path".to_owned()
    } else {
        device_name(history.state(), device)
    };
    PathName {
        slot: slots.of(Some(device)),
        name,
        device: device.to_owned(),
    }
}

/// The application that holds a connection.
pub(super) fn application(connection: &Connection) -> &str {
    connection
        .process
        .as_ref()
        .map_or("Unknown application", |process| process.name.as_str())
}
