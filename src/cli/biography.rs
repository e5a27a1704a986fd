//! What became of connections, for who reads the stream as text: who holds each, and at its end what it was.

use rustc_hash::FxHashMap;

use crate::history::handover::Fate;
use crate::history::{Bounds, History};
use crate::model::{Connection, Event, EventKind, Line, Token};
use crate::words::connection::{Life, life, named_end};
use crate::words::path::device_name;

/// How long it is known what a connection was that has ended, seconds.
const REMEMBERED_S: f64 = 60.0;

/// What the stream has told of connections so far.
pub(super) struct Biographies {
    history: History,
    /// When a connection was born, where that was seen, seconds on the stream.
    born: FxHashMap<Token, f64>,
    /// How often its data moved or had to wait.
    handovers: FxHashMap<Token, usize>,
    /// Whether the first sample has come: what is there then was born before.
    has_begun: bool,
}

impl Default for Biographies {
    fn default() -> Self {
        Self {
            history: History::new(Bounds {
                span_s: 1.0,
                events: 1,
                ended_s: REMEMBERED_S,
                ..Bounds::default()
            }),
            born: FxHashMap::default(),
            handovers: FxHashMap::default(),
            has_begun: false,
        }
    }
}

impl Biographies {
    /// Takes a line of the stream.
    pub(super) fn take(&mut self, line: &Line) {
        match line {
            Line::Header(_) => *self = Self::default(),
            Line::Sample(sample) => self.has_begun |= sample.full,
            Line::Event(event) => {
                if let (EventKind::ConnectionCreated, Some(token)) = (event.kind, event.token) {
                    self.born.insert(token, event.t);
                }
            }
        }
        self.history.apply(line.clone());
        for handover in self.history.take_handovers() {
            if let Some(token) = handover.token.filter(|_| handover.fate() != Fate::Waits) {
                *self.handovers.entry(token).or_default() += 1;
            }
        }
    }

    /// What is known beyond an event of the connection that it is about: who holds it, and of one that has ended how it
    /// was from its birth.
    pub(super) fn beyond(&mut self, event: &Event) -> Vec<String> {
        let Some(token) = event.token else {
            return Vec::new();
        };
        let connection = self.history.latest(token.into());
        let mut parts: Vec<String> = connection
            .filter(|connection| connection.process.is_some())
            .map(named_end)
            .into_iter()
            .collect();
        if event.kind == EventKind::ConnectionClosed {
            let life = self.life(token, connection, event.t);
            parts.extend(self::life(&life));
            self.born.remove(&token);
            self.handovers.remove(&token);
        }
        parts
    }

    fn life(&self, token: Token, connection: Option<&Connection>, t: f64) -> Life {
        let subflows = || self.history.subflows_of(token.into());
        let mut paths: Vec<String> = subflows()
            .filter_map(|subflow| subflow.last.interface.as_deref())
            .map(|device| device_name(self.history.state(), device))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        Life {
            age_s: self.born.get(&token).map(|born| t - born),
            sent: connection.map(Connection::sent_bytes),
            received: connection.map(Connection::received_bytes),
            paths,
            handovers: self.handovers.get(&token).copied().unwrap_or(0),
            fell_back: connection.is_some_and(|connection| connection.fallback == Some(true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Process, Sample};

    const TOKEN: Token = Token(7);

    fn event(t: f64, kind: EventKind) -> Event {
        Event {
            token: Some(TOKEN),
            ..Event::new(t, kind, Origin::Kernel)
        }
    }

    fn told(stream: Vec<Line>) -> Vec<String> {
        let mut biographies = Biographies::default();
        let mut parts = Vec::new();
        for line in stream {
            biographies.take(&line);
            if let Line::Event(event) = &line {
                parts = biographies.beyond(event);
            }
        }
        parts
    }

    #[test]
    fn what_ends_is_told_from_its_birth() {
        let connection = Connection {
            token: Some(TOKEN),
            process: Some(Process {
                pid: 812,
                name: "ssh".to_owned(),
            }),
            bytes_sent: Some(9_400_000),
            bytes_received: Some(412),
            ..Connection::default()
        };
        let remote = connection.remote;
        let sample = Sample {
            t: 2.0,
            full: true,
            connections: vec![connection],
            ..Sample::default()
        };
        let parts = told(vec![
            Line::Event(Box::new(event(1.0, EventKind::ConnectionCreated))),
            Line::Sample(Box::new(sample)),
            Line::Event(Box::new(event(13.5, EventKind::ConnectionClosed))),
        ]);
        assert_eq!(
            parts,
            [
                format!("ssh (812) → {remote}"),
                "lived 12.5 s".to_owned(),
                "sent 9.4 MB, received 412 B".to_owned()
            ]
        );
    }

    #[test]
    fn one_that_no_sample_saw_has_its_age_all_the_same() {
        let parts = told(vec![
            Line::Event(Box::new(event(1.0, EventKind::ConnectionCreated))),
            Line::Event(Box::new(event(1.025, EventKind::ConnectionClosed))),
        ]);
        assert_eq!(parts, ["lived 25.0 ms"]);
        let parts = told(vec![Line::Event(Box::new(event(
            9.0,
            EventKind::ConnectionClosed,
        )))]);
        assert_eq!(parts, ["was there before"]);
    }
}
