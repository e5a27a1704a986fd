//! What the lanes of one incident show: interfaces, connections with their delivery, and their subflows, against time.

use crate::history::handover::{Cause, Fate, Handover, Incident, Interruption};
use crate::history::{Gaps, SubflowHistory};
use crate::model::{ConnectionId, Event, EventKind};
use crate::ui::format;
use crate::ui::resample::{Bins, mean_rates};
use crate::ui::theme::Slot;
use crate::ui::view::{View, application, network};
use crate::words::handover as words;

/// How wide the bars of delivery are, seconds; wider where the window is.
const BIN_S: f64 = 0.02;
/// Data that pauses for less than this still flows, seconds.
const FLOWS_S: f64 = 0.12;

/// What a stretch of a lane looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Up, or carrying data.
    Solid,
    /// Established, nothing flows.
    Idle,
    /// The same, for a backup.
    Backup,
    /// Data waits, nothing gets through.
    Stalled,
    /// Down.
    Down,
}

/// A stretch of a lane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub from: f64,
    pub to: f64,
    pub look: Look,
    /// What stands on it, the most important first.
    pub parts: Vec<String>,
}

/// An interface, or a subflow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lane {
    pub slot: Slot,
    pub name: String,
    pub note: String,
    pub bars: Vec<Bar>,
    /// When it ended, and why as far as is known.
    pub closed: Option<(f64, String)>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub connection: ConnectionId,
    pub application: String,
    pub peer: String,
    /// What each subflow delivered in each bin, bits a second, in order of slot.
    pub delivery: Vec<(Slot, Vec<f64>)>,
    pub stopped_at: f64,
    pub interruption: Option<Interruption>,
    /// Why there was none, in words.
    pub quiet: Option<&'static str>,
    pub fate: Fate,
    pub sentence: String,
    pub lanes: Vec<Lane>,
}

/// Everything.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lanes {
    pub bins: Bins,
    pub interfaces: Vec<Lane>,
    pub blocks: Vec<Block>,
}

impl Lanes {
    pub(super) fn new(incident: &Incident, view: &View<'_>, from: f64, to: f64) -> Self {
        let width = ((to - from) / 100.0).max(BIN_S);
        let bins = Bins::covering(from, to, width);
        let (from, to) = (bins.start(0), bins.start(bins.count));
        let blocks: Vec<Block> = incident
            .members
            .iter()
            .filter_map(|member| block(member, incident.cause, view, (from, to), &bins))
            .collect();
        let mut devices: Vec<String> = Vec::new();
        for member in &incident.members {
            let known = view.shown.subflows_of(member.connection);
            devices.extend(known.filter_map(|subflow| subflow.last.interface.clone()));
        }
        devices.extend(incident.from.clone());
        devices.sort_by_key(|device| (view.slots.of(Some(device)), device.clone()));
        devices.dedup();
        let interfaces = devices
            .iter()
            .map(|device| interface(device, view, from, to))
            .collect();
        Self {
            bins,
            interfaces,
            blocks,
        }
    }
}

fn interface(device: &str, view: &View<'_>, from: f64, to: f64) -> Lane {
    let path = view.path(Some(device));
    let turns: Vec<(f64, bool)> = view
        .shown
        .events()
        .iter()
        .filter(|event| event.interface.as_deref() == Some(device))
        .filter_map(|event| turn(event).map(|up| (event.t, up)))
        .collect();
    let known = view.shown.state().interface(device);
    let now = known.is_some_and(|interface| interface.up);
    // What it turned to first tells what it was before.
    let mut up = turns.iter().find(|(t, _)| *t > from).map_or(now, |(_, up)| !up);
    let address = known
        .and_then(|interface| interface.addresses.first())
        .map(|owned| owned.address.to_string());
    let parts = |up: bool, until: f64| {
        if !up {
            return vec!["down".to_owned()];
        }
        let signal = view.shown.session().signal_at(device, until);
        let state = ["up".to_owned()].into_iter();
        state
            .chain(signal.map(format::dbm))
            .chain(address.clone())
            .collect()
    };
    let look = |up: bool| if up { Look::Solid } else { Look::Down };
    let mut bars = Vec::new();
    let mut start = from;
    for (t, turned) in turns.iter().filter(|(t, _)| *t > from && *t < to) {
        if *turned != up {
            bars.push(Bar {
                from: start,
                to: *t,
                look: look(up),
                parts: parts(up, *t),
            });
            (start, up) = (*t, *turned);
        }
    }
    bars.push(Bar {
        from: start,
        to,
        look: look(up),
        parts: parts(up, to),
    });
    let bars = cut(bars, view.shown.gaps());
    Lane {
        slot: path.slot,
        name: path.name,
        note: known.and_then(network).unwrap_or(path.device),
        bars,
        closed: None,
    }
}

