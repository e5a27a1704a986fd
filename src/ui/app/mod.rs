//! The window's state and one frame of it.

mod keys;

use std::path::PathBuf;
use std::time::Duration;

use egui::{Context, Frame, Panel, Rect, ThemePreference, Ui, UiBuilder, ViewportCommand};

use crate::desktop::{NetworkManager, When};
use crate::model::{Command, Event, EventKind};
use crate::source::Source;
use crate::ui::connections_tab;
use crate::ui::consent;
use crate::ui::desktop::Desktop;
use crate::ui::events;
use crate::ui::feed::Feed;
use crate::ui::fit::Fit;
use crate::ui::handovers;
use crate::ui::kernel_counters;
use crate::ui::lab_strip;
use crate::ui::laboratory::Laboratory;
use crate::ui::openings::Openings;
use crate::ui::panels::Panels;
use crate::ui::paths;
use crate::ui::pause_bar;
use crate::ui::present;
use crate::ui::running;
use crate::ui::settings::{Settings, Store};
use crate::ui::status;
use crate::ui::theme::{self, Tokens};
use crate::ui::top_bar;
use crate::ui::transport;
use crate::ui::view::{Tab, UiCommand, View};
use crate::ui::waits::Waits;
use crate::ui::{LabControls, Setup, Theme};

