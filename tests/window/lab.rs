//! The laboratory's strip: plugs, worse links, closing a subflow.

use super::*;

const PLANNED: LabQuality = LabQuality {
    delay_ms: 12.0,
    rate_mbps: 40.0,
    loss_percent: 0.0,
};

/// What was asked of the laboratory.
#[derive(Clone, Debug, PartialEq)]
enum Deed {
    Plug(String, bool),
    Shape(String, LabShape),
    Play(bool),
}

/// A laboratory with one link, that does what it is asked at once.
#[derive(Clone, Default)]
pub(super) struct Lab(Arc<Mutex<Vec<Deed>>>);

impl Lab {
    /// Which way plugs were pulled.
    pub(super) fn plugs(&self) -> Vec<bool> {
        let deeds = self.deeds().into_iter();
        let plugs = deeds.filter_map(|deed| match deed {
            Deed::Plug(_, plugged) => Some(plugged),
            Deed::Shape(..) | Deed::Play(_) => None,
        });
        plugs.collect()
    }

    fn deeds(&self) -> Vec<Deed> {
        self.0.lock().unwrap().clone()
    }
}

impl LabControls for Lab {
    fn links(&self) -> Vec<LabLink> {
        let mut link = LabLink {
            name: "wlp0s20f3".to_owned(),
            label: "Wi-Fi".to_owned(),
            kind: InterfaceKind::Wifi,
            delay_ms: PLANNED.delay_ms,
            rate_mbps: PLANNED.rate_mbps,
            loss_percent: PLANNED.loss_percent,
            plugged: true,
            planned: PLANNED,
        };
        for deed in self.deeds() {
            match deed {
                Deed::Plug(_, plugged) => link.plugged = plugged,
                Deed::Play(_) => {}
                Deed::Shape(_, shape) => {
                    link.delay_ms = shape.delay_ms.unwrap_or(link.delay_ms);
                    link.rate_mbps = shape.rate_mbps.unwrap_or(link.rate_mbps);
                    link.loss_percent = shape.loss_percent.unwrap_or(link.loss_percent);
                }
            }
        }
        vec![link]
    }

    fn plug(&self, link: &str, plugged: bool) -> Result<(), String> {
        self.0.lock().unwrap().push(Deed::Plug(link.to_owned(), plugged));
        Ok(())
    }

    fn shape(&self, link: &str, shape: LabShape) -> Result<(), String> {
        self.0.lock().unwrap().push(Deed::Shape(link.to_owned(), shape));
        Ok(())
    }

    /// As the real one: whoever touches a link drives from then on.
    fn plays_by_itself(&self) -> bool {
        self.deeds().last().is_none_or(|deed| *deed == Deed::Play(true))
    }

    fn play(&self, by_itself: bool) -> Result<(), String> {
        self.0.lock().unwrap().push(Deed::Play(by_itself));
        Ok(())
    }
}

fn opened() -> (Window, Lab) {
    let lab = Lab::default();
    let window = open(
        Scripted::played(stage::full_access()),
        Some(Box::new(lab.clone())),
    );
    (window, lab)
}

#[test]
fn a_lab_has_plugs_to_pull() {
    let (mut window, lab) = opened();
    window.click("Unplug Wi-Fi");
    window.click("Plug in Wi-Fi");
    let plug = |plugged| Deed::Plug("wlp0s20f3".to_owned(), plugged);
    assert_eq!(lab.deeds(), [plug(false), plug(true)]);
}

#[test]
fn one_key_and_a_switch_say_who_drives() {
    let (mut window, lab) = opened();
    assert!(window.is_on("by itself"));
    window.key(egui::Key::H);
    assert!(window.is_on("by hand"));
    window.click("by itself");
    window.click("Unplug Wi-Fi");
    assert!(window.is_on("by hand"), "whoever touches a link drives");
    window.key(egui::Key::H);
    assert!(window.is_on("by itself"));
    let play = lab
        .deeds()
        .into_iter()
        .filter(|deed| matches!(deed, Deed::Play(_)));
    assert_eq!(
        play.collect::<Vec<_>>(),
        [Deed::Play(false), Deed::Play(true), Deed::Play(true)]
    );
}

#[test]
fn a_link_is_slowed_down_made_lossy_and_restored() {
    let (mut window, lab) = opened();
    window.click("Change Wi-Fi: 40 Mbit/s, 12 ms");
    assert!(is_disabled(&window.node("Restore Wi-Fi")));
    window.click("Slow Wi-Fi down");
    window.click("Change Wi-Fi: changed: 4 Mbit/s, 112 ms");
    window.click("Lose 5 % on Wi-Fi");
    window.click("Change Wi-Fi: changed: 4 Mbit/s, 112 ms, 5 % lost");
    window.click("Restore Wi-Fi");
    assert!(window.has("Change Wi-Fi: 40 Mbit/s, 12 ms"));
    let shape = |delay_ms, rate_mbps, loss_percent| {
        let shape = LabShape {
            delay_ms,
            rate_mbps,
            loss_percent,
        };
        Deed::Shape("wlp0s20f3".to_owned(), shape)
    };
    assert_eq!(
        lab.deeds(),
        [
            shape(Some(112.0), Some(4.0), None),
            shape(None, None, Some(5.0)),
            shape(Some(12.0), Some(40.0), Some(0.0)),
        ]
    );
}

#[test]
fn a_subflow_over_the_link_is_closed_and_the_menu_says_which() {
    let (mut window, _) = opened();
    window.click("Change Wi-Fi: 40 Mbit/s, 12 ms");
    let name = "Close the subflow of nextcloud over Wi-Fi (192.168.1.149:40101)";
    window.hover(name);
    assert!(window.says("The connection lives on over its other subflows."));
    window.click(name);
    let close = Command::Close {
        local: "192.168.1.149:40101".parse().unwrap(),
        remote: "104.28.152.1:443".parse().unwrap(),
    };
    assert_eq!(window.asked.commands(), [close]);
}