/// Whether an interface came up or went down with an event.
fn turn(event: &Event) -> Option<bool> {
    match event.kind {
        EventKind::InterfaceUp => Some(true),
        EventKind::InterfaceDown => Some(false),
        _ => None,
    }
}

fn block(
    member: &Handover,
    cause: Cause,
    view: &View<'_>,
    (from, to): (f64, f64),
    bins: &Bins,
) -> Option<Block> {
    let connection = view.shown.latest(member.connection)?;
    let mut subflows: Vec<&SubflowHistory> = view
        .shown
        .subflows_of(member.connection)
        .filter(|subflow| subflow.began_at < to && subflow.ended_at.is_none_or(|ended| ended > from))
        .collect();
    view.sort(&mut subflows);
    let both = |point: &crate::history::Point| f64::from(point.out_bps) + f64::from(point.in_bps);
    let delivery = subflows
        .iter()
        .map(|subflow| {
            let slot = view.slots.of(subflow.last.interface.as_deref());
            (slot, mean_rates(&subflow.points, view.shown.gaps(), bins, both))
        })
        .collect();
    let lost = !matches!(cause, Cause::PathReturned | Cause::PriorityChanged);
    let lanes = subflows
        .iter()
        .map(|subflow| {
            let its = member.from.is_none() || subflow.last.interface == member.from;
            let hit = lost && its && member.interruption.is_some();
            lane(subflow, hit.then_some((member.t, cause)), view, from, to)
        })
        .collect();
    Some(Block {
        connection: member.connection,
        application: application(connection).into_owned(),
        peer: connection.remote.to_string(),
        delivery,
        stopped_at: member.t,
        interruption: member.interruption,
        quiet: member.uninterrupted.map(words::uninterrupted),
        fate: member.fate(),
        sentence: words::sentence(member, |device| view.path(Some(device)).name),
        lanes,
    })
}

/// The lane of a subflow, which let nothing through since it was hit, if it was.
fn lane(subflow: &SubflowHistory, hit: Option<(f64, Cause)>, view: &View<'_>, from: f64, to: f64) -> Lane {
    let stalled_at = hit.map(|(t, _)| t);
    let path = view.path(subflow.last.interface.as_deref());
    let (begins, ends) = (subflow.began_at.max(from), subflow.ended_at.unwrap_or(to).min(to));
    let backup = subflow.last.is_backup();
    let mut bars: Vec<Bar> = Vec::new();
    let mut at = begins;
    let rest = |at: f64, until: f64, bars: &mut Vec<Bar>| {
        let idle: (Look, &[&str]) = if backup {
            (Look::Backup, &["backup", "idle"])
        } else {
            (Look::Idle, &["idle"])
        };
        // What rested before it was hit did not wait for it.
        let hit = stalled_at.map_or(until, |stalled| stalled.clamp(at, until));
        for (from, to, (look, parts)) in [(at, hit, idle), (hit, until, (Look::Stalled, &["stalled"]))] {
            if to - from > 1e-6 {
                bars.push(Bar {
                    from,
                    to,
                    look,
                    parts: parts.iter().copied().map(str::to_owned).collect(),
                });
            }
        }
    };
    for (start, end, bps) in stretches(subflow, begins, ends) {
        rest(at, start, &mut bars);
        bars.push(Bar {
            from: start,
            to: end,
            look: Look::Solid,
            parts: vec![format!("{} Mbit/s", format::lone_rate(bps))],
        });
        at = end;
    }
    rest(at, ends, &mut bars);
    let bars = cut(bars, view.shown.gaps());
    let mut notes = Vec::new();
    notes.extend(subflow.last.local_id.map(|id| format!("id {id}")));
    if backup {
        notes.push("backup".to_owned());
    }
    Lane {
        slot: path.slot,
        name: path.name,
        note: notes.join(", "),
        bars,
        closed: subflow.ended_at.filter(|ended| *ended <= to).map(|ended| {
            let cause = hit.filter(|(t, _)| ended >= *t).map(|(_, cause)| cause);
            (ended, words::closed(cause))
        }),
    }
}

/// Bars without what nothing is known of.
fn cut(bars: Vec<Bar>, gaps: &Gaps) -> Vec<Bar> {
    let known = |bar: Bar| {
        let parts = gaps.known((bar.from, bar.to));
        parts.map(move |(from, to)| Bar {
            from,
            to,
            ..bar.clone()
        })
    };
    bars.into_iter().flat_map(known).collect()
}

