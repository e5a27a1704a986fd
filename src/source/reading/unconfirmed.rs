//! Ends that readings showed while the kernel's own events were expected. When these turn out to be lost, it is too late
//! to compare: what is kept here tells them.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::infer::{EventKeys, key};
use crate::model::Event;

/// How many readings later the kernel may still tell an end, or that events were lost.
const READINGS: usize = 4;

/// The ends of the newest readings of which the kernel has not told.
#[derive(Default)]
pub(super) struct UnconfirmedCloses(VecDeque<Vec<Event>>);

impl UnconfirmedCloses {
    /// Keeps the ends of a reading that concludes nothing; `closed` are the tokens of which the kernel has told.
    pub(super) fn keep(&mut self, ends: Vec<Event>, closed: &FxHashSet<u32>) {
        self.0.push_back(ends);
        for ends in &mut self.0 {
            ends.retain(|event| event.token.is_none_or(|token| !closed.contains(&token.0)));
        }
        while self.0.len() > READINGS {
            self.0.pop_front();
        }
    }

    /// Tells what was kept, because the kernel will not.
    pub(super) fn flush(&mut self, told: &EventKeys, closed: &FxHashSet<u32>) -> Vec<Event> {
        self.keep(Vec::new(), closed);
        let kept = self.0.drain(..).flatten();
        kept.filter(|event| !told.contains(&key(event))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, Origin, Token};

    fn end(token: u32) -> Event {
        Event {
            token: Some(Token(token)),
            ..Event::new(0.0, EventKind::ConnectionClosed, Origin::Inferred)
        }
    }

    fn closed(tokens: &[u32]) -> FxHashSet<u32> {
        tokens.iter().copied().collect()
    }

    #[test]
    fn what_the_kernel_has_not_told_is_told_once() {
        let mut unconfirmed = UnconfirmedCloses::default();
        unconfirmed.keep(vec![end(1), end(2)], &closed(&[]));
        unconfirmed.keep(vec![end(3)], &closed(&[2]));
        let mut told = EventKeys::default();
        told.insert(key(&end(3)));
        let said = unconfirmed.flush(&told, &closed(&[]));
        assert_eq!(said, [end(1)]);
        assert_eq!(unconfirmed.flush(&told, &closed(&[])), []);
    }

    #[test]
    fn after_a_few_readings_the_kernel_has_told() {
        let mut unconfirmed = UnconfirmedCloses::default();
        unconfirmed.keep(vec![end(1)], &closed(&[]));
        for _ in 0..READINGS {
            unconfirmed.keep(Vec::new(), &closed(&[]));
        }
        assert_eq!(unconfirmed.flush(&EventKeys::default(), &closed(&[])), []);
    }
}