/// The window: the stream, what each panel remembers, and nothing else.
pub struct App {
    feed: Feed,
    lab: Laboratory,
    store: Store,
    fit: Fit,
    tab: Tab,
    panels: Panels,
    openings: Openings,
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
        let remembered = store.settings.interval_ms.filter(|_| !feed.is_replay());
        if let Some(ms) = remembered.filter(|ms| *ms != feed.interval_ms()) {
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
            openings: Openings::new(setup.demo),
            desktop: Desktop::default(),
            waits: Waits::default(),
        }
    }

    /// Fonts, sizes and colours.
    pub(in crate::ui) fn dress(ctx: &Context, theme: Theme) {
        theme::install(ctx);
        ctx.set_theme(ThemePreference::from(theme));
    }

    /// Says from now on which endpoints are NetworkManager's, and offers to write to it.
    pub fn ask_network_manager(&mut self, manager: NetworkManager) {
        self.panels.paths.ask(manager);
    }

    /// Offers to record into a folder, with what comes from now on.
    pub fn offer_recording(&mut self, folder: PathBuf, ctx: &Context) {
        self.openings.folder = Some(folder);
        self.feed.offer_recording(ctx);
    }

    /// Takes what the source has sent. Alone, it is all that a hidden window does: so nothing is missing when it is
    /// shown again.
    pub fn logic(&mut self, ctx: &Context) {
        match self.lab.arrived() {
            Some(Ok(source)) => self.begin_anew(source, None, ctx),
            Some(Err(why)) => self.feed.changes.fail(why),
            None => {}
        }
        match self.openings.arrived() {
            Some(Ok((source, title))) => {
                crate::ui::laboratory::retire(std::mem::replace(&mut self.lab, Laboratory::new(None)));
                self.begin_anew(source, Some(title), ctx);
            }
            Some(Err(why)) => self.feed.changes.fail(why),
            None => {}
        }
        if let Some(why) = self.feed.recording_failure() {
            self.feed.changes.fail(why);
        }
        if let Some(why) = self.panels.paths.failure() {
            self.feed.changes.fail(why);
        }
        if self.feed.take() {
            ctx.request_repaint();
        }
        self.panels.connection.plots.record(self.feed.live());
    }

    /// Goes over to another source: nothing that was shown has to do with it.
    fn begin_anew(&mut self, source: Box<dyn Source>, title: Option<String>, ctx: &Context) {
        self.feed.replace(source, title, ctx);
        self.panels = Panels::new(self.panels.present.on);
    }

    /// Tells the desktop of handovers from now on, and puts an item into its tray. `can_hide` says whether a window
    /// can be hidden and brought back here.
    pub(in crate::ui) fn begin_desktop(&mut self, can_hide: bool, ctx: &Context) {
        self.desktop.begin(can_hide, ctx);
    }

    /// What the desktop is told and asks for; to be done whether a frame follows or not. `ends` where the program
    /// ends whatever the desktop would keep.
    pub(in crate::ui) fn tick_desktop(&mut self, ends: bool, ctx: &Context) {
        let (paused, mut notices) = (self.feed.is_paused(), self.store.settings.notices);
        if self.feed.is_replay() {
            // What happened then is no news.
            notices.when = When::Off;
        }
        if self.desktop.tick(self.feed.live(), paused, notices, ctx) {
            self.feed.pause(!paused);
        }
        self.desktop.keep(ends, notices, ctx);
    }

    /// Whether the window is in the tray only.
    pub(in crate::ui) fn paints_nothing(&self) -> bool {
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

    /// Opens the recording that somebody dropped onto the window.
    fn open_dropped(&mut self, ctx: &Context) {
        let first =
            |input: &egui::InputState| input.raw.dropped_files.first().map(|file| file.path().to_owned());
        if let Some(path) = ctx.input(first) {
            self.openings.open(path, ctx);
        }
    }

    /// What was asked for and is not answered for a while, in words.
    fn waits(&mut self, ctx: &Context) -> Option<String> {
        let asked = self.feed.asked().or_else(|| self.panels.paths.asked());
        let waits = self.waits.look(asked, ctx.input(|input| input.time));
        if self.waits.counts() {
            ctx.request_repaint_after(Duration::from_secs(1));
        }
        waits
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.desktop.seen();
        self.open_dropped(ui.ctx());
        self.watch();
        self.logic(ui.ctx());
        self.give_slots();
        let waited_s = self.feed.waited_s(ui.input(|input| input.time));
        let waits = self.waits(ui.ctx());
        let mut commands = self.keys(ui);
        let Self {
            feed,
            lab,
            store,
            tab,
            panels,
            openings,
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
        let (replay, recording) = (feed.replay(), feed.recording());
        let has_demo = openings.demo.is_some();
        let view = View {
            shown: feed.shown(),
            live: feed.live(),
            access: feed.access(),
            slots,
            title: feed.title(),
            turned: *direction,
            main: feed.main_direction(),
            paused: feed.is_paused(),
            replay: replay.as_ref(),
            recording: recording.as_ref(),
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
            return self.carry_out(commands, ui.ctx());
        }
        let tokens = Tokens::of(ui);
        // The window's ground is that of the panels already: painting it again would cost a layer of every pixel.
        let top = Panel::top("top bar").exact_size(48.0);
        top.show_separator_line(false)
            .frame(Frame::NONE)
            .show(ui, |ui| commands.extend(top_bar::ui(*tab, &view, &standing, ui)));
        commands.extend(pause_bar::show(&view, ui));
        // What lies at the bottom is filled last, so that the keyboard reaches it last.
        let status_bar = dock("status", 28.0, Frame::NONE, ui);
        let raised = Frame::NONE.fill(tokens.raised);
        let strip = lab.map(|lab| (lab, dock("lab", lab_strip::HEIGHT, raised, ui)));
        let transport = view
            .replay
            .map(|replay| (replay, dock("transport", transport::HEIGHT, raised, ui)));
        match tab {
            Tab::Connections => {
                let arrangement = (table, list_width);
                let shown = connections_tab::ui(list, connection, arrangement, has_demo, &view, ui);
                commands.extend(shown);
            }
            Tab::Handovers => {
                let by = handovers::Try::of(strip.is_some(), has_demo);
                commands.extend(handovers::ui(handovers, by, &view, ui));
            }
            Tab::Paths => commands.extend(paths::ui(paths, &view, ui)),
            Tab::Events => commands.extend(events::ui(events, &view, ui)),
        }
        let mut within = |place: Rect| ui.new_child(UiBuilder::new().max_rect(place));
        if let Some((lab, place)) = strip {
            commands.extend(lab_strip::ui(&lab, &view, &mut within(place)));
        }
        if let Some((replay, place)) = transport {
            let span = connection.plots.window.range(view.shown.now());
            commands.extend(transport::ui(replay, span, &view, &mut within(place)));
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
            UiCommand::Transport(control) => self.feed.control(control),
            UiCommand::Record(on) => {
                let folder = self.openings.folder.as_deref().filter(|_| on);
                self.feed.record(folder);
            }
            UiCommand::OpenRecording => self.openings.ask(ctx),
            UiCommand::OpenDemo => {
                if let Some(Err(why)) = self.openings.demo.map(|open| open()) {
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

/// Makes room at the bottom of what is left of `ui`; where it is.
fn dock(name: &'static str, high: f32, frame: Frame, ui: &mut Ui) -> Rect {
    let panel = Panel::bottom(name).exact_size(high).show_separator_line(false);
    panel.frame(frame).show(ui, |ui| ui.max_rect()).inner
}
