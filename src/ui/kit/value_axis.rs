//! Heights of plots that do not flicker, and what stands beside them.

/// The height of a plot: grows at once, shrinks only after ten seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ui) struct ValueAxis {
    top: f64,
    smaller_since: Option<f64>,
}

const HOLD_S: f64 = 10.0;

impl ValueAxis {
    /// The top for a largest value; held while the plots follow `now`.
    pub(in crate::ui) fn top(&mut self, highest: f64, whole: bool, now: Option<f64>) -> f64 {
        let wanted = nice(highest, whole);
        let Some(now) = now else {
            *self = Self {
                top: wanted,
                smaller_since: None,
            };
            return wanted;
        };
        if wanted >= self.top {
            self.top = wanted;
            self.smaller_since = None;
        } else {
            let since = *self.smaller_since.get_or_insert(now);
            if now - since >= HOLD_S || now < since {
                self.top = wanted;
                self.smaller_since = None;
            }
        }
        self.top
    }
}

/// The least of 1, 1.5, 2, 3, 5, 7.5 times a power of ten that is not below `highest`; for counts never less
/// than 5 and never with a fraction.
pub(in crate::ui) fn nice(highest: f64, whole: bool) -> f64 {
    let least = if whole { 5.0 } else { 0.01 };
    let highest = highest.max(least) * 0.999_999;
    let decade = 10_f64.powf(highest.log10().floor());
    [1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .filter(|top| !whole || top.fract() == 0.0)
        .find(|top| *top >= highest)
        .unwrap_or(10.0 * decade)
}

/// Where the lines and labels stand: at most four, zero included.
pub(in crate::ui) fn ticks(top: f64, whole: bool, most: usize) -> Vec<f64> {
    let decade = 10_f64.powf((top * 1.000_001).log10().floor());
    let mantissa = top / decade;
    let parts: u8 = match mantissa {
        mantissa if mantissa < 1.2 => 2,
        mantissa if mantissa < 1.7 => 3,
        mantissa if mantissa < 2.5 => 2,
        mantissa if mantissa < 4.0 => 3,
        mantissa if mantissa < 6.0 => 2,
        _ => 3,
    };
    let fits = usize::from(parts) < most && (!whole || (top / f64::from(parts)).fract() == 0.0);
    let parts = if fits { parts } else { 1 };
    (0..=parts)
        .map(|part| top * f64::from(part) / f64::from(parts))
        .collect()
}

/// A label at a tick: as many decimals as the ticks need, thousands from 10,000 on, so that it has room at its axis.
pub(in crate::ui) fn tick_label(value: f64, top: f64) -> String {
    for (most, unit) in [(1e12, 'T'), (1e9, 'G'), (1e6, 'M'), (1e3, 'k')] {
        if top >= 10.0 * most && value != 0.0 {
            return format!("{} {unit}", tick_label(value / most, top / most));
        }
    }
    let decimals = match top {
        top if top < 0.1 => 3,
        top if top < 1.0 => 2,
        top if top < 10.0 && (top / 2.0).fract() != 0.0 => 1,
        _ => 0,
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// How values lie on the height of a plot: from 0 on in equal steps, or by powers of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui) enum ValueScale {
    /// From 0 to this.
    Linear(f64),
    /// From one power of ten to another.
    Logarithmic(i32, i32),
}

/// Values whose largest is so many times the least span decades.
const DECADES: f64 = 100.0;
/// What is less than this power of ten is next to nothing in every unit.
const LEAST_EXPONENT: i32 = -2;
/// A logarithmic axis stays one until they span less than this.
const DECADES_HELD: f64 = 30.0;

impl ValueScale {
    /// The scale for positive values from `least` to `highest`, with as little change to the one `before` as can be.
    pub(in crate::ui) fn of(least: f64, highest: f64, whole: bool, before: Option<Self>) -> Self {
        let held = matches!(before, Some(Self::Logarithmic(..)));
        let enough = if held { DECADES_HELD } else { DECADES };
        if least <= 0.0 || !least.is_finite() || highest < least * enough {
            return Self::Linear(nice(highest, whole));
        }
        #[expect(clippy::cast_possible_truncation, reason = "the exponent of a number")]
        let exponent = |value: f64| value as i32;
        let low = exponent(least.log10().floor()).max(LEAST_EXPONENT);
        Self::Logarithmic(low, exponent(highest.log10().ceil()).max(low + 1))
    }

    /// Where a value lies, from 0 at the lower to 1 at the upper end. What has no logarithm lies at the lower end.
    pub(in crate::ui) fn share(self, value: f64) -> f64 {
        match self {
            Self::Linear(top) => value / top,
            Self::Logarithmic(low, high) => {
                let exponent = value.max(10_f64.powi(low)).log10();
                (exponent - f64::from(low)) / f64::from(high - low)
            }
        }
    }

    /// The values that have a line and a label, at most so many.
    pub(in crate::ui) fn ticks(self, whole: bool, most: usize) -> Vec<(f64, String)> {
        match self {
            Self::Linear(top) => {
                let label = |value| (value, tick_label(value, top));
                ticks(top, whole, most).into_iter().map(label).collect()
            }
            Self::Logarithmic(low, high) => {
                let step = (low..high).len().div_ceil(most.saturating_sub(1).max(1));
                let powers = (low..=high)
                    .step_by(step.max(1))
                    .map(|exponent| 10_f64.powi(exponent));
                powers.map(|value| (value, tick_label(value, value))).collect()
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "round numbers")]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round() {
        let tops = [0.0, 0.3, 1.0, 1.2, 41.0, 116.0, 151.0, 760.0].map(|highest| nice(highest, false));
        let wanted = [0.01, 0.3, 1.0, 1.5, 50.0, 150.0, 200.0, 1000.0];
        for (top, wanted) in tops.iter().zip(wanted) {
            assert!((top - wanted).abs() < wanted * 1e-9, "{top} {wanted}");
        }
        assert_eq!(
            [1.0, 6.0, 12.0].map(|highest| nice(highest, true)),
            [5.0, 10.0, 15.0]
        );
    }

    #[test]
    fn there_are_at_most_four_ticks() {
        assert_eq!(ticks(150.0, false, 4), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(ticks(20.0, true, 4), [0.0, 10.0, 20.0]);
        assert_eq!(ticks(5.0, true, 4), [0.0, 5.0]);
        assert_eq!(ticks(75.0, false, 3), [0.0, 75.0]);
    }

    #[test]
    fn no_two_labels_of_an_axis_read_alike() {
        for exponent in -40..90_i32 {
            let highest = 10_f64.powf(f64::from(exponent) / 10.0);
            for whole in [true, false] {
                for most in [2, 3, 4] {
                    let linear = ValueScale::Linear(nice(highest, whole));
                    let logarithmic = ValueScale::of(highest / 5000.0, highest, whole, None);
                    for scale in [linear, logarithmic] {
                        let labels: Vec<String> = scale
                            .ticks(whole, most)
                            .into_iter()
                            .map(|(_, label)| label)
                            .collect();
                        let different: std::collections::HashSet<&String> = labels.iter().collect();
                        assert_eq!(different.len(), labels.len(), "{highest} {scale:?}: {labels:?}");
                        assert!(labels.len() <= 4, "{labels:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn labels_have_no_needless_decimals() {
        assert_eq!(
            [0.0, 0.5, 1.0].map(|value| tick_label(value, 1.0)),
            ["0", "0.5", "1"]
        );
        assert_eq!(tick_label(2.5, 7.5), "2.5");
        assert_eq!(tick_label(100.0, 150.0), "100");
        assert_eq!(
            [0.0, 5000.0, 15_000.0].map(|value| tick_label(value, 15_000.0)),
            ["0", "5 k", "15 k"]
        );
        assert_eq!([7500.0, 20e6].map(|top| tick_label(top, top)), ["7500", "20 M"]);
    }

    #[test]
    fn an_axis_grows_at_once_and_shrinks_after_ten_seconds() {
        let mut axis = ValueAxis::default();
        let mut top = |highest, now| axis.top(highest, false, Some(now));
        let tops = [
            top(9.0, 0.0),
            top(90.0, 1.0),
            top(9.0, 2.0),
            top(9.0, 11.9),
            top(9.0, 12.0),
        ];
        assert_eq!(tops, [10.0, 100.0, 100.0, 100.0, 10.0]);
    }

    #[test]
    fn values_that_span_decades_lie_by_powers_of_ten() {
        assert_eq!(
            ValueScale::of(10.0, 150.0, false, None),
            ValueScale::Linear(150.0)
        );
        assert_eq!(
            ValueScale::of(0.0, 150.0, false, None),
            ValueScale::Linear(150.0),
            "nothing is no power"
        );
        let scale = ValueScale::of(0.5, 900.0, false, None);
        assert_eq!(scale, ValueScale::Logarithmic(-1, 3));
        assert_eq!(
            [0.1, 10.0, 1000.0, 0.0].map(|value| scale.share(value)),
            [0.0, 0.5, 1.0, 0.0]
        );
        let labels: Vec<String> = scale
            .ticks(false, 4)
            .into_iter()
            .map(|(_, label)| label)
            .collect();
        assert_eq!(labels, ["0.1", "10", "1000"]);
    }

    #[test]
    fn a_logarithmic_axis_does_not_flicker() {
        let before = ValueScale::of(1.0, 200.0, false, None);
        assert!(matches!(
            ValueScale::of(1.0, 60.0, false, Some(before)),
            ValueScale::Logarithmic(0, 2)
        ));
        assert_eq!(
            ValueScale::of(1.0, 20.0, false, Some(before)),
            ValueScale::Linear(20.0)
        );
    }
}