/// The stretches in which data flowed, with the mean rate of each.
fn stretches(subflow: &SubflowHistory, from: f64, to: f64) -> Vec<(f64, f64, f64)> {
    let mut stretches: Vec<(f64, f64, f64)> = Vec::new();
    let mut before: Option<f64> = None;
    for point in &subflow.points {
        let start = before.replace(point.t).unwrap_or(point.t).max(from);
        let (end, bps) = (
            point.t.min(to),
            f64::from(point.out_bps) + f64::from(point.in_bps),
        );
        if bps <= 0.0 || end <= start {
            continue;
        }
        match stretches.last_mut() {
            Some((first, last, mean)) if start - *last <= FLOWS_S => {
                let bits = *mean * (*last - *first) + bps * (end - start);
                *last = end;
                *mean = bits / (end - *first);
            }
            _ => stretches.push((start, end, bps)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Line, Origin, Token};
    use crate::ui::test_data::Stage;

    fn member(from: &str) -> Handover {
        Handover {
            t: 9.6,
            connection: Token(1).into(),
            token: None,
            cause: Cause::LinkLost,
            from: Some(from.to_owned()),
            to: Some("wwan0".to_owned()),
            interruption: Some(Interruption {
                t: 9.6,
                ms: 200,
                uncertainty_ms: 14,
                recovery_ms: Some(200),
            }),
            uninterrupted: None,
            steady: true,
            survived: true,
            ongoing: false,
        }
    }

    fn incident(from: &str) -> Incident {
        let member = member(from);
        Incident {
            number: 1,
            t: member.t,
            cause: member.cause,
            from: member.from.clone(),
            to: member.to.clone(),
            members: vec![member],
        }
    }

    fn looks(lane: &Lane) -> Vec<Look> {
        lane.bars.iter().map(|bar| bar.look).collect()
    }

    #[test]
    fn a_connection_has_its_delivery_and_a_lane_for_each_subflow() {
        let stage = Stage::usual();
        let lanes = Lanes::new(&incident("eth0"), &stage.view(), 8.5, 11.0);
        let block = lanes.blocks.first().expect("the connection");
        assert_eq!(block.application, "nextcloud");
        let names: Vec<_> = block.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["Wi-Fi", "Phone"]);
        let wifi = block.lanes.first().expect("two");
        assert_eq!(looks(wifi), [Look::Idle, Look::Solid, Look::Idle]);
        let phone = block.lanes.last().expect("two");
        assert_eq!(looks(phone), [Look::Backup]);
        let sum: f64 = block
            .delivery
            .iter()
            .flat_map(|(_, rates)| rates)
            .map(|rate| rate * lanes.bins.width)
            .sum();
        assert!((sum - 8e6).abs() < 1e3, "1 MB: {sum}");
    }

    #[test]
    fn the_path_that_was_lost_is_stalled_from_then_on() {
        let stage = Stage::usual();
        let lanes = Lanes::new(&incident("wwan0"), &stage.view(), 8.5, 11.0);
        let phone = lanes
            .blocks
            .first()
            .and_then(|block| block.lanes.last())
            .expect("a lane");
        assert_eq!(looks(phone), [Look::Backup, Look::Stalled]);
    }

    #[test]
    fn an_interface_was_the_other_way_before_it_turned() {
        let mut stage = Stage::usual();
        for (t, kind) in [(10.0, EventKind::InterfaceDown), (10.5, EventKind::InterfaceUp)] {
            let mut event = Event::new(t, kind, Origin::Kernel);
            event.interface = Some("wlan0".to_owned());
            stage.history.apply(Line::Event(Box::new(event)));
        }
        let lanes = Lanes::new(&incident("wlan0"), &stage.view(), 8.5, 11.0);
        let wifi = lanes.interfaces.first().expect("wifi first");
        assert_eq!(looks(wifi), [Look::Solid, Look::Down, Look::Solid]);
        assert_eq!(lanes.interfaces.len(), 2, "only those that the connection uses");
    }

    #[test]
    fn nothing_is_said_of_a_time_without_samples() {
        let mut stage = Stage::usual();
        let later = crate::model::Sample {
            t: 20.0,
            ..crate::model::Sample::default()
        };
        stage.history.apply(Line::Sample(Box::new(later)));
        let lanes = Lanes::new(&incident("eth0"), &stage.view(), 8.5, 22.0);
        let subflows = lanes.blocks.iter().flat_map(|block| &block.lanes);
        let bars = || {
            let all = lanes.interfaces.iter().chain(subflows.clone());
            all.flat_map(|lane| &lane.bars)
        };
        assert!(bars().all(|bar| bar.to <= 10.0 || bar.from >= 20.0));
        assert!(bars().any(|bar| bar.to <= 10.0) && bars().any(|bar| bar.from >= 20.0));
    }
}
