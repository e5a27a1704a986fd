//! An endpoint that somebody is about to add: address, device, id, port and flags, checked before the kernel does.

use std::net::IpAddr;

use egui::{Popup, Sense, Ui, vec2};
use egui_material_icons::icons::{ICON_CHECK, ICON_EXPAND_MORE};

use super::model::{FLAGS, meaning};
use crate::model::text::for_terminal;
use crate::model::{
    Command, Endpoint, EndpointFlags, Host, Impossible, check_command, equivalent, is_link_local, owners,
};
use crate::ui::kit::{
    Answers, Button, Look, Switch, command_box, dialog, field, focus_all, is_new, label, menu_item, paint,
    switch,
};
use crate::ui::theme::{Tokens, Type};
use crate::ui::view::{UiCommand, View};
use crate::words::endpoint::{Unfit, unfit};

/// What is typed and chosen so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Adding {
    address: String,
    /// The device that the endpoint is bound to.
    device: Option<String>,
    id: String,
    port: String,
    flags: EndpointFlags,
    /// Whether it is to be added though nothing can come of it now.
    insist: bool,
}

impl Default for Adding {
    fn default() -> Self {
        Self {
            address: String::new(),
            device: None,
            id: String::new(),
            port: String::new(),
            flags: EndpointFlags::SUBFLOW,
            insist: false,
        }
    }
}

/// What was answered.
pub(super) enum Answer {
    /// Nothing yet.
    Waits,
    /// Leave it.
    No,
    /// Ask the kernel for this.
    Add(Command),
}

/// What somebody types into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Address,
    Id,
    Port,
}

const ADDRESS: &str = "Address";
const ID: &str = "Id";
const PORT: &str = "Port";
const WIDE: f32 = 640.0;
const NAME: &str = "add endpoint";

impl Adding {
    /// For an address of this machine that has no endpoint yet.
    pub(super) fn of(address: Option<(IpAddr, String)>) -> Self {
        let (address, device) = address.unzip();
        Self {
            address: address.map_or_else(String::new, |address| address.to_string()),
            device,
            ..Self::default()
        }
    }

    /// The command, or what is wrong.
    fn command(&self, view: &View<'_>) -> Result<Command, Unfit> {
        let text = self.address.trim();
        if text.is_empty() {
            return Err(Unfit::NoAddress);
        }
        let Ok(Host { ip: address, scope }) = text.parse::<Host>() else {
            return Err(Unfit::NoSuchAddress(text.to_owned()));
        };
        let id = match self.id.trim() {
            "" => None,
            text => Some(text.parse::<u8>().map_err(|_| Unfit::NoId)?),
        };
        let port = match self.port.trim() {
            "" => None,
            text => Some(text.parse::<u16>().map_err(|_| Unfit::NoPort)?),
        };
        let command = Command::EndpointAdd {
            address,
            interface: scope
                .map(|scope| scope.to_string())
                .or_else(|| self.device.clone()),
            id,
            port,
            flags: self.flags,
            insist: self.insist,
        };
        let state = view.live.state();
        let others: Vec<Endpoint> = state.endpoints.values().cloned().collect();
        check_command(&command, &others, state.interfaces.values()).map_err(Unfit::Impossible)?;
        Ok(command)
    }

