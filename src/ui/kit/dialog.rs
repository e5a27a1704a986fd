//! A question over the window: nothing below it answers meanwhile. The keyboard is in it from the start, Enter does what it
//! is for, Escape leaves it.

use egui::{Frame, Id, Key, Margin, Modal, Ui};

use super::button::{Button, Look};

/// The ground of a question; what is asked is shown on it.
pub(in crate::ui) fn dialog(name: &str, ui: &Ui) -> Modal {
    let frame = Frame::window(ui.style()).inner_margin(Margin::same(24));
    Modal::new(Id::unique(name)).frame(frame)
}

/// Whether a question is shown for the first time: then its first field is given the focus. To be asked once a frame.
pub(in crate::ui) fn is_new(name: &str, ui: &Ui) -> bool {
    let id = Id::unique(("question", name));
    let now = ui.ctx().cumulative_frame_nr();
    let before = ui.data_mut(|data| {
        let before = data.get_temp::<u64>(id);
        data.insert_temp(id, now);
        before
    });
    before.is_none_or(|before| before + 1 < now)
}

/// The two answers to a question.
pub(in crate::ui) struct Answers<'a> {
    /// The act that the question is about.
    pub act: &'a str,
    /// Why it cannot be done, if it cannot.
    pub refusal: Option<&'a str>,
    /// What leaves it.
    pub leave: &'a str,
    /// Whether the question is new, see [`is_new`].
    pub is_new: bool,
    /// Whether it has a field, which has the focus first.
    pub has_field: bool,
}

impl Answers<'_> {
    /// The buttons, to be shown below everything else that takes keys; the answer, once there is one.
    pub(in crate::ui) fn ui(self, ui: &mut Ui) -> Option<bool> {
        ui.horizontal(|ui| {
            let act = Button::text(self.act).look(Look::Primary);
            let act = act.unless(ui, self.refusal);
            let leave = Button::text(self.leave).ui(ui);
            if self.is_new && !self.has_field {
                let first = if self.refusal.is_none() { &act } else { &leave };
                first.request_focus();
            }
            // Whoever is in no field and on no button means the act; the key that opened the question is no answer.
            let nobody = ui.memory(|memory| memory.focused().is_none());
            let enter = !self.is_new && nobody && ui.input(|input| input.key_pressed(Key::Enter));
            if leave.clicked() {
                Some(false)
            } else {
                (act.clicked() || (enter && self.refusal.is_none())).then_some(true)
            }
        })
        .inner
    }
}
