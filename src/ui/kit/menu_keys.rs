//! Keys while a menu is open: they are the menu's, and come back to the button that opened it.

use egui::{Context, Id, Order, Popup};

/// Whether a menu is open. What lies behind it has the keyboard's focus no longer then: egui gives the arrow keys to the
/// menu when nothing else has it, and Enter and Space are the menu's. Once it is closed by a key, its button has it again.
pub(in crate::ui) fn keep_keys_in_menus(ctx: &Context) -> bool {
    let memory = Id::unique("focus before the menu");
    let focused = ctx.memory(egui::Memory::focused);
    if !Popup::is_any_open(ctx) {
        let before = ctx
            .data_mut(|data| data.remove_temp::<Option<Id>>(memory))
            .flatten();
        if let Some(before) = before.filter(|_| focused.is_none()) {
            ctx.memory_mut(|memory| memory.request_focus(before));
        }
        return false;
    }
    let layer = focused.and_then(|id| ctx.viewport(|viewport| viewport.prev_pass.widgets.order(id)));
    if let (Some(id), Some((layer, _))) = (focused, layer)
        && layer.order < Order::Foreground
    {
        ctx.data_mut(|data| data.insert_temp(memory, Some(id)));
        ctx.memory_mut(|memory| memory.surrender_focus(id));
    }
    true
}
