//! What moved over each interface from the beginning of the stream on, in so few bins that it costs nothing to keep.

use std::collections::BTreeMap;

/// The most bins. When they are full, two become one.
const MOST: usize = 512;
/// How wide the bins are at first, seconds.
const NARROWEST_S: f64 = 0.25;

/// Data of all connections by device, both directions together.
#[derive(Clone, Debug)]
pub struct Session {
    width_s: f64,
    /// Bits in each bin, from the beginning of the stream on; without a name what no device is known of.
    by_device: BTreeMap<String, Vec<f64>>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            width_s: NARROWEST_S,
            by_device: BTreeMap::new(),
        }
    }
}

impl Session {
    /// How wide a bin is, seconds.
    pub fn width_s(&self) -> f64 {
        self.width_s
    }

    /// The devices that carried data, each with its mean rate in each bin, bits a second.
    pub fn rates(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = f64>)> {
        self.by_device.iter().map(|(device, bits)| {
            let rates = bits.iter().map(|bits| bits / self.width_s);
            (device.as_str(), rates)
        })
    }

    /// Adds what a device carried from one time to another.
    pub(super) fn add(&mut self, device: &str, (from, to): (f64, f64), bps: f64) {
        let from = from.max(0.0);
        if bps <= 0.0 || to <= from || !to.is_finite() {
            return;
        }
        while to > self.width_s * MOST as f64 {
            self.halve();
        }
        let width = self.width_s;
        if !self.by_device.contains_key(device) {
            self.by_device.insert(device.to_owned(), Vec::new());
        }
        let Some(bits) = self.by_device.get_mut(device) else {
            return;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most as many as there are bins"
        )]
        let (first, last) = ((from / width) as usize, (to / width).ceil() as usize);
        if bits.len() < last {
            bits.resize(last, 0.0);
        }
        for (number, bin) in bits.iter_mut().enumerate().take(last).skip(first) {
            let start = number as f64 * width;
            *bin += bps * (to.min(start + width) - from.max(start)).max(0.0);
        }
    }

    fn halve(&mut self) {
        self.width_s *= 2.0;
        for bits in self.by_device.values_mut() {
            *bits = bits.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(session: &Session, device: &str) -> Vec<f64> {
        let mut all = session.rates();
        let found = all.find(|(name, _)| *name == device);
        found.map(|(_, rates)| rates.collect()).unwrap_or_default()
    }

    #[test]
    fn a_stretch_counts_in_each_bin_by_its_share() {
        let mut session = Session::default();
        session.add("wlan0", (0.125, 0.75), 800.0);
        assert_eq!(rates(&session, "wlan0"), [400.0, 800.0, 800.0]);
        session.add("eth0", (0.5, 0.5), 800.0);
        assert_eq!(rates(&session, "eth0"), [0.0; 0], "nothing took no time");
    }

    #[test]
    fn a_day_fits_and_nothing_is_lost() {
        let mut session = Session::default();
        for second in 0..86_400 {
            let from = f64::from(second);
            session.add("eth0", (from, from + 1.0), 1000.0);
        }
        let rates = rates(&session, "eth0");
        assert!(rates.len() <= MOST, "{}", rates.len());
        let bits: f64 = rates.iter().sum::<f64>() * session.width_s();
        assert!((bits - 86.4e6).abs() < 1.0, "{bits}");
    }
}
