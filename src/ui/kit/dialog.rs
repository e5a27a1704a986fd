//! A question over the window: nothing below it answers meanwhile.

use egui::{Frame, Id, Margin, Modal, Ui};

/// The ground of a question; what is asked is shown on it.
pub(in crate::ui) fn dialog(name: &str, ui: &Ui) -> Modal {
    let frame = Frame::window(ui.style()).inner_margin(Margin::same(24));
    Modal::new(Id::unique(name)).frame(frame)
}
