//! The window's keys.

use egui::{Key, Modifiers, Ui};

use super::App;
use crate::ui::kit;
use crate::ui::top_bar;
use crate::ui::transport;
use crate::ui::view::{Tab, UiCommand};

impl App {
    /// What the keys that were pressed ask for, where nobody types.
    pub(super) fn keys(&mut self, ui: &Ui) -> Vec<UiCommand> {
        let mut commands = Vec::new();
        if kit::keep_keys_in_menus(ui.ctx()) {
            return commands;
        }
        // Whoever types, or is asked something, means that.
        if ui.ctx().text_edit_focused() || ui.memory(|memory| memory.top_modal_layer().is_some()) {
            return commands;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::T) {
            let now = ui.ctx().options(|options| options.theme_preference);
            commands.push(UiCommand::SetTheme(top_bar::next_theme(now)));
        }
        // Its strip looks after the other keys.
        if self.panels.present.on {
            return commands;
        }
        if pressed(Key::F11) {
            commands.push(UiCommand::Present(true));
        }
        if let Some(filter) = self.panels.filter(self.tab)
            && pressed(Key::Escape)
        {
            filter.clear();
        }
        if let Some(by_itself) = self.lab.plays_by_itself()
            && pressed(Key::H)
        {
            commands.push(UiCommand::PlayByItself(!by_itself));
        }
        commands.extend(
            self.feed
                .replay()
                .iter()
                .flat_map(|replay| transport::keys(replay, ui)),
        );
        let tabs = [
            (Key::Num1, Tab::Connections),
            (Key::Num2, Tab::Handovers),
            (Key::Num3, Tab::Paths),
            (Key::Num4, Tab::Events),
        ];
        for (key, tab) in tabs {
            if top_bar::TABS.contains(&tab) && pressed(key) {
                commands.push(UiCommand::Open(tab));
            }
        }
        if pressed(Key::Slash) {
            self.tab = Tab::Connections;
            self.panels.list.focus_filter = true;
        }
        let focused = ui.memory(|memory| memory.focused().is_some());
        if !focused && pressed(Key::Space) {
            commands.push(UiCommand::Pause(!self.feed.is_paused()));
        }
        if self.tab == Tab::Connections {
            let now = self.feed.shown().now();
            if !focused && pressed(Key::ArrowDown) {
                self.panels.list.step(1);
            }
            if !focused && pressed(Key::ArrowUp) {
                self.panels.list.step(-1);
            }
            let window = &mut self.panels.connection.plots.window;
            if pressed(Key::Home) {
                window.follow();
            }
            let (from, to) = window.range(now);
            let middle = if window.is_live() {
                to
            } else {
                f64::midpoint(from, to)
            };
            if pressed(Key::Plus) || pressed(Key::Equals) {
                window.zoom(1.5, middle, now);
            }
            if pressed(Key::Minus) {
                window.zoom(1.0 / 1.5, middle, now);
            }
        }
        if let Some(recording) = self.feed.recording()
            && pressed(Key::R)
        {
            commands.push(UiCommand::Record(recording.path.is_none()));
        }
        if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::O)) {
            commands.push(UiCommand::OpenRecording);
        }
        let undo = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z));
        if undo {
            let state = self.feed.live().state();
            let mut done = self.feed.changes.done();
            let change = done.find(|change| change.can_undo(state));
            commands.extend(change.map(|change| UiCommand::Undo(change.reference)));
        }
        commands
    }
}
