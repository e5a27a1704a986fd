//! What happened within the window, as marks above the plots.

use std::net::IpAddr;

use egui::Stroke;

use crate::history::SubflowHistory;
use crate::history::handover::Handover;
use crate::model::{ConnectionId, Event, EventKind};
use crate::ui::theme::Tokens;
use crate::ui::view::View;
use crate::words::event as words;
use crate::words::handover::{length, sentence};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Marker {
    /// When, seconds on the stream.
    pub t: f64,
    /// What, in two or three words.
    pub label: String,
    /// Whether a path was lost.
    pub loss: bool,
    /// What a handover was.
    pub story: Option<Story>,
}

/// A handover in the plots.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Story {
    /// When nothing was delivered, from and to.
    pub gap: (f64, f64),
    /// Its label where there is little room.
    pub short: String,
    pub sentence: String,
}

/// The line of something that happened: stronger where a path was lost.
pub(super) fn mark_stroke(loss: bool, scale: f32, tokens: &Tokens) -> Stroke {
    if loss {
        Stroke::new(1.5 * scale, tokens.danger)
    } else {
        Stroke::new(scale, tokens.text3)
    }
}

/// Events so near to a handover, seconds, are part of its story.
const PART_S: f64 = 2.0;

/// The most marks; more would hide what they explain.
const MOST: usize = 200;

/// The events within the window that have to do with a connection, oldest first.
pub(super) fn markers(id: ConnectionId, view: &View<'_>, from: f64, to: f64) -> Vec<Marker> {
    let subflows: Vec<&SubflowHistory> = view.shown.subflows_of(id).collect();
    let events = view.shown.events();
    let within = |(handover, _): &(&Handover, _)| handover.t >= from && handover.t <= to;
    let handovers: Vec<_> = view.interruptions(id).filter(within).take(MOST).collect();
    let told = |event: &Event| {
        handovers.iter().any(|(handover, _)| {
            is_part(event) && (event.t - handover.t).abs() < PART_S && {
                let device = device(event, &subflows, view);
                device.is_some() && device == handover.from.as_deref()
            }
        })
    };
    let mut markers: Vec<Marker> = events
        .iter()
        .rev()
        .filter(|event| event.t >= from && event.t <= to && !told(event))
        .filter_map(|event| marker(event, id, &subflows, view))
        .take(MOST)
        .collect();
    markers.extend(handovers.iter().map(|(handover, gap)| Marker {
        t: handover.t,
        label: view.in_short(handover, *gap),
        loss: true,
        story: Some(Story {
            gap: (gap.t, gap.t + gap.ms as f64 / 1000.0),
            short: length(*gap).to_string(),
            sentence: sentence(handover, |device| view.path(Some(device)).name),
        }),
    }));
    markers.sort_by(|a, b| a.t.total_cmp(&b.t));
    markers
}

/// Whether a handover says all that an event does.
fn is_part(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::InterfaceDown | EventKind::AddressLost | EventKind::SubflowClosed
    )
}

fn marker(event: &Event, id: ConnectionId, subflows: &[&SubflowHistory], view: &View<'_>) -> Option<Marker> {
    let connection = view.shown.latest(id)?;
    let own = event.token.is_some() && event.token == connection.token;
    let device = device(event, subflows, view);
    let used = subflows
        .iter()
        .any(|subflow| device.is_some() && subflow.last.interface.as_deref() == device);
    let addressed = |address: &IpAddr| subflows.iter().any(|subflow| subflow.last.local.ip() == *address);
    let is_link_local = match event.address {
        Some(IpAddr::V6(ip)) => ip.is_unicast_link_local(),
        _ => false,
    };
    let (device, is_shown) = match event.kind {
        EventKind::SubflowEstablished
        | EventKind::SubflowClosed
        | EventKind::SubflowPriority
        | EventKind::SubflowRerouted
        | EventKind::ConnectionEstablished
        | EventKind::ConnectionClosed
        | EventKind::AddressAnnounced
        | EventKind::AddressRemoved => (device, own),
        EventKind::InterfaceDown | EventKind::InterfaceUp | EventKind::AccessPointChanged => (device, used),
        EventKind::AddressLost => {
            let concerns = used || event.address.as_ref().is_some_and(addressed);
            (device, concerns && !is_link_local && !went_down(event, view))
        }
        EventKind::EndpointChanged | EventKind::EndpointAdded | EventKind::EndpointRemoved => {
            let endpoint = event.endpoint.as_ref()?;
            let uses = |subflow: &&SubflowHistory| endpoint.may_have(subflow.last.local);
            let subflow = subflows.iter().copied().find(|subflow| uses(subflow))?;
            (subflow.last.address_owner(), true)
        }
        EventKind::EventsLost | EventKind::ClockJump => (device, true),
        _ => (device, false),
    };
    let label = words::in_short(event, &view.path(device).name).filter(|_| is_shown)?;
    Some(Marker {
        t: event.t,
        label,
        loss: words::is_loss(event),
        story: None,
    })
}

