//! When connections were last read: all of them, or some alone between two samples of everything.

use rustc_hash::FxHashMap;

use crate::model::{ConnectionId, Sample};

/// When what is known of connections was last read, seconds on the stream.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadTimes {
    everything: Option<f64>,
    /// Those that were read since, without the others.
    alone: FxHashMap<ConnectionId, f64>,
}

impl ReadTimes {
    /// Notes a sample, once what it says was compared with what was there before.
    pub(super) fn note(&mut self, sample: &Sample) {
        if let Some(only) = &sample.only {
            let read = only.iter().map(|token| ((*token).into(), sample.t));
            self.alone.extend(read);
        } else {
            self.everything = Some(sample.t);
            self.alone.clear();
        }
    }

    /// When everything was last read.
    pub(super) fn everything(&self) -> Option<f64> {
        self.everything
    }

    /// When a connection was last read before `t`; `t` itself where nothing was.
    pub(super) fn of(&self, id: ConnectionId, t: f64) -> f64 {
        let alone = self.alone.get(&id).copied();
        alone.or(self.everything).unwrap_or(t).min(t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;

    #[test]
    fn what_was_read_alone_was_read_later_than_the_rest() {
        let (one, two) = (Token(1), Token(2));
        let mut times = ReadTimes::default();
        assert_eq!(times.of(one.into(), 3.0).to_bits(), 3.0_f64.to_bits());
        let sample = |t, only| Sample {
            t,
            only,
            ..Sample::default()
        };
        times.note(&sample(1.0, None));
        times.note(&sample(1.25, Some(vec![one])));
        let read = |times: &ReadTimes| [one, two].map(|token| times.of(token.into(), 9.0));
        assert_eq!(read(&times).map(f64::to_bits), [1.25, 1.0].map(f64::to_bits));
        times.note(&sample(1.5, None));
        assert_eq!(read(&times).map(f64::to_bits), [1.5, 1.5].map(f64::to_bits));
        assert_eq!(times.everything().map(f64::to_bits), Some(1.5_f64.to_bits()));
    }
}
