//! The window's state and one frame of it.

use egui::{CentralPanel, Context, Frame, Id, Key, Modifiers, Panel, ThemePreference, Ui};

use super::connection::{self, ConnectionState};
use super::connections::{self, ListState};
use super::empty;
use super::events::{self, EventsState};
use super::feed::Feed;
use super::lab_strip;
use super::paths::{self, PathsState};
use super::status;
use super::theme::{self, Slots, Tokens};
use super::top_bar;
use super::view::{Direction, Tab, UiCommand, View};
use super::{LabControls, Setup, Theme};

/// The window: the stream, what each panel remembers, and nothing else.
pub struct App {
    feed: Feed,
    lab: Option<Box<dyn LabControls>>,
    slots: Slots,
    /// Which way rates go; `None` until somebody chooses: then the way of most data.
    direction: Option<Direction>,
    tab: Tab,
    list: ListState,
    connection: ConnectionState,
    paths: PathsState,
    events: EventsState,
}

/// Where the interfaces' colours are remembered between runs.
fn slots_id() -> Id {
    Id::unique("interface slots")
}

impl App {
    /// A window over a source. [`super::run`] looks after `screenshot` and `seconds`.
    pub fn new(ctx: &Context, setup: Setup) -> Self {
        theme::install(ctx);
        if let Some(theme) = setup.theme {
            ctx.set_theme(match theme {
                Theme::Dark => ThemePreference::Dark,
                Theme::Light => ThemePreference::Light,
                Theme::System => ThemePreference::System,
            });
        }
        Self {
            feed: Feed::new(setup.source, setup.title, ctx),
            lab: setup.lab,
            slots: ctx
                .data_mut(|data| data.get_persisted(slots_id()))
                .unwrap_or_default(),
            direction: None,
            tab: Tab::default(),
            list: ListState::default(),
            connection: ConnectionState::default(),
            paths: PathsState::default(),
            events: EventsState::default(),
        }
    }

    /// Takes what the source has sent. Alone, it is all that a hidden window does: so nothing is missing when it is
    /// shown again.
    pub fn logic(&mut self, ctx: &Context) {
        if self.feed.take() {
            ctx.request_repaint();
        }
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.logic(ui.ctx());
        self.give_slots(ui.ctx());
        let mut commands = self.keys(ui);
        let Self {
            feed,
            lab,
            slots,
            direction,
            tab,
            list,
            connection,
            paths,
            events,
        } = self;
        let view = View {
            shown: feed.shown(),
            live: feed.live(),
            access: feed.access(),
            slots,
            title: feed.title(),
            direction: direction.unwrap_or_else(|| main_direction(feed)),
            paused: feed.is_paused(),
            ended: feed.ended(),
            changes: &feed.changes,
            interval_ms: feed.interval_ms(),
        };
        let tokens = Tokens::of(ui);
        // The window's ground is that of the panels already: painting it again would cost a layer of every pixel.
        let panel = Frame::NONE;
        let bar = |panel: Panel, high: f32| panel.exact_size(high).show_separator_line(false);
        bar(Panel::top("top bar"), 48.0)
            .frame(panel)
            .show(ui, |ui| commands.extend(top_bar::ui(*tab, &view, ui)));
        bar(Panel::bottom("status"), 28.0)
            .frame(panel)
            .show(ui, |ui| commands.extend(status::ui(&view, feed.cost(), ui)));
        if let Some(lab) = lab {
            bar(Panel::bottom("lab"), lab_strip::HEIGHT)
                .frame(Frame::NONE.fill(tokens.raised))
                .show(ui, |ui| commands.extend(lab_strip::ui(&lab.links(), &view, ui)));
        }
        match tab {
            Tab::Connections => {
                // Where the source is lost the last picture stays, greyed.
                let opacity = if view.ended.is_some() { 0.6 } else { 1.0 };
                let narrow = ui.available_width() < 1200.0;
                let widest = if narrow { 280.0 } else { 480.0 };
                Panel::left("connections")
                    .default_size(344.0)
                    .size_range(240.0..=widest)
                    .frame(panel)
                    .show(ui, |ui| {
                        ui.multiply_opacity(opacity);
                        commands.extend(connections::ui(list, &view, ui));
                    });
                CentralPanel::no_frame()
                    .frame(panel)
                    .show(ui, |ui| match list.current(&view) {
                        Some(cookie) => {
                            ui.multiply_opacity(opacity);
                            commands.extend(connection::ui(connection, cookie, &view, ui));
                        }
                        None if list.hidden() > 0 => {
                            let hidden = list.hidden();
                            empty::filtered(&mut list.filter, hidden, ui);
                        }
                        None => commands.extend(empty::ui(&view, ui)),
                    });
            }
            Tab::Paths => commands.extend(paths::ui(paths, &view, ui)),
            Tab::Events => commands.extend(events::ui(events, &view, ui)),
        }
        for command in commands {
            self.perform(command, ui.ctx());
        }
    }

