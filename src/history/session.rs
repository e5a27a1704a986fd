//! What moved over each interface from the beginning of the stream on, in so few bins that it costs nothing to keep,
//! and how strong its radio signal was.

use std::collections::{BTreeMap, VecDeque};

use super::bins::DeviceBins;

/// The most changes of a signal that are kept: hours, where it changes each second.
const SIGNALS: usize = 10_000;

/// Data of all connections by device, both directions together.
#[derive(Clone, Debug, Default)]
pub struct Session {
    data: DeviceBins,
    /// What a device is called now, by the name that it had before.
    renamed: BTreeMap<String, String>,
    /// The signals' changes, oldest first: when, and to what, dBm.
    signals: BTreeMap<String, VecDeque<(f64, i32)>>,
}

impl Session {
    /// How wide a bin is, seconds.
    pub fn width_s(&self) -> f64 {
        self.data.width_s()
    }

    /// The devices that carried data, each with its mean rate in each bin, bits a second.
    pub fn rates(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = f64>)> {
        self.data.rates()
    }

    /// Adds what a device carried from one time to another.
    pub(super) fn add(&mut self, device: &str, stretch: (f64, f64), bps: f64) {
        self.data.add(device, stretch, bps);
    }

    /// How strong a device's signal was at a time, dBm, as far as that is known.
    pub fn signal_at(&self, device: &str, t: f64) -> Option<i32> {
        let changes = self.signals.get(device)?;
        let later = changes.partition_point(|(changed, _)| *changed <= t);
        changes.get(later.checked_sub(1)?).map(|(_, dbm)| *dbm)
    }

    /// Notes how strong a device's signal is from a time on.
    pub(super) fn note_signal(&mut self, device: &str, t: f64, dbm: i32) {
        let changes = self.signals.entry(device.to_owned()).or_default();
        if changes.back().is_none_or(|(_, before)| *before != dbm) {
            let spare = (changes.len() + 1).saturating_sub(SIGNALS);
            changes.drain(..spare);
            changes.push_back((t, dbm));
        }
    }

    /// Goes on under another name with what was known of a device.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if old == new {
            return;
        }
        self.renamed.remove(new);
        self.renamed.insert(old.to_owned(), new.to_owned());
        self.data.rename(old, new);
        if let Some(changes) = self.signals.remove(old) {
            self.signals.insert(new.to_owned(), changes);
        }
    }

    /// What the device is called that last had this name.
    pub(super) fn now_called(&self, device: &str) -> String {
        let mut name = device;
        for _ in 0..self.renamed.len() {
            match self.renamed.get(name) {
                Some(new) => name = new,
                None => break,
            }
        }
        name.to_owned()
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
    fn a_signal_holds_until_the_next_and_is_forgotten_at_last() {
        let mut session = Session::default();
        for (t, dbm) in [(1.0, -58), (2.0, -58), (3.0, -71)] {
            session.note_signal("wlan0", t, dbm);
        }
        let at = |session: &Session, t| session.signal_at("wlan0", t);
        let found = [0.5, 1.0, 2.9, 3.0, 99.0].map(|t| at(&session, t));
        assert_eq!(found, [None, Some(-58), Some(-58), Some(-71), Some(-71)]);
        assert_eq!(session.signal_at("eth0", 2.0), None);
        for second in 4..20_000 {
            session.note_signal("wlan0", f64::from(second), -60 - second % 2);
        }
        assert_eq!(at(&session, 9000.0), None);
        assert_eq!(at(&session, 19_999.5), Some(-61));
    }

    #[test]
    fn a_device_with_another_name_is_the_same_one() {
        let mut session = Session::default();
        session.add("eth0", (0.0, 0.25), 800.0);
        session.add("wan", (0.25, 0.5), 400.0);
        session.note_signal("eth0", 0.1, -50);
        session.rename("eth0", "wan");
        assert_eq!(rates(&session, "wan"), [800.0, 400.0]);
        assert_eq!(rates(&session, "eth0"), [0.0; 0]);
        assert_eq!(session.signal_at("wan", 0.2), Some(-50));
        session.rename("wan", "lan");
        assert_eq!(
            ["eth0", "wan", "lan"].map(|name| session.now_called(name)),
            ["lan"; 3]
        );
        session.rename("lan", "eth0");
        assert_eq!(
            ["eth0", "wan", "lan"].map(|name| session.now_called(name)),
            ["eth0"; 3]
        );
    }

    #[test]
    fn a_day_fits_and_nothing_is_lost() {
        let mut session = Session::default();
        for second in 0..86_400 {
            let from = f64::from(second);
            session.add("eth0", (from, from + 1.0), 1000.0);
        }
        let rates = rates(&session, "eth0");
        assert!(rates.len() <= 512, "{}", rates.len());
        let bits: f64 = rates.iter().sum::<f64>() * session.width_s();
        assert!((bits - 86.4e6).abs() < 1.0, "{bits}");
    }
}
