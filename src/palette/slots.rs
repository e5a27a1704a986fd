//! A colour and a shape for each interface, remembered by device name.

use std::collections::BTreeMap;

use super::Rgb;
use crate::model::InterfaceKind;

/// The shapes that tell interfaces apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// A circle.
    Circle,
    /// A square.
    Square,
    /// A triangle that stands on its base.
    Triangle,
    /// A square that stands on a corner.
    Diamond,
    /// A triangle that stands on its tip.
    TriangleDown,
    /// A pentagon.
    Pentagon,
    /// An upright cross.
    Cross,
    /// A bar that lies.
    Bar,
}

/// The colours of one slot in one theme.
#[derive(Debug, PartialEq, Eq)]
pub struct Hues {
    /// Lines, shapes, accents.
    pub ink: Rgb,
    /// Areas of plots, opaque.
    pub fill: Rgb,
    /// Bars that carry text.
    pub lane: Rgb,
    /// Ground of chips.
    pub tint: Rgb,
    /// Bars without text, sparklines.
    pub mark: Rgb,
}

/// One of the eight colours with shape, and a digit where more interfaces than slots are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Slot {
    /// From 0: the row of the palette.
    pub number: u8,
    /// 0, or the digit that stands in the shape.
    pub digit: u8,
}

const MARKS: [Mark; 8] = [
    Mark::Circle,
    Mark::Square,
    Mark::Triangle,
    Mark::Diamond,
    Mark::TriangleDown,
    Mark::Pentagon,
    Mark::Cross,
    Mark::Bar,
];

const fn dark(ink: u32, fill: u32, lane: u32, tint: u32) -> Hues {
    Hues {
        ink: Rgb(ink),
        fill: Rgb(fill),
        lane: Rgb(lane),
        tint: Rgb(tint),
        mark: Rgb(ink),
    }
}

const fn light(ink: u32, fill: u32, lane: u32, tint: u32, mark: u32) -> Hues {
    Hues {
        ink: Rgb(ink),
        fill: Rgb(fill),
        lane: Rgb(lane),
        tint: Rgb(tint),
        mark: Rgb(mark),
    }
}

const DARK: [Hues; Slot::COUNT as usize] = [
    dark(0x56_B4E9, 0x3D_799D, 0x33_617C, 0x1F_3340),
    dark(0xE6_9F00, 0x97_6C0C, 0x75_5711, 0x36_2F1B),
    dark(0xD4_8FB8, 0x8B_637E, 0x6D_5066, 0x34_2D38),
    dark(0x2F_BF8F, 0x25_8065, 0x21_6653, 0x19_3432),
    dark(0xF0_E442, 0x9D_9735, 0x6B_6929, 0x38_3A25),
    dark(0x8C_9BFF, 0x5F_6AAA, 0x4C_5587, 0x28_2F44),
    dark(0xC4_B08A, 0x82_7762, 0x66_5F51, 0x31_3231),
    dark(0x9F_B4C4, 0x6B_7986, 0x54_616B, 0x2B_333A),
];

const LIGHT: [Hues; Slot::COUNT as usize] = [
    light(0x00_6BA8, 0xA2_D6F3, 0xBB_E1F6, 0xDD_F0FB, 0x56_B4E9),
    light(0x98_5500, 0xF1_CA73, 0xF5_D999, 0xFA_ECCC, 0xE6_9F00),
    light(0xA0_3C78, 0xE3_B5CF, 0xEB_C9DC, 0xF5_E4ED, 0xCC_79A7),
    light(0x00_735A, 0x8D_DCC1, 0xAC_E5D2, 0xD5_F2E9, 0x2F_BF8F),
    light(0x6E_6200, 0xF7_F097, 0xF9_F4B3, 0xFC_FAD9, 0xF0_E442),
    light(0x4A_50C8, 0xC0_C8FF, 0xD1_D7FF, 0xE8_EBFF, 0x8C_9BFF),
    light(0x6F_5A33, 0xDF_D4BF, 0xE7_DFD0, 0xF3_EFE8, 0xC4_B08A),
    light(0x4C_6272, 0xCA_D6DF, 0xD9_E1E7, 0xEC_F0F3, 0x9F_B4C4),
];

impl Slot {
    /// The last slot, which plain TCP shares.
    pub const PLAIN: Self = Self { number: 7, digit: 0 };

    /// How many rows the palette has.
    pub const COUNT: u8 = 8;

