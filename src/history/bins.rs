//! What moved over each interface, in so few bins that it costs nothing to keep.

use std::collections::BTreeMap;

/// The most bins. When they are full, two become one.
const MOST: usize = 512;
/// How wide the bins are at first, seconds.
const NARROWEST_S: f64 = 0.25;

/// Data by device over time. The bins grow wider with what they cover.
#[derive(Clone, Debug)]
pub struct DeviceBins {
    width_s: f64,
    /// Bits in each bin; without a name what no device is known of.
    by_device: BTreeMap<String, Vec<f64>>,
}

impl Default for DeviceBins {
    fn default() -> Self {
        Self {
            width_s: NARROWEST_S,
            by_device: BTreeMap::new(),
        }
    }
}

impl DeviceBins {
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

    /// Makes the bins so wide that they reach up to a time, seconds.
    pub fn reach(&mut self, to: f64) {
        while to.is_finite() && to > self.width_s * MOST as f64 {
            self.halve();
        }
    }

    /// Adds what a device carried from one time to another.
    pub fn add(&mut self, device: &str, (from, to): (f64, f64), bps: f64) {
        let from = from.max(0.0);
        if bps <= 0.0 || to <= from || !to.is_finite() {
            return;
        }
        self.reach(to);
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

    /// Goes on under another name with what was known of a device.
    pub fn rename(&mut self, old: &str, new: &str) {
        let Some(bits) = self.by_device.remove(old) else {
            return;
        };
        let known = self.by_device.entry(new.to_owned()).or_default();
        known.resize(known.len().max(bits.len()), 0.0);
        for (bin, more) in known.iter_mut().zip(bits) {
            *bin += more;
        }
    }

    fn halve(&mut self) {
        self.width_s *= 2.0;
        for bits in self.by_device.values_mut() {
            *bits = bits.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
    }
}
