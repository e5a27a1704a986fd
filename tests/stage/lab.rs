//! The links of a laboratory that is not there.

use pathscope::model::InterfaceKind;
use pathscope::ui::{LabControls, LabLink, LabQuality, LabShape, LabStep};

use super::{ETHERNET, PHONE, WIFI};

/// The laboratory's links, one of them unplugged.
pub struct Lab;

impl LabControls for Lab {
    fn links(&self) -> Vec<LabLink> {
        let link = |name: &str, label: &str, kind, rate_mbps, delay_ms, plugged| LabLink {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            delay_ms,
            rate_mbps,
            loss_percent: 0.0,
            plugged,
            planned: LabQuality {
                delay_ms,
                rate_mbps,
                loss_percent: 0.0,
            },
        };
        vec![
            link(WIFI, "Wi-Fi", InterfaceKind::Wifi, 40.0, 12.0, true),
            link(ETHERNET, "Ethernet", InterfaceKind::Ethernet, 100.0, 5.0, false),
            link(PHONE, "Phone", InterfaceKind::Cellular, 20.0, 27.0, true),
        ]
    }

    fn scenario(&self) -> String {
        "handover".to_owned()
    }

    fn demonstrates(&self) -> String {
        "Wi-Fi comes and goes while Ethernet carries on, with a phone for backup".to_owned()
    }

    fn plays_by_itself(&self) -> bool {
        true
    }

    fn neighbour(&self, step: LabStep) -> Option<String> {
        let name = match step {
            LabStep::Forth => "backup",
            LabStep::Back => "many",
        };
        Some(name.to_owned())
    }

    fn plug(&self, _link: &str, _plugged: bool) -> Result<(), String> {
        Ok(())
    }

    fn shape(&self, _link: &str, _shape: LabShape) -> Result<(), String> {
        Ok(())
    }
}
