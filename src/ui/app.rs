//! The window's state and one frame of it.

use std::time::Duration;

use egui::{Context, Frame, Key, Modifiers, Panel, Rect, ThemePreference, Ui, UiBuilder, ViewportCommand};

use super::connections_tab;
use super::consent;
use super::desktop::Desktop;
use super::events;
use super::feed::Feed;
use super::fit::Fit;
use super::handovers;
use super::kernel_counters;
use super::kit;
use super::lab_strip;
use super::laboratory::Laboratory;
use super::panels::Panels;
use super::paths;
use super::pause_bar;
use super::present;
use super::running;
use super::settings::{Settings, Store};
use super::status;
use super::theme::{self, Tokens};
use super::top_bar;
use super::view::{Tab, UiCommand, View};
use super::waits::Waits;
use super::{LabControls, OpenDemo, Setup, Theme};
use crate::desktop::NetworkManager;
use crate::model::{Command, Event, EventKind};
use crate::source::Source;

/// The window: the stream, what each panel remembers, and nothing else.
pub struct App {
    feed: Feed,
    lab: Laboratory,
    store: Store,
    fit: Fit,
    tab: Tab,
    panels: Panels,
    demo: Option<OpenDemo>,
    desktop: Desktop,
    waits: Waits,
}

impl App {
    /// A window over a source. [`super::run`] looks after `screenshot` and `seconds`.
    pub fn new(ctx: &Context, setup: Setup) -> Self {
        let mut store = Store::open(setup.settings);
        Self::dress(ctx, setup.theme.unwrap_or(store.settings.theme));
        ctx.set_zoom_factor(store.settings.zoom);
        let mut feed = Feed::new(setup.source, setup.title, ctx);
        if let Some(ms) = store.settings.interval_ms.filter(|ms| *ms != feed.interval_ms()) {
            feed.set_interval(ms);
        }
        if let Some(why) = store.complaint() {
            feed.changes.fail(why);
        }
        let fit = Fit::new(store.settings.zoom);
        let panel = setup.screenshot.as_ref().map_or("", |picture| &picture.panel);
        Self {
            feed,
            lab: Laboratory::new(setup.lab),
            store,
            fit,
            tab: Tab::named(panel),
            panels: Panels::new(panel == "present"),
            demo: setup.demo,
            desktop: Desktop::default(),
            waits: Waits::default(),
        }
    }

    /// Fonts, sizes and colours.
    pub(super) fn dress(ctx: &Context, theme: Theme) {
        theme::install(ctx);
        ctx.set_theme(ThemePreference::from(theme));
    }

    /// Says from now on which endpoints are NetworkManager's, and offers to write to it.
    pub fn ask_network_manager(&mut self, manager: NetworkManager) {
        self.panels.paths.ask(manager);
    }

    /// Takes what the source has sent. Alone, it is all that a hidden window does: so nothing is missing when it is
    /// shown again.
    pub fn logic(&mut self, ctx: &Context) {
        match self.lab.arrived() {
            Some(Ok(source)) => self.begin_anew(source, ctx),
            Some(Err(why)) => self.feed.changes.fail(why),
            None => {}
        }
        if let Some(why) = self.panels.paths.failure() {
            self.feed.changes.fail(why);
        }
        if self.feed.take() {
            ctx.request_repaint();
        }
        self.panels.connection.plots.record(self.feed.live());
    }

    /// Goes over to the source of another scenario: nothing that was shown has to do with it.
    fn begin_anew(&mut self, source: Box<dyn Source>, ctx: &Context) {
        self.feed.replace(source, ctx);
        self.panels = Panels::new(self.panels.present.on);
    }

    /// Tells the desktop of handovers from now on, and puts an item into its tray. `can_hide` says whether a window
    /// can be hidden and brought back here.
    pub(super) fn begin_desktop(&mut self, can_hide: bool, ctx: &Context) {
        self.desktop.begin(can_hide, ctx);
    }

    /// What the desktop is told and asks for; to be done whether a frame follows or not. `ends` where the program
    /// ends whatever the desktop would keep.
    pub(super) fn tick_desktop(&mut self, ends: bool, ctx: &Context) {
        let (paused, notices) = (self.feed.is_paused(), self.store.settings.notices);
        if self.desktop.tick(self.feed.live(), paused, notices, ctx) {
            self.feed.pause(!paused);
        }
        self.desktop.keep(ends, notices, ctx);
    }

    /// Whether the window is in the tray only.
    pub(super) fn paints_nothing(&self) -> bool {
        self.desktop.paints_nothing()
    }