    /// The question; `free` are the addresses that can be an endpoint, each with its device.
    pub(super) fn ui(
        &mut self,
        free: &[(IpAddr, String)],
        view: &View<'_>,
        ui: &Ui,
        copied: &mut Vec<UiCommand>,
    ) -> Answer {
        let tokens = Tokens::of(ui);
        let mut answer = Answer::Waits;
        let modal = dialog(NAME, ui).show(ui.ctx(), |ui| {
            ui.set_width(WIDE);
            let is_new = is_new(NAME, ui);
            label(ui, "Add endpoint", Type::Section, tokens.text);
            let words = "An address that MPTCP may use beside the one of the default route.";
            label(ui, words, Type::Body, tokens.text2);
            ui.add_space(8.0);
            let command = self.command(view);
            let wrong = command.as_ref().err().and_then(field_of);
            let bad = |field| wrong == Some(field);
            ui.horizontal(|ui| {
                let typed = !self.address.is_empty() && bad(Field::Address);
                labelled(ui, ADDRESS, |ui| {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = 4.0;
                        let field = field(ui, &mut self.address, ADDRESS, "192.0.2.7", 240.0, typed);
                        if is_new {
                            focus_all(&field, &self.address);
                        }
                        if field.changed() {
                            self.follow_address(view);
                        }
                        self.free_ui(free, view, ui);
                    });
                });
                labelled(ui, "Device", |ui| self.device_ui(view, ui));
                labelled(ui, ID, |ui| {
                    field(ui, &mut self.id, ID, "any", 80.0, bad(Field::Id));
                });
                labelled(ui, PORT, |ui| {
                    field(ui, &mut self.port, PORT, "none", 80.0, bad(Field::Port));
                });
            });
            ui.add_space(12.0);
            self.flags_ui(ui);
            ui.add_space(12.0);
            match &command {
                Ok(command) => {
                    let lines = equivalent(command, &[]);
                    if command_box(ui, &lines, WIDE, "Copy the command", true) {
                        copied.push(UiCommand::Copy(lines.join("\n")));
                    }
                    let words = "Closes nothing; it can be undone.";
                    label(ui, words, Type::Small, tokens.text2);
                }
                Err(why) => {
                    label(ui, unfit(why), Type::Body, tokens.text2);
                }
            }
            let yields = matches!(&command, Err(Unfit::Impossible(why)) if why.yields());
            if yields || self.insist {
                self.insist_ui(ui);
            }
            ui.add_space(12.0);
            let refusal = view.refusal().or(command.as_ref().err().map(unfit));
            let answers = Answers {
                act: "Add",
                refusal: refusal.as_deref(),
                leave: "Cancel",
                is_new,
                has_field: true,
            };
            match answers.ui(ui) {
                Some(true) => answer = command.map_or(Answer::No, Answer::Add),
                Some(false) => answer = Answer::No,
                None => {}
            }
        });
        if modal.should_close() && matches!(answer, Answer::Waits) {
            return Answer::No;
        }
        answer
    }

    /// Sets the device that has the address which was typed. What somebody insisted on was another one.
    fn follow_address(&mut self, view: &View<'_>) {
        self.insist = false;
        let Ok(Host { ip, scope }) = self.address.trim().parse::<Host>() else {
            return;
        };
        let interfaces = view.live.state().interfaces.values();
        self.device = match (scope, owners(ip, interfaces).as_slice()) {
            (Some(scope), _) => Some(scope.to_string()),
            // Which link it is on, only a person knows.
            (None, [_, _, ..]) if is_link_local(ip) => None,
            (None, [owner, ..]) => Some((*owner).to_owned()),
            (None, []) => None,
        };
    }

    /// The menu of addresses that can be an endpoint.
    fn free_ui(&mut self, free: &[(IpAddr, String)], view: &View<'_>, ui: &mut Ui) {
        let none = free
            .is_empty()
            .then_some("Every address of this machine that can be an endpoint is one.");
        let press = Button::icon(ICON_EXPAND_MORE.codepoint, "Addresses of this machine").look(Look::Quiet);
        let button = press.unless(ui, none);
        Popup::menu(&button).show(|ui| {
            for (address, device) in free {
                let path = view.path(Some(device)).name;
                let text = format!("{address}  {path}");
                let now = self.address.trim() == address.to_string();
                let sign = if now { ICON_CHECK.codepoint } else { "" };
                if menu_item(ui, sign, &text, "", None) {
                    self.address = address.to_string();
                    self.device = Some(device.clone());
                    self.insist = false;
                }
            }
        });
    }

    /// What lets through an address that is not this machine's.
    fn insist_ui(&mut self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let look = Switch {
                on: self.insist,
                pending: false,
                ink: tokens.text,
            };
            if switch(ui, look, "Insist").clicked() {
                self.insist = !self.insist;
            }
            let words = "Insist: add it now, for when the address comes.";
            label(ui, words, Type::Body, tokens.text2);
        });
    }

    fn device_ui(&mut self, view: &View<'_>, ui: &mut Ui) {
        let shown = self.device.as_deref().map_or("any".into(), for_terminal);
        let name = format!("Device: {shown}");
        let button = Button::text(&shown).named(&name).chevron().ui(ui);
        Popup::menu(&button).show(|ui| {
            let check = |on: bool| if on { ICON_CHECK.codepoint } else { "" };
            if menu_item(ui, check(self.device.is_none()), "any", "", None) {
                self.device = None;
            }
            let interfaces = view.live.state().interfaces.values();
            let mut names: Vec<&str> = interfaces
                .filter(|interface| interface.can_carry_subflows())
                .map(|interface| interface.name.as_str())
                .collect();
            names.sort_unstable();
            for device in names {
                if menu_item(
                    ui,
                    check(self.device.as_deref() == Some(device)),
                    &for_terminal(device),
                    "",
                    None,
                ) {
                    self.device = Some(device.to_owned());
                }
            }
        });
    }

    fn flags_ui(&mut self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            for (name, flag) in FLAGS {
                let look = Switch {
                    on: self.flags.contains(flag),
                    pending: false,
                    ink: tokens.text,
                };
                let response =
                    switch(ui, look, &format!("{name}, new endpoint")).on_hover_text(meaning(flag));
                if response.clicked() {
                    self.flags = if look.on {
                        self.flags.without(flag)
                    } else {
                        self.flags.with(flag)
                    };
                }
                label(ui, name, Type::Body, tokens.text2);
                ui.add_space(8.0);
            }
        });
    }
}

