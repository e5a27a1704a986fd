//! What happens at this moment, in sentences: the same for the window's panels, the status line and present mode.

use std::time::Duration;

use egui::Context;

use super::view::{View, application};
use crate::history::Condition;
use crate::history::handover::Running;
use crate::model::Connection;
use crate::words::handover::Headline;
use crate::words::running as words;

/// How often a figure that counts is painted anew.
const COUNT_EVERY: Duration = Duration::from_millis(100);

/// What happens: a sentence, and what it means for whom it happens to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Happening {
    pub headline: Headline,
    pub second: String,
}

fn headline(running: &Running, view: &View<'_>) -> Headline {
    words::headline(running, view.clock(), |device| view.path(Some(device)).name)
}

/// What happens to a connection, if a handover of it has not ended.
pub(super) fn of_connection(connection: &Connection, view: &View<'_>) -> Option<Happening> {
    let running = view.shown.running(connection.id())?;
    let app = application(connection);
    let second = if running.stopped_since().is_some() {
        let mut others = Vec::new();
        for subflow in view.subflows(connection.id()) {
            let device = subflow.last.interface.as_deref();
            let able = matches!(view.condition(subflow), Condition::Carrying | Condition::Idle);
            let name = view.path(device).name;
            if able && device != running.from.as_deref() && !others.contains(&name) {
                others.push(name);
            }
        }
        words::waits(&app, &others, connection.fallback == Some(true))
    } else {
        words::lives_on(&app, &running.delivery)
    };
    Some(Happening {
        headline: headline(running, view),
        second,
    })
}

/// What happens to all connections, if a handover of any has not ended: the gravest.
pub(super) fn of_all(view: &View<'_>) -> Option<Happening> {
    let all = view.shown.all_running();
    let waiting = all.iter().filter(|one| one.stopped_since().is_some());
    let waits_longest = waiting.clone().min_by(|a, b| {
        let since = |one: &Running| one.stopped_since().unwrap_or(f64::INFINITY);
        since(a).total_cmp(&since(b))
    });
    let gravest = waits_longest.or_else(|| all.iter().min_by(|a, b| a.t.total_cmp(&b.t)))?;
    let (waiting, connections) = (waiting.count(), view.shown.state().connections.len());
    // What stands still for a few of many says nothing of the paths, over which the others go on.
    let headline = match gravest.stopped_since() {
        Some(since) if gravest.from.is_none() && waiting < connections => {
            words::of_some(waiting, connections, view.clock() - since)
        }
        _ => headline(gravest, view),
    };
    Some(Happening {
        headline,
        second: words::crowd(waiting, all.len()),
    })
}

/// Has the next frame come soon while something is counted.
pub(super) fn keep_counting(view: &View<'_>, ctx: &Context) {
    let mut all = view.shown.all_running().iter();
    let counts = all.any(|one| one.stopped_since().is_some());
    if counts && !view.paused && view.ended.is_none() {
        ctx.request_repaint_after(COUNT_EVERY);
    }
}