    /// Has read each interval what somebody looks at.
    fn watch(&mut self) {
        self.panels.list.sort = self.store.settings.list_sort;
        let watched = if self.panels.present.on {
            self.panels.present.watched()
        } else {
            self.panels.list.selected
        };
        let compared = self.panels.connection.plots.compared();
        let rows = self.panels.list.in_view.iter().copied();
        self.feed.watch(watched, compared.into_iter().chain(rows));
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.desktop.seen();
        self.watch();
        self.logic(ui.ctx());
        self.give_slots();
        let time = ui.input(|input| input.time);
        let waited_s = self.feed.waited_s(time);
        let asked = self.feed.asked().or_else(|| self.panels.paths.asked());
        let waits = self.waits.look(asked, time);
        if self.waits.counts() {
            ui.ctx().request_repaint_after(Duration::from_secs(1));
        }
        let mut commands = self.keys(ui);
        let Self {
            feed,
            lab,
            store,
            tab,
            panels,
            demo,
            desktop,
            ..
        } = self;
        let Panels {
            list,
            connection,
            handovers,
            paths,
            events,
            present,
        } = panels;
        let standing = desktop.standing(store.settings.notices);
        let Settings {
            interfaces: slots,
            direction,
            table,
            list_width,
            reduced_motion,
            ..
        } = &mut store.settings;
        let view = View {
            shown: feed.shown(),
            live: feed.live(),
            access: feed.access(),
            slots,
            title: feed.title(),
            turned: *direction,
            main: feed.main_direction(),
            paused: feed.is_paused(),
            ended: feed.ended(),
            waited_s,
            still: *reduced_motion,
            changes: &feed.changes,
            waits: waits.as_deref(),
            interval_ms: feed.interval_ms(),
        };
        running::keep_counting(&view, ui.ctx());
        let lab = lab.now();
        if present.on {
            commands.extend(present::ui(present, list.selection(), lab.as_ref(), &view, ui));
            self.carry_out(commands, ui.ctx());
            return;
        }
        let tokens = Tokens::of(ui);
        // The window's ground is that of the panels already: painting it again would cost a layer of every pixel.
        let panel = Frame::NONE;
        let bar = |panel: Panel, high: f32| panel.exact_size(high).show_separator_line(false);
        bar(Panel::top("top bar"), 48.0)
            .frame(panel)
            .show(ui, |ui| commands.extend(top_bar::ui(*tab, &view, &standing, ui)));
        commands.extend(pause_bar::show(&view, ui));
        // What lies at the bottom is filled last, so that the keyboard reaches it last.
        let place = |panel: Panel, ui: &mut Ui| panel.show(ui, |ui| ui.max_rect()).inner;
        let status_bar = place(bar(Panel::bottom("status"), 28.0).frame(panel), ui);
        let strip = lab.map(|lab| {
            let frame = Frame::NONE.fill(tokens.raised);
            let panel = bar(Panel::bottom("lab"), lab_strip::HEIGHT).frame(frame);
            (lab, place(panel, ui))
        });
        match tab {
            Tab::Connections => {
                let arrangement = (table, list_width);
                let shown = connections_tab::ui(list, connection, arrangement, demo.is_some(), &view, ui);
                commands.extend(shown);
            }
            Tab::Handovers => {
                let by = handovers::Try::of(strip.is_some(), demo.is_some());
                commands.extend(handovers::ui(handovers, by, &view, ui));
            }
            Tab::Paths => commands.extend(paths::ui(paths, &view, ui)),
            Tab::Events => commands.extend(events::ui(events, &view, ui)),
        }
        let mut within = |place: Rect| ui.new_child(UiBuilder::new().max_rect(place));
        if let Some((lab, place)) = strip {
            commands.extend(lab_strip::ui(&lab, &view, &mut within(place)));
        }
        commands.extend(status::ui(&view, feed.cost(), &mut within(status_bar)));
        commands.extend(consent::ui(view.access, ui));
        kernel_counters::ui(&view, ui);
        self.carry_out(commands, ui.ctx());
    }

    /// Does what the panels ask for, and notes how the window is.
    fn carry_out(&mut self, commands: Vec<UiCommand>, ctx: &Context) {
        for command in commands {
            self.perform(command, ctx);
        }
        self.remember(ctx);
    }

    /// Gives new interfaces their colours.
    fn give_slots(&mut self) {
        let (live, slots) = (self.feed.live(), &mut self.store.settings.interfaces);
        let interfaces = live.state().interfaces.values();
        for interface in interfaces.filter(|interface| interface.can_carry_subflows()) {
            let mut events = live.events().iter().rev();
            let renamed = || {
                let named = |event: &&Event| event.interface.as_ref() == Some(&interface.name);
                let renamed = |event: &&Event| event.kind == EventKind::InterfaceRenamed && named(event);
                events.find(renamed)?.interface_was.clone()
            };
            slots.assign(&interface.name, interface.kind, renamed);
        }
    }