    /// A slot without a digit.
    pub const fn new(number: u8) -> Self {
        Self { number, digit: 0 }
    }

    /// Its shape.
    pub fn mark(self) -> Mark {
        MARKS.get(usize::from(self.number)).copied().unwrap_or(Mark::Bar)
    }

    /// The colours of all slots, in their order.
    pub const fn all(dark: bool) -> &'static [Hues; Self::COUNT as usize] {
        if dark { &DARK } else { &LIGHT }
    }

    /// Its colours.
    pub fn hues(self, dark: bool) -> &'static Hues {
        let set = Self::all(dark);
        let [.., last] = set;
        set.get(usize::from(self.number)).unwrap_or(last)
    }
}

/// Which interface has which slot. A device keeps its slot for good, so a colour never moves.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Slots {
    by_device: BTreeMap<String, Slot>,
}

impl Slots {
    /// The slot of a device: by kind when the kind's own is free, else the first free one of the upper four,
    /// else one of those again with a digit. One that was renamed keeps what it had under its old name. Whether it is
    /// new.
    pub fn assign(
        &mut self,
        device: &str,
        kind: InterfaceKind,
        old_name: impl FnOnce() -> Option<String>,
    ) -> bool {
        if self.by_device.contains_key(device) {
            return false;
        }
        if let Some(slot) = old_name().and_then(|old| self.by_device.remove(&old)) {
            self.by_device.insert(device.to_owned(), slot);
            return true;
        }
        let taken = |slot: &Slot| self.by_device.values().any(|other| other == slot);
        let own = kind.traits().slot;
        let upper = || (0..=9).flat_map(|digit| (4..Self::END).map(move |number| Slot { number, digit }));
        let digit = |slot: Slot| match slot.digit {
            // The first reuse is the second of its kind.
            0 => slot,
            digit => Slot {
                digit: digit + 1,
                ..slot
            },
        };
        let slot = own
            .map(Slot::new)
            .into_iter()
            .chain(upper().map(digit))
            .find(|slot| !taken(slot))
            .unwrap_or(Slot::PLAIN);
        self.by_device.insert(device.to_owned(), slot);
        true
    }

    const END: u8 = Slot::COUNT;

    /// The slot of a device; that of plain TCP when it is not known.
    pub fn of(&self, device: Option<&str>) -> Slot {
        device
            .and_then(|device| self.by_device.get(device).copied())
            .unwrap_or(Slot::PLAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_own_slot_and_a_second_of_it_takes_an_upper_one() {
        let mut slots = Slots::default();
        slots.assign("eth0", InterfaceKind::Ethernet, || None);
        slots.assign("wlan0", InterfaceKind::Wifi, || None);
        slots.assign("eth1", InterfaceKind::Ethernet, || None);
        slots.assign("veth0", InterfaceKind::Virtual, || None);
        let numbers = ["wlan0", "eth0", "eth1", "veth0"].map(|device| slots.of(Some(device)).number);
        assert_eq!(numbers, [0, 1, 4, 5]);
        assert!(!slots.assign("eth1", InterfaceKind::Wifi, || None));
        assert_eq!(slots.of(Some("eth1")).number, 4);
    }

    #[test]
    fn one_that_was_renamed_keeps_its_colour() {
        let mut slots = Slots::default();
        slots.assign("eth0", InterfaceKind::Ethernet, || None);
        let before = slots.of(Some("eth0"));
        assert!(slots.assign("wan", InterfaceKind::Ethernet, || Some("eth0".to_owned())));
        assert_eq!(slots.of(Some("wan")), before);
        // Its old name is free, and so is a name that nobody knows.
        assert!(slots.assign("eth0", InterfaceKind::Ethernet, || Some("nil".to_owned())));
        assert_ne!(slots.of(Some("eth0")), before);
    }

    #[test]
    fn more_interfaces_than_slots_get_a_digit() {
        let mut slots = Slots::default();
        for number in 0..6 {
            slots.assign(&format!("tap{number}"), InterfaceKind::Virtual, || None);
        }
        assert_eq!(slots.of(Some("tap4")), Slot { number: 4, digit: 2 });
        assert_eq!(slots.of(Some("tap5")), Slot { number: 5, digit: 2 });
    }

    #[test]
    fn an_unknown_device_looks_like_plain_tcp() {
        assert_eq!(Slots::default().of(Some("nil")), Slot::PLAIN);
        assert_eq!(Slots::default().of(None).mark(), Mark::Bar);
    }
}
