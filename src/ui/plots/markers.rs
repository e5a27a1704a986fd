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

/// What stands in the strip above the plots.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Strip {
    pub labels: Vec<Placed>,
    /// The markers that give way to the label of a loss: their line in the plots stays.
    pub hidden: Vec<usize>,
}

/// Between a mark and its label, and half a mark, on a scale of 1.
const GAP: f32 = 8.0;
const HALF: f32 = 5.0;
/// A label is nearer to its own mark than to the next one, by so much at least.
const APART: f32 = 2.0 * GAP;

/// Gives room to as many labels as fit: losses first, then the newest; right of their mark where possible. A label crosses
/// no mark and no other label, and is nearer to its own mark than to any. Where all is full, marks of what is less grave
/// are `forced` to give way to the label of a loss.
pub(super) fn place(marks: &[(f32, f32, bool)], left: f32, right: f32, scale: f32, forced: bool) -> Strip {
    let (gap, apart) = (GAP * scale, (APART + HALF) * scale);
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by_key(|number| {
        let loss = marks.get(*number).is_some_and(|(_, _, loss)| *loss);
        (!loss, std::cmp::Reverse(*number))
    });
    let mut taken: Vec<(f32, f32)> = Vec::new();
    let mut strip = Strip::default();
    for number in order {
        let Some((x, width, loss)) = marks.get(number).copied() else {
            continue;
        };
        if strip.hidden.contains(&number) {
            continue;
        }
        let fits = |start: f32| {
            let end = start + width;
            let clear = |(from, to): &(f32, f32)| end + gap <= *from || start >= *to + gap;
            start >= left && end <= right && taken.iter().all(clear)
        };
        // What lies under a label, or so near to it that the label might be its own.
        let under = |start: f32| -> Vec<usize> {
            let (from, to) = if start > x {
                (x + 1.0, start + width + apart)
            } else {
                (start - apart, x - 1.0)
            };
            let others = marks.iter().enumerate();
            let near = others.filter(|(other, (at, ..))| {
                *other != number && (from..=to).contains(at) && !strip.hidden.contains(other)
            });
            near.map(|(other, _)| other).collect()
        };
        let starts = [x + gap, x - gap - width]
            .into_iter()
            .filter(|start| fits(*start));
        let mut rooms = starts.map(|start| (start, under(start)));
        let free = rooms.clone().find(|(_, under)| under.is_empty());
        let is_minor = |other: &usize| marks.get(*other).is_some_and(|(_, _, loss)| !loss);
        let found = free.or_else(|| rooms.find(|(_, under)| forced && loss && under.iter().all(is_minor)));
        if let Some((start, under)) = found {
            taken.push((start, start + width));
            strip.hidden.extend(under);
            strip.labels.push(Placed {
                marker: number,
                left: start,
            });
        }
    }
    strip.labels.sort_by_key(|label| label.marker);
    strip
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lefts(marks: &[(f32, f32, bool)]) -> Vec<(usize, f32)> {
        let strip = place(marks, 0.0, 500.0, 1.0, false);
        strip
            .labels
            .iter()
            .map(|label| (label.marker, label.left))
            .collect()
    }

    #[test]
    fn labels_stand_at_the_right_unless_they_would_leave_the_plot() {
        assert_eq!(lefts(&[(100.0, 60.0, false)]), [(0, 108.0)]);
        assert_eq!(lefts(&[(480.0, 60.0, false)]), [(0, 412.0)]);
    }

    #[test]
    fn a_label_never_crosses_another_mark() {
        let marks = [(0.0, 90.0, true), (4.0, 90.0, false)];
        assert_eq!(lefts(&marks), [(1, 12.0)], "the loss has no room of its own");
        let strip = place(&marks, 0.0, 500.0, 1.0, true);
        assert_eq!(
            strip.labels,
            [Placed { marker: 0, left: 8.0 }],
            "so the other gives way"
        );
        assert_eq!(strip.hidden, [1]);
    }

    #[test]
    fn a_label_is_nearest_to_its_own_mark() {
        // Six points between the first label and the second mark: whose would it be?
        let marks = [(100.0, 60.0, false), (174.0, 60.0, false)];
        assert_eq!(lefts(&marks), [(0, 32.0), (1, 182.0)]);
        let apart = [(100.0, 60.0, false), (195.0, 60.0, false)];
        assert_eq!(lefts(&apart), [(0, 108.0), (1, 203.0)]);
    }

    #[test]
    fn two_losses_do_not_hide_each_other() {
        let marks = [(100.0, 90.0, true), (104.0, 90.0, true), (108.0, 90.0, true)];
        let strip = place(&marks, 0.0, 500.0, 1.0, true);
        assert_eq!(strip.hidden, [0; 0]);
        let placed: Vec<_> = strip.labels.iter().map(|label| label.marker).collect();
        assert_eq!(placed, [0, 2], "the one between the others has no side");
    }

    #[test]
    fn whatever_lies_where_labels_cross_nothing() {
        // A generator of its own, the same each time.
        let mut seed = 7_u32;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % most
        };
        for _ in 0..500 {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let marks: Vec<(f32, f32, bool)> = (0..random(12))
                .map(|_| (random(1000) as f32, 20.0 + random(200) as f32, random(3) == 0))
                .collect();
            for forced in [false, true] {
                let strip = place(&marks, 0.0, 1000.0, 1.0, forced);
                for label in &strip.labels {
                    let (own, width, _) = *marks.get(label.marker).expect("a mark");
                    let (from, to) = (label.left, label.left + width);
                    for (other, (at, _, loss)) in marks.iter().enumerate() {
                        let is_hidden = strip.hidden.contains(&other);
                        assert!(!(is_hidden && *loss), "a loss gives way to nobody: {marks:?}");
                        let apart = (at - own).abs() > 1.0;
                        let crosses = (from - HALF..=to + HALF).contains(at);
                        assert!(is_hidden || !apart || !crosses, "{marks:?}: {strip:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_label_may_go_left_to_make_room() {
        let marks = [(200.0, 90.0, false), (210.0, 90.0, false)];
        assert_eq!(lefts(&marks), [(0, 102.0), (1, 218.0)]);
    }
}