    /// Notes how the window is, and has it written once it rests.
    fn remember(&mut self, ctx: &Context) {
        let settings = &mut self.store.settings;
        settings.theme = match ctx.options(|options| options.theme_preference) {
            ThemePreference::Dark => Theme::Dark,
            ThemePreference::Light => Theme::Light,
            ThemePreference::System => Theme::System,
        };
        let zoom = ctx.zoom_factor();
        settings.zoom = self.fit.apply(settings.zoom, ctx);
        let (now, inside, fills_screen) = ctx.input(|input| {
            let viewport = input.viewport();
            let fills_screen = viewport.maximized == Some(true) || viewport.fullscreen == Some(true);
            (input.time, input.content_rect().size(), fills_screen)
        });
        // Present mode fills the screen for its time only. One that is minimised has no size.
        if !self.panels.present.on {
            settings.window.maximized = fills_screen;
        }
        if !self.panels.present.on && !fills_screen && inside.min_elem() > 100.0 {
            settings.window.width = (inside.x * zoom).round();
            settings.window.height = (inside.y * zoom).round();
        }
        if let Some(waits) = self.store.tick(now) {
            ctx.request_repaint_after(Duration::from_secs_f64(waits));
        }
        if let Some(why) = self.store.complaint() {
            self.feed.changes.fail(why);
            ctx.request_repaint();
        }
    }

    fn keys(&mut self, ui: &Ui) -> Vec<UiCommand> {
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
        let undo = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z));
        if undo {
            let state = self.feed.live().state();
            let mut done = self.feed.changes.done();
            let change = done.find(|change| change.can_undo(state));
            commands.extend(change.map(|change| UiCommand::Undo(change.reference)));
        }
        commands
    }

    fn perform(&mut self, command: UiCommand, ctx: &Context) {
        match command {
            UiCommand::Request(command) => drop(self.request(command)),
            UiCommand::Confirmed(command) => self.feed.request(command, &self.store.settings.interfaces),
            UiCommand::Undo(reference) => {
                let back = self.feed.changes.back(reference, self.feed.live().state());
                if let Some(command) = back
                    && self.request(command)
                {
                    self.feed.changes.forget(reference);
                }
            }
            UiCommand::Dismiss => self.feed.changes.dismiss(),
            UiCommand::SetInterval(ms) => {
                self.store.settings.interval_ms = Some(ms);
                self.feed.set_interval(ms);
            }
            UiCommand::Pause(pause) => self.feed.pause(pause),
            UiCommand::SetTheme(theme) => ctx.set_theme(theme),
            UiCommand::Present(on) => {
                self.panels.present.turn(on);
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(on));
            }
            UiCommand::ReduceMotion(still) => self.store.settings.reduced_motion = still,
            UiCommand::Scenario(step) => self.lab.start(step, ctx),
            UiCommand::PlayByItself(by_itself) => self.of_the_lab(|lab| lab.play(by_itself)),
            UiCommand::SetNotices(notices) => self.store.settings.notices = notices,
            UiCommand::CheckNotices => self.desktop.check(),
            UiCommand::Open(tab) => self.tab = tab,
            UiCommand::Select(id) => self.panels.list.choose(id),
            UiCommand::ShowHandover(t) => {
                self.tab = Tab::Handovers;
                self.panels.handovers.choose(t);
                self.look(t);
            }
            UiCommand::ShowTime(t) => self.look(t),
            UiCommand::ShowEventsAt(t) => {
                self.tab = Tab::Events;
                self.look(t);
            }
            UiCommand::ShowAt(id, t) => {
                self.tab = Tab::Connections;
                self.panels.list.choose(id);
                self.look(t);
            }
            UiCommand::SortList(sort) => self.store.settings.list_sort = sort,
            UiCommand::SetDirection(direction) => self.store.settings.direction = direction,
            UiCommand::WriteProfile(profile, flags) => self.panels.paths.write(profile, flags),
            UiCommand::Copy(text) => ctx.copy_text(text),
            UiCommand::AskConsent => consent::open(ctx),
            UiCommand::Allow => self.feed.allow(),
            UiCommand::OpenDemo => {
                if let Some(Err(why)) = self.demo.map(|open| open()) {
                    self.feed.changes.fail(why);
                }
            }
            UiCommand::Plug(link, plugged) => self.of_the_lab(|lab| lab.plug(&link, plugged)),
            UiCommand::Shape(link, shape) => self.of_the_lab(|lab| lab.shape(&link, shape)),
        }
        ctx.request_repaint();
    }

    /// Asks for a change; one that closes subflows waits under *Paths* for *Apply*. Whether it was asked for.
    fn request(&mut self, command: Command) -> bool {
        if self.panels.paths.hold(&command, self.feed.live().state()) {
            self.tab = Tab::Paths;
            return false;
        }
        self.feed.request(command, &self.store.settings.interfaces);
        true
    }

    /// Brings a moment into view in every panel.
    fn look(&mut self, t: f64) {
        self.panels
            .connection
            .plots
            .window
            .show(t, self.feed.shown().now());
        self.panels.events.look(t);
    }

    /// Asks the laboratory for something, and says why it cannot.
    fn of_the_lab(&mut self, ask: impl FnOnce(&dyn LabControls) -> Result<(), String>) {
        if let Err(why) = self.lab.ask(ask) {
            self.feed.changes.fail(why);
        }
    }
}
