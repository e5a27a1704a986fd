//! What present mode shows: which connection, or all of them together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{Connection, ConnectionId, Shared, Subflow};
use crate::ui::LabSubject;
use crate::ui::laboratory::LabNow;
use crate::ui::view::{View, application};

/// When the busiest is known, seconds on the stream.
const SETTLED_S: f64 = 2.0;
/// From so many connections on they are a crowd, of which each application has one to choose.
const CROWD: usize = 13;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One connection.
    Connection(ConnectionId),
    /// All of them.
    Crowd,
}

impl Subject {
    /// The connection, where it is one.
    pub(super) fn connection(self) -> Option<ConnectionId> {
        match self {
            Self::Connection(id) => Some(id),
            Self::Crowd => None,
        }
    }

    /// What it is called.
    pub(super) fn name(self, view: &View<'_>) -> String {
        let connection = self.connection().and_then(|id| view.shown.latest(id));
        connection.map_or_else(|| "all".to_owned(), |one| application(one).into_owned())
    }
}

/// The subject to show: the connection that somebody selected, else what was shown before, else what the laboratory's
/// scenario is about, else what the window selected by itself, else the busiest connection, of those with several paths
/// where there are any.
pub(super) fn choose(
    selection: Option<(ConnectionId, bool)>,
    before: Option<Subject>,
    lab: Option<&LabNow>,
    view: &View<'_>,
) -> Option<Subject> {
    let lives = |id: &ConnectionId| view.shown.state().connections.contains_key(id);
    let known = |id: &ConnectionId| view.shown.connection(*id).is_some();
    // In the first moments nobody knows yet who is busy.
    let settled = view.shown.now() > SETTLED_S;
    let held = match before {
        Some(Subject::Crowd) => return Some(Subject::Crowd),
        Some(Subject::Connection(id)) => Some(id).filter(|id| settled && lives(id)),
        None => None,
    };
    let about = || match &lab?.shows {
        Some(LabSubject::Crowd) => Some(Subject::Crowd),
        Some(LabSubject::Application(name)) => {
            busiest(view, |one| application(one) == *name).map(Subject::Connection)
        }
        None => None,
    };
    let selected = selection.map(|(id, _)| id);
    let chosen = selection
        .filter(|(id, by_somebody)| *by_somebody && lives(id))
        .map(|(id, _)| id);
    let one = chosen.or(held).map(Subject::Connection);
    one.or_else(about)
        .or(selected.filter(lives).map(Subject::Connection))
        .or_else(|| busiest(view, |_| true).map(Subject::Connection))
        .or(selected.filter(known).map(Subject::Connection))
}

/// What a connection moved over all its subflows.
fn moved(connection: &Connection) -> u64 {
    let moved =
        |subflow: &Shared<Subflow>| subflow.bytes_acked.unwrap_or(0) + subflow.bytes_received.unwrap_or(0);
    connection.subflows.iter().map(moved).sum()
}

fn busiest(view: &View<'_>, which: impl Fn(&Connection) -> bool) -> Option<ConnectionId> {
    let connections = view.shown.state().connections.values();
    let of_these = connections.filter(|connection| which(connection));
    let best = of_these.max_by_key(|connection| {
        (
            connection.living_subflows().count() > 1,
            moved(connection),
            Reverse(connection.cookie),
        )
    });
    best.map(Connection::id)
}

/// What can be chosen, in a fixed order: each connection; of a crowd itself, and the busiest of each application.
fn choices(view: &View<'_>) -> Vec<Subject> {
    let connections = &view.shown.state().connections;
    let mut by_app: BTreeMap<(String, Option<ConnectionId>), &Connection> = BTreeMap::new();
    let crowd = connections.len() >= CROWD;
    // Whose application is not known yet is one of the crowd.
    let named = |connection: &&Connection| !crowd || connection.process.is_some();
    for connection in connections.values().filter(named) {
        let own = (!crowd).then(|| connection.id());
        let best = by_app
            .entry((application(connection).into_owned(), own))
            .or_insert(connection);
        if moved(connection) > moved(best) {
            *best = connection;
        }
    }
    let all = by_app.into_values().map(|one| Subject::Connection(one.id()));
    crowd.then_some(Subject::Crowd).into_iter().chain(all).collect()
}

/// What comes so many places after the one that is shown; `None` where there is nothing else.
pub(super) fn after(shown: Subject, steps: isize, view: &View<'_>) -> Option<Subject> {
    let all = choices(view);
    let name = shown.name(view);
    let same = |one: &Subject| *one == shown;
    let alike = |one: &Subject| one.connection().is_some() && one.name(view) == name;
    let here = all.iter().position(same).or_else(|| all.iter().position(alike));
    let count = isize::try_from(all.len()).ok().filter(|count| *count > 0)?;
    let place = here.map_or(0, |here| (here.cast_signed() + steps).rem_euclid(count));
    let next = all.get(place.unsigned_abs()).copied();
    next.filter(|next| *next != shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;
    use crate::ui::test_data::Stage;

    fn one(token: u32) -> Subject {
        Subject::Connection(Token(token).into())
    }

    #[test]
    fn the_busiest_with_several_paths_is_shown_unless_another_is_selected() {
        let stage = Stage::usual();
        let view = stage.view();
        assert_eq!(choose(None, None, None, &view), Some(one(1)));
        assert_eq!(
            choose(Some((Token(2).into(), true)), Some(one(1)), None, &view),
            Some(one(2))
        );
        assert_eq!(choose(None, Some(one(3)), None, &view), Some(one(3)), "held");
        assert_eq!(
            choose(Some((Token(99).into(), true)), None, None, &view),
            Some(one(1))
        );
    }

    #[test]
    fn a_scenario_says_what_is_looked_at_first() {
        let stage = Stage::usual();
        let view = stage.view();
        let lab = |shows| LabNow {
            shows: Some(shows),
            ..LabNow::default()
        };
        let radio = lab(LabSubject::Application("ssh".to_owned()));
        assert_eq!(choose(None, None, Some(&radio), &view), Some(one(2)));
        let gone = lab(LabSubject::Application("nobody".to_owned()));
        assert_eq!(choose(None, None, Some(&gone), &view), Some(one(1)));
        let crowd = lab(LabSubject::Crowd);
        assert_eq!(choose(None, None, Some(&crowd), &view), Some(Subject::Crowd));
        let by = |somebody| Some((Token(2).into(), somebody));
        assert_eq!(choose(by(true), None, Some(&crowd), &view), Some(one(2)));
        assert_eq!(choose(by(false), None, Some(&crowd), &view), Some(Subject::Crowd));
        assert_eq!(choose(by(false), None, None, &view), Some(one(2)));
    }

    #[test]
    fn there_is_a_way_to_each_connection_and_back() {
        let stage = Stage::usual();
        let view = stage.view();
        let all = choices(&view);
        assert!(all.len() > 2, "{all:?}");
        let mut seen = vec![one(1)];
        while let Some(next) = after(*seen.last().expect("one"), 1, &view).filter(|next| !seen.contains(next))
        {
            assert_eq!(after(next, -1, &view), seen.last().copied());
            seen.push(next);
        }
        assert_eq!(seen.len(), all.len());
        assert_eq!(
            after(Subject::Crowd, 1, &view),
            all.first().copied(),
            "a crowd that is none"
        );
    }
}