    /// Gives new interfaces their colours, and remembers them.
    fn give_slots(&mut self, ctx: &Context) {
        let interfaces = self.feed.live().state().interfaces.values();
        let mut new = false;
        for interface in interfaces.filter(|interface| interface.can_carry_subflows()) {
            new |= self.slots.assign(&interface.name, interface.kind);
        }
        if new {
            ctx.data_mut(|data| data.insert_persisted(slots_id(), self.slots.clone()));
        }
    }

    fn keys(&mut self, ui: &Ui) -> Vec<UiCommand> {
        let mut commands = Vec::new();
        if ui.ctx().egui_wants_keyboard_input() {
            return commands;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let tabs = [
            (Key::Num1, Tab::Connections),
            (Key::Num2, Tab::Paths),
            (Key::Num3, Tab::Events),
        ];
        for (key, tab) in tabs {
            if top_bar::TABS.contains(&tab) && pressed(key) {
                commands.push(UiCommand::Open(tab));
            }
        }
        if pressed(Key::Slash) {
            self.tab = Tab::Connections;
            self.list.focus_filter = true;
        }
        let focused = ui.memory(|memory| memory.focused().is_some());
        if !focused && pressed(Key::Space) {
            commands.push(UiCommand::Pause(!self.feed.is_paused()));
        }
        if pressed(Key::T) {
            let now = ui.ctx().options(|options| options.theme_preference);
            commands.push(UiCommand::Theme(top_bar::next_theme(now)));
        }
        if self.tab == Tab::Connections {
            let now = self.feed.shown().now();
            if !focused && pressed(Key::ArrowDown) {
                self.list.step(1);
            }
            if !focused && pressed(Key::ArrowUp) {
                self.list.step(-1);
            }
            let window = &mut self.connection.plots.window;
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
        let undo = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z));
        if undo && let Some(change) = self.feed.changes.done().find(|change| change.can_undo()) {
            commands.push(UiCommand::Undo(change.reference));
        }
        commands
    }

    fn perform(&mut self, command: UiCommand, ctx: &Context) {
        match command {
            UiCommand::Request(command) => self.feed.request(command, &self.slots),
            UiCommand::Undo(reference) => self.feed.undo(reference, &self.slots),
            UiCommand::Dismiss => self.feed.changes.dismiss(),
            UiCommand::SetInterval(ms) => self.feed.set_interval(ms),
            UiCommand::Pause(pause) => self.feed.pause(pause),
            UiCommand::Theme(theme) => ctx.set_theme(theme),
            UiCommand::Open(tab) => self.tab = tab,
            UiCommand::Select(cookie) => self.list.selected = Some(cookie),
            UiCommand::Turn(direction) => self.direction = Some(direction),
            UiCommand::Copy(text) => ctx.copy_text(text),
            UiCommand::Plug(link, plugged) => {
                let failure = self.lab.as_ref().and_then(|lab| lab.plug(&link, plugged).err());
                if let Some(why) = failure {
                    self.feed.changes.fail(why);
                }
            }
        }
        ctx.request_repaint();
    }
}

/// The way of most data over all connections.
fn main_direction(feed: &Feed) -> Direction {
    let connections = feed.shown().state().connections.values();
    let (sent, received) = connections.fold((0, 0), |(sent, received), connection| {
        (
            sent + connection.bytes_sent.unwrap_or(0),
            received + connection.bytes_received.unwrap_or(0),
        )
    });
    if received > sent {
        Direction::Received
    } else {
        Direction::Sent
    }
}