/// Whether the interface of an event went down at about the same time, which says more.
fn went_down(event: &Event, view: &View<'_>) -> bool {
    view.shown.events().iter().any(|other| {
        other.kind == EventKind::InterfaceDown
            && other.interface == event.interface
            && (other.t - event.t).abs() < 1.0
    })
}

/// The device that an event is about: its own, else that of the subflow or interface with its local address.
pub(in crate::ui) fn device<'a>(
    event: &'a Event,
    subflows: &[&'a SubflowHistory],
    view: &'a View<'_>,
) -> Option<&'a str> {
    if let Some(name) = &event.interface {
        return Some(name);
    }
    let local = event.local?;
    let by_subflow = subflows.iter().find(|subflow| subflow.last.local == local);
    if let Some(name) = by_subflow.and_then(|subflow| subflow.last.interface.as_deref()) {
        return Some(name);
    }
    let interfaces = view.shown.state().interfaces.values();
    interfaces
        .filter(|interface| {
            interface
                .addresses
                .iter()
                .any(|entry| entry.address == local.ip())
        })
        .map(|interface| interface.name.as_str())
        .next()
}

/// Where a label may stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    /// The number of its marker.
    pub marker: usize,
    /// Where its text begins.
    pub left: f32,
}

/// Gives room to as many labels as fit: losses first, then the newest; right of their mark where possible. Where all is
/// full, losses may be `forced` to lie over the marks of others.
pub(super) fn place(
    marks: &[(f32, f32, bool)],
    left: f32,
    right: f32,
    scale: f32,
    forced: bool,
) -> Vec<Placed> {
    let (gap, half) = (8.0 * scale, 5.0 * scale);
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by_key(|number| {
        let loss = marks.get(*number).is_some_and(|(_, _, loss)| *loss);
        (!loss, std::cmp::Reverse(*number))
    });
    let mut taken: Vec<(f32, f32)> = Vec::new();
    let mut placed = Vec::new();
    for number in order {
        let Some((x, width, loss)) = marks.get(number).copied() else {
            continue;
        };
        // Marks that touch this one are one with it: the label stands beside them all.
        let touching = |way: f32| {
            let away = marks.iter().map(|(at, ..)| (at - x) * way);
            away.filter(|away| (0.0..2.0 * half).contains(away))
                .fold(0.0, f32::max)
        };
        let (first, last) = (x - touching(-1.0), x + touching(1.0));
        let free = |start: f32, over_marks: bool| {
            let end = start + width;
            let clear = taken
                .iter()
                .all(|(from, to)| end + gap <= *from || start >= *to + gap);
            // Nor over another mark's triangle.
            let marks_clear = marks
                .iter()
                .all(|(at, ..)| (first..=last).contains(at) || *at < start - half || *at > end + half);
            start >= left && end <= right && clear && (marks_clear || over_marks)
        };
        let starts = [last + gap, first - gap - width];
        let beside = |over_marks| starts.into_iter().find(|start| free(*start, over_marks));
        let start = beside(false).or_else(|| beside(true).filter(|_| forced && loss));
        if let Some(start) = start {
            taken.push((start, start + width));
            placed.push(Placed {
                marker: number,
                left: start,
            });
        }
    }
    placed.sort_by_key(|label| label.marker);
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lefts(marks: &[(f32, f32, bool)]) -> Vec<(usize, f32)> {
        let placed = place(marks, 0.0, 500.0, 1.0, false);
        placed.iter().map(|label| (label.marker, label.left)).collect()
    }

    #[test]
    fn labels_stand_at_the_right_unless_they_would_leave_the_plot() {
        assert_eq!(lefts(&[(100.0, 60.0, false)]), [(0, 108.0)]);
        assert_eq!(lefts(&[(480.0, 60.0, false)]), [(0, 412.0)]);
    }

    #[test]
    fn a_loss_keeps_its_label_where_two_would_overlap() {
        let marks = [(0.0, 90.0, true), (4.0, 90.0, false)];
        assert_eq!(lefts(&marks), [(0, 12.0)], "beside both marks");
    }

    #[test]
    fn a_loss_between_two_marks_lies_over_one_of_them_rather_than_going() {
        let marks = [(90.0, 30.0, false), (130.0, 60.0, true), (150.0, 30.0, false)];
        assert_eq!(lefts(&marks), [(0, 52.0), (2, 158.0)]);
        let placed = place(&marks, 0.0, 500.0, 1.0, true);
        assert_eq!(
            placed.iter().map(|label| label.marker).collect::<Vec<_>>(),
            [0, 1]
        );
    }

    #[test]
    fn a_label_may_go_left_to_make_room() {
        let marks = [(200.0, 90.0, false), (210.0, 90.0, false)];
        assert_eq!(lefts(&marks), [(0, 102.0), (1, 218.0)]);
    }
}
