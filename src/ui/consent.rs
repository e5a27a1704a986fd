//! The page behind *Allow…*: what the privileged helper would permit, said before any password.

use egui::{Align, Context, Id, Layout, Sense, Ui, vec2};
use egui_material_icons::icons::{ICON_BOLT, ICON_CHECK, ICON_CLOSE, ICON_LINK_OFF, ICON_LOCK, ICON_TUNE};

use super::kit::{Answers, dialog, hairline, icon, is_new, label};
use super::theme::{Tokens, Type};
use super::view::UiCommand;
use crate::model::{Access, Consent};
use crate::words::access as words;

const NAME: &str = "allow";
const WIDE: f32 = 640.0;

/// One thing that may be permitted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    icon: &'static str,
    title: &'static str,
    /// What it means, and what it does not.
    words: &'static str,
    /// Whether it is had already.
    had: bool,
    consent: Consent,
}

impl Row {
    fn status(&self) -> (&'static str, &'static str) {
        let sign = match (self.had, self.consent) {
            (true, _) | (false, Consent::Yes) => ICON_CHECK,
            (false, Consent::Asks) => ICON_LOCK,
            (false, Consent::No) => ICON_CLOSE,
        };
        (sign.codepoint, words::consent(self.had, self.consent))
    }
}

fn rows(access: &Access) -> [Row; 3] {
    let offer = access.offer.unwrap_or_default();
    [
        Row {
            icon: ICON_BOLT.codepoint,
            title: "Hear the kernel's own events",
            words: "At once, and with the reasons, for every user's connections. Nothing can be changed by it.",
            had: access.events,
            consent: offer.observe,
        },
        Row {
            icon: ICON_TUNE.codepoint,
            title: "Change endpoints, limits and settings",
            words: "The switches of Paths, for every connection of this machine. Each change can be undone.",
            had: access.control,
            consent: offer.configure,
        },
        Row {
            icon: ICON_LINK_OFF.codepoint,
            title: "Close your own subflows",
            words: "Asked for when you first close one. Those of other users stay theirs.",
            had: false,
            consent: offer.close_subflow,
        },
    ]
}

/// Whether *Allow…* has something to offer.
pub(super) fn offers(access: &Access) -> bool {
    access.offer.is_some() && !(access.events && access.control)
}

/// Why there is nothing to allow, if there is not.
fn refusal(access: &Access) -> Option<&'static str> {
    let [events, control, _] = rows(access);
    let lifts = |row: &Row| !row.had && row.consent != Consent::No;
    (!lifts(&events) && !lifts(&control)).then_some(words::NOTHING_PERMITTED)
}

fn id() -> Id {
    Id::unique(NAME)
}

/// Opens the page.
pub(super) fn open(ctx: &Context) {
    ctx.data_mut(|data| data.insert_temp(id(), true));
}

/// The page, where it is open.
pub(super) fn ui(access: &Access, ui: &Ui) -> Option<UiCommand> {
    if !ui.data(|data| data.get_temp(id()).unwrap_or(false)) {
        return None;
    }
    let tokens = Tokens::of(ui);
    let (mut allowed, mut closed) = (false, !offers(access));
    let modal = dialog(NAME, ui).show(ui.ctx(), |ui| {
        ui.set_width(WIDE.min(ui.ctx().content_rect().width() - 96.0));
        label(ui, "What Allow permits", Type::Section, tokens.text);
        ui.add_space(8.0);
        for row in rows(access) {
            hairline(ui);
            show(&row, tokens, ui);
        }
        hairline(ui);
        ui.add_space(8.0);
        label(ui, words::who_decides(access), Type::Body, tokens.text2);
        ui.add_space(16.0);
        let answers = Answers {
            act: "Allow",
            refusal: refusal(access),
            leave: "Not now",
            is_new: is_new(NAME, ui),
            has_field: false,
        };
        match answers.ui(ui) {
            Some(true) => allowed = true,
            Some(false) => closed = true,
            None => {}
        }
    });
    if allowed || closed || modal.should_close() {
        ui.data_mut(|data| data.remove::<bool>(id()));
    }
    allowed.then_some(UiCommand::Allow)
}

fn show(row: &Row, tokens: &Tokens, ui: &mut Ui) {
    ui.add_space(4.0);
    ui.horizontal_top(|ui| {
        let line = ui.spacing().interact_size.y;
        let (place, _) = ui.allocate_exact_size(vec2(28.0, line), Sense::hover());
        let at = place.left_center() + vec2(10.0, 0.0);
        icon(ui.painter(), at, row.icon, 20.0, tokens.text2);
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                label(ui, row.title, Type::Strong, tokens.text);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let (sign, status) = row.status();
                    label(ui, status, Type::Body, tokens.text);
                    let (place, _) = ui.allocate_exact_size(vec2(16.0, 20.0), Sense::hover());
                    icon(ui.painter(), place.center(), sign, 16.0, tokens.text);
                });
            });
            label(ui, row.words, Type::Body, tokens.text2);
        });
    });
    ui.add_space(10.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Offer;

    fn access(observe: Consent, configure: Consent) -> Access {
        Access {
            offer: Some(Offer {
                observe,
                configure,
                close_subflow: Consent::Asks,
                by_group: false,
            }),
            ..Access::default()
        }
    }

    #[test]
    fn allow_is_there_while_something_is_missing() {
        let mut access = access(Consent::Yes, Consent::Asks);
        assert!(offers(&access) && refusal(&access).is_none());
        access.events = true;
        assert!(offers(&access) && refusal(&access).is_none());
        access.control = true;
        assert!(!offers(&access));
        assert!(
            !offers(&Access::default()),
            "without a service there is nothing to allow"
        );
    }

    #[test]
    fn where_all_is_denied_nothing_is_asked() {
        assert_eq!(
            refusal(&access(Consent::No, Consent::No)),
            Some(words::NOTHING_PERMITTED)
        );
        let mut access = access(Consent::Yes, Consent::No);
        access.events = true;
        assert_eq!(refusal(&access), Some(words::NOTHING_PERMITTED));
    }
}