/// The field that a reason is about, if it is about one.
fn field_of(why: &Unfit) -> Option<Field> {
    let why = match why {
        Unfit::NoAddress | Unfit::NoSuchAddress(_) => return Some(Field::Address),
        Unfit::NoId => return Some(Field::Id),
        Unfit::NoPort => return Some(Field::Port),
        Unfit::Impossible(why) => why,
    };
    match why {
        Impossible::Address { .. }
        | Impossible::Mapped(_)
        | Impossible::NoDevice(_)
        | Impossible::NotOwned(_)
        | Impossible::OwnedElsewhere { .. }
        | Impossible::AddressTaken(_) => Some(Field::Address),
        Impossible::IdZero | Impossible::IdTaken(_) | Impossible::ImplicitThere(_) => Some(Field::Id),
        Impossible::PortZero | Impossible::PortWithoutSignal | Impossible::PortWithSubflow => {
            Some(Field::Port)
        }
        _ => None,
    }
}

/// A caption above what it names.
fn labelled(ui: &mut Ui, name: &str, contents: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        // The field below has the name already.
        let (rect, _) = ui.allocate_exact_size(vec2(1.0, 16.0), Sense::hover());
        let color = Tokens::of(ui).text3;
        paint(ui.painter(), rect.left_center(), name, Type::Small, color);
        contents(ui);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Endpoint;
    use crate::ui::test_data::Stage;

    fn verdict(change: impl FnOnce(&mut Adding)) -> Result<Command, Unfit> {
        let mut stage = Stage::usual();
        let taken = Endpoint {
            id: 2,
            address: "10.0.1.1".parse().expect("an address"),
            port: None,
            interface: None,
            interface_index: None,
            flags: EndpointFlags::SUBFLOW,
        };
        let mut interfaces: Vec<_> = stage.history.state().interfaces.values().cloned().collect();
        for (interface, address) in interfaces.iter_mut().zip([[10, 0, 0, 1], [10, 0, 1, 1]]) {
            interface.addresses = vec![crate::model::InterfaceAddress {
                address: address.into(),
                prefix: 24,
            }];
        }
        let mut sample = crate::model::Sample {
            t: 11.0,
            endpoints: vec![taken],
            interfaces,
            ..Default::default()
        };
        sample.full = true;
        stage.history.apply(crate::model::Line::Sample(Box::new(sample)));
        let mut adding = Adding::of(Some((
            "10.0.0.1".parse().expect("an address"),
            "wlan0".to_owned(),
        )));
        change(&mut adding);
        adding.command(&stage.view())
    }

    #[test]
    fn everything_that_the_kernel_takes_can_be_asked_for() {
        let command = verdict(|adding| {
            adding.id = " 7 ".to_owned();
            adding.port = "4443".to_owned();
            adding.flags = EndpointFlags::SIGNAL.with(EndpointFlags::BACKUP);
        });
        let lines = command.map(|command| equivalent(&command, &[]));
        assert_eq!(
            lines,
            Ok(vec![
                "ip mptcp endpoint add 10.0.0.1 dev wlan0 id 7 port 4443 signal backup".to_owned()
            ])
        );
    }

    #[test]
    fn what_the_kernel_would_refuse_is_said_before() {
        let field = |change: fn(&mut Adding)| verdict(change).err().as_ref().and_then(field_of);
        assert_eq!(field(|_| {}), None);
        assert_eq!(
            field(|adding| adding.address = "10.0.0.300".to_owned()),
            Some(Field::Address)
        );
        assert_eq!(
            field(|adding| adding.address = "10.0.1.1".to_owned()),
            Some(Field::Address)
        );
        assert_eq!(field(|adding| adding.id = "2".to_owned()), Some(Field::Id));
        assert_eq!(field(|adding| adding.id = "256".to_owned()), Some(Field::Id));
        assert_eq!(field(|adding| adding.id = "0".to_owned()), Some(Field::Id));
        assert_eq!(
            field(|adding| adding.address = "224.0.0.1".to_owned()),
            Some(Field::Address)
        );
        assert_eq!(
            field(|adding| {
                adding.port = "80".to_owned();
                adding.flags = EndpointFlags::SIGNAL.with(EndpointFlags::SUBFLOW);
            }),
            Some(Field::Port)
        );
        assert!(verdict(|adding| adding.flags = EndpointFlags::NONE).is_err());
        assert_eq!(
            field(|adding| adding.port = "80".to_owned()),
            Some(Field::Port),
            "without signal"
        );
        let both = EndpointFlags::SIGNAL.with(EndpointFlags::FULLMESH);
        assert!(verdict(|adding| adding.flags = both).is_err());
    }

    #[test]
    fn an_address_that_is_not_here_needs_insistence() {
        let foreign = |insist: bool| {
            verdict(|adding| {
                adding.address = "10.9.9.9".to_owned();
                adding.device = None;
                adding.insist = insist;
            })
        };
        assert_eq!(
            foreign(false).err().as_ref().and_then(field_of),
            Some(Field::Address)
        );
        assert!(foreign(true).is_ok());
        let elsewhere = verdict(|adding| adding.device = Some("eth0".to_owned()));
        assert!(matches!(
            elsewhere,
            Err(Unfit::Impossible(Impossible::OwnedElsewhere { .. }))
        ));
    }
}
