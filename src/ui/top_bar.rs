//! The bar at the top: source, panels, access, interval, pause, theme, present mode.

use egui::{Align, Color32, Layout, Painter, Popup, Pos2, Rect, Sense, Shape, Stroke, ThemePreference, Ui};
use egui::{UiBuilder, WidgetInfo, accesskit::Role, epaint::CubicBezierShape, pos2, vec2};
use egui_material_icons::icons::{
    ICON_CHECK, ICON_COMPUTER, ICON_CONTRAST, ICON_DARK_MODE, ICON_DNS, ICON_FIBER_MANUAL_RECORD,
    ICON_FOLDER_OPEN, ICON_LIGHT_MODE, ICON_LOCK, ICON_LOCK_OPEN, ICON_MOVIE, ICON_SLIDESHOW, ICON_SPEED,
    ICON_WARNING,
};

use super::desktop::Standing;
use super::kit::{Badge, Button, Look, focus_ring, icon, menu_item, paint, paint_within, width};
use super::notices_menu;
use super::theme::{Slot, Tokens, Type};
use super::view::{Tab, UiCommand, View};
use super::{consent, format};
use crate::words::access::{self as words, AccessLevel};
use crate::words::recording as recorded;

/// The panels that are there, in order.
pub(super) const TABS: &[Tab] = &[Tab::Connections, Tab::Handovers, Tab::Paths, Tab::Events];

/// The intervals to choose from, ms.
const INTERVALS: [u64; 7] = [50, 100, 250, 500, 1000, 2000, 5000];

/// The theme after another one: dark, light, as the system.
pub(super) fn next_theme(theme: ThemePreference) -> ThemePreference {
    match theme {
        ThemePreference::Dark => ThemePreference::Light,
        ThemePreference::Light => ThemePreference::System,
        ThemePreference::System => ThemePreference::Dark,
    }
}

/// The bar.
pub(super) fn ui(tab: Tab, view: &View<'_>, notices: &Standing, ui: &mut Ui) -> Vec<UiCommand> {
    let mut commands = Vec::new();
    let tokens = Tokens::of(ui);
    let rect = ui.max_rect();
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, tokens.line));
    mark(ui.painter(), pos2(rect.left() + 28.0, rect.center().y), tokens);
    let narrow = rect.width() < 1200.0;
    let inner = Rect::from_min_max(
        pos2(rect.left() + 52.0, rect.top()),
        pos2(rect.right() - 16.0, rect.bottom()),
    );
    let mut left = ui.new_child(
        UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::left_to_right(Align::Center)),
    );
    // From the left, so that the keyboard goes the way one reads.
    let (badge, why) = access(view);
    let interval_text = format::interval(view.interval_ms);
    let gap = left.spacing().item_spacing.x;
    let mut names: Vec<Named> = TABS.iter().map(|tab| named(*tab, view)).collect();
    let width_of = |names: &[Named]| -> f32 { names.iter().map(|tab| tab_width(tab, &left) + gap).sum() };
    let button = 32.0 + gap;
    let record_wide = record_width(view, &left);
    let buttons = if view.replay.is_some() { 2.0 } else { 4.0 } * button + record_wide;
    let lock = if allows(view) { button } else { 0.0 };
    // Where there is no room, the words of the interval go first, then those of the source, then the numbers of things.
    let rest = |source: f32, interval: f32| source + gap + 12.0 + 8.0 + interval + buttons + lock;
    if rest(44.0, 32.0) + width_of(&names) > inner.width() {
        for (_, count) in &mut names {
            *count = None;
        }
    }
    let tabs = width_of(&names);
    let fits = |source: f32, interval: f32| rest(source, interval) + tabs <= inner.width();
    // In the place of the interval a recording has a button that opens another.
    let wordy_press = if view.replay.is_some() {
        open_press()
    } else {
        interval_press(&interval_text)
    };
    let (wordy, plain) = (wordy_press.width(&left), 32.0);
    let named = source_width(narrow, view, &left);
    let step = if fits(named, wordy) { wordy } else { plain };
    source(narrow, fits(named, step), view, &mut left);
    left.add_space(12.0);
    for (tab_here, named) in TABS.iter().zip(&names) {
        if panel(named, *tab_here == tab, &mut left) {
            commands.push(UiCommand::Open(*tab_here));
        }
    }
    let controls = step + buttons;
    let allow = allows(view).then(|| Button::text("Allow…"));
    let allow_wide = allow.map_or(0.0, |press| press.width(ui) + gap);
    let with_badge = badge.width(ui.painter()) + 16.0 + gap + allow_wide + controls;
    // Where there is no room for both, the panels stay and the badge goes: what is not permitted says so itself.
    let shows_badge = inner.right() - with_badge >= left.min_rect().right() + 8.0;
    // What lifts it stays as an icon.
    let allow = allow.map(|press| {
        if shows_badge {
            press
        } else {
            Button::icon(ICON_LOCK.codepoint, "Allow…")
        }
    });
    let wide = match (shows_badge, &allow) {
        (true, _) => with_badge,
        (false, Some(press)) => press.width(ui) + gap + controls,
        (false, None) => controls,
    };
    let place = Rect::from_min_max(pos2(inner.right() - wide, inner.top()), inner.max);
    let mut right = ui.new_child(
        UiBuilder::new()
            .max_rect(place)
            .layout(Layout::left_to_right(Align::Center)),
    );
    if shows_badge {
        badge.ui(&mut right).on_hover_text(&why);
    }
    if let Some(allow) = allow
        && allow.ui(&mut right).on_hover_text(&why).clicked()
    {
        commands.push(UiCommand::AskConsent);
    }
    if shows_badge {
        right.add_space(16.0);
    }
    if view.replay.is_some() {
        open(step > plain, &mut right, &mut commands);
    } else {
        record(view, &mut right, &mut commands);
        interval(step > plain, view, &mut right, &mut commands);
        pause(view, &mut right, &mut commands);
        notices_menu::ui(notices, &mut right, &mut commands);
    }
    theme(view, &mut right, &mut commands);
    present(&mut right, &mut commands);
    commands
}

/// Two strands that join.
fn mark(painter: &Painter, middle: Pos2, tokens: &Tokens) {
    let at = |x: f32, y: f32| middle + vec2(x, y);
    let strand = |from: f32, slot: u8| {
        let color = Slot::new(slot).ink(tokens.dark).ink;
        let points = [at(-10.0, from), at(-2.0, from), at(-1.0, 0.0), at(9.0, 0.0)];
        let curve = CubicBezierShape::from_points_stroke(
            points,
            false,
            Color32::TRANSPARENT,
            Stroke::new(2.5, color),
        );
        painter.add(Shape::CubicBezier(curve));
    };
    strand(-6.0, 1);
    strand(6.0, 0);
    painter.circle_filled(at(9.0, 0.0), 3.0, tokens.text);
}

/// The host of the source, where there is room for it.
fn host<'a>(narrow: bool, view: &'a View<'_>) -> &'a str {
    let header = view.live.header().filter(|_| !narrow);
    header.map_or("", |header| header.host.as_str())
}

fn source_width(narrow: bool, view: &View<'_>, ui: &Ui) -> f32 {
    let title = width(ui.painter(), view.title, Type::Strong);
    let second = match host(narrow, view) {
        "" => 0.0,
        host => width(ui.painter(), host, Type::Body).min(180.0) + 8.0,
    };
    42.0 + title + second + 12.0
}

/// What is looked at; in words where there is room for them.
fn source(narrow: bool, in_words: bool, view: &View<'_>, ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (header, host) = (view.live.header(), host(narrow, view));
    let wide = if in_words {
        source_width(narrow, view, ui)
    } else {
        44.0
    };
    let (rect, response) = ui.allocate_exact_size(vec2(wide, 32.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{} {host}", view.title)));
    ui.painter().rect_filled(rect, 6.0, tokens.control);
    let sign = if view.replay.is_some() {
        ICON_MOVIE
    } else if header.is_some_and(|header| header.netns.is_some()) {
        ICON_DNS
    } else {
        ICON_COMPUTER
    };
    let y = rect.center().y;
    icon(
        ui.painter(),
        pos2(rect.left() + 22.0, y),
        sign.codepoint,
        18.0,
        tokens.text2,
    );
    if !in_words {
        response.on_hover_text(view.title);
        return;
    }
    let end = paint(
        ui.painter(),
        pos2(rect.left() + 40.0, y),
        view.title,
        Type::Strong,
        tokens.text,
    );
    paint_within(
        ui.painter(),
        pos2(end + 8.0, y),
        host,
        Type::Body,
        tokens.text3,
        180.0,
    );
}

/// A panel's name, and how many things there are in it, in words, where there are any.
type Named = (&'static str, Option<String>);

fn named(tab: Tab, view: &View<'_>) -> Named {
    let (name, count) = match tab {
        Tab::Connections => ("Connections", view.shown.state().connections.len()),
        Tab::Handovers => ("Handovers", view.shown.incidents().len()),
        Tab::Paths => ("Paths", 0),
        Tab::Events => ("Events", 0),
    };
    (name, (count > 0).then(|| format::in_sentence(count)))
}

/// The width of the bolder text, so that nothing moves when a panel is opened.
fn tab_width((name, count): &Named, ui: &Ui) -> f32 {
    let extra = |count: &String| width(ui.painter(), count, Type::Body) + 6.0;
    width(ui.painter(), name, Type::Strong) + count.as_ref().map_or(0.0, extra) + 16.0
}

fn panel(named: &Named, chosen: bool, ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let (name, count) = named;
    let style = if chosen { Type::Strong } else { Type::Body };
    let (rect, response) = ui.allocate_exact_size(vec2(tab_width(named, ui), 48.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, *name));
    let painter = ui.painter();
    let color = if chosen || response.hovered() {
        tokens.text
    } else {
        tokens.text2
    };
    let y = rect.center().y;
    let end = paint(painter, pos2(rect.left() + 8.0, y), name, style, color);
    if let Some(count) = count {
        paint(painter, pos2(end + 6.0, y), count, Type::Body, tokens.text3);
    }
    if chosen {
        let bar = Rect::from_min_max(
            pos2(rect.left() + 8.0, rect.bottom() - 2.0),
            pos2(rect.right() - 8.0, rect.bottom()),
        );
        painter.rect_filled(bar, 0.0, tokens.text);
    }
    if response.has_focus() {
        focus_ring(
            ui,
            &response.clone().with_new_rect(rect.shrink2(vec2(2.0, 8.0))),
            4.0,
        );
    }
    response.clicked()
}

/// Whether there is something that *Allow…* could lift.
fn allows(view: &View<'_>) -> bool {
    view.ended.is_none() && view.replay.is_none() && consent::offers(view.access)
}

/// The badge with what may be done, and why.
fn access(view: &View<'_>) -> (Badge, String) {
    if let Some(why) = view.ended {
        let badge = Badge::warning("Source ended", ICON_WARNING.codepoint);
        return (badge, why.to_owned());
    }
    if view.replay.is_some() {
        let badge = Badge::neutral(recorded::BADGE, Some(ICON_MOVIE.codepoint));
        return (badge, recorded::NO_CHANGES.to_owned());
    }
    let level = AccessLevel::of(view.access);
    let title = words::title(level);
    let badge = match level {
        AccessLevel::Root | AccessLevel::ByFile => Badge::warning(title, ICON_WARNING.codepoint),
        AccessLevel::Full => Badge::neutral(title, Some(ICON_LOCK_OPEN.codepoint)),
        AccessLevel::ReadOnly => Badge::warning(title, ICON_LOCK.codepoint),
    };
    (badge, words::meaning(view.access))
}

/// Pause or go on; both signs are solid.
fn pause(view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let name = if view.paused { "Go on" } else { "Pause" };
    let (look, tokens) = (
        if view.paused { Look::Primary } else { Look::Plain },
        Tokens::of(ui),
    );
    let response = Button::icon("", name).look(look).ui(ui);
    let middle = response.rect.center();
    let color = if view.paused { tokens.panel } else { tokens.text };
    if view.paused {
        let corners = [vec2(-5.0, -7.0), vec2(7.0, 0.0), vec2(-5.0, 7.0)];
        let corners = corners.map(|corner| middle + corner).to_vec();
        ui.painter()
            .add(Shape::convex_polygon(corners, color, Stroke::NONE));
    } else {
        for x in [-4.0, 4.0] {
            let bar = Rect::from_center_size(middle + vec2(x, 0.0), vec2(4.0, 13.0));
            ui.painter().rect_filled(bar, 0.0, color);
        }
    }
    if response.clicked() {
        commands.push(UiCommand::Pause(!view.paused));
    }
}

/// What the button to record says: nothing, or how much there is.
fn record_text(view: &View<'_>) -> String {
    let recording = view.recording.filter(|recording| recording.path.is_some());
    recording.map_or_else(String::new, |recording| {
        let (from, to) = recording.covers.unwrap_or_default();
        recorded::under_way(to - from, recording.bytes)
    })
}

fn record_width(view: &View<'_>, ui: &Ui) -> f32 {
    if view.recording.is_none() {
        return 0.0;
    }
    let text = record_text(view);
    let press = Button::text(&text).with_icon(ICON_FIBER_MANUAL_RECORD.codepoint);
    press.width(ui) + ui.spacing().item_spacing.x
}

/// Records, or ends that.
fn record(view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let Some(recording) = view.recording else { return };
    let text = record_text(view);
    let (name, hint, look) = match &recording.path {
        Some(path) => (
            "End recording",
            recorded::goes_to(path, recording.is_lossy),
            Look::Primary,
        ),
        None => ("Record", recorded::RECORD.to_owned(), Look::Plain),
    };
    let press = Button::text(&text)
        .with_icon(ICON_FIBER_MANUAL_RECORD.codepoint)
        .named(name)
        .look(look);
    if press.ui(ui).on_hover_text(hint).clicked() {
        commands.push(UiCommand::Record(recording.path.is_none()));
    }
}

fn open_press() -> Button<'static> {
    Button::text("Open…").with_icon(ICON_FOLDER_OPEN.codepoint)
}

/// Asks for another recording.
fn open(in_words: bool, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let name = "Open recording…";
    let press = if in_words {
        open_press().named(name)
    } else {
        Button::icon(ICON_FOLDER_OPEN.codepoint, name)
    };
    let hint = "Another recording, in this window; it can be dropped onto it, too: Ctrl+O";
    if press.ui(ui).on_hover_text(hint).clicked() {
        commands.push(UiCommand::OpenRecording);
    }
}

fn interval_press(text: &str) -> Button<'_> {
    Button::text(text).with_icon(ICON_SPEED.codepoint).chevron()
}

fn interval(in_words: bool, view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let text = format::interval(view.interval_ms);
    let name = format!("Sampling interval: {text}");
    let press = if in_words {
        interval_press(&text).named(&name)
    } else {
        Button::icon(ICON_SPEED.codepoint, &name)
    };
    let response = press.ui(ui);
    Popup::menu(&response).show(|ui| {
        for ms in INTERVALS {
            let sign = if ms == view.interval_ms {
                ICON_CHECK.codepoint
            } else {
                ""
            };
            if menu_item(ui, sign, &format::interval(ms), "", None) {
                commands.push(UiCommand::SetInterval(ms));
            }
        }
    });
    response.on_hover_text("From one sample to the next");
}

/// Dark, light or as the system, and whether anything moves.
fn theme(view: &View<'_>, ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let now = ui.ctx().options(|options| options.theme_preference);
    let (sign, name) = match now {
        ThemePreference::Dark => (ICON_DARK_MODE, "Theme: dark"),
        ThemePreference::Light => (ICON_LIGHT_MODE, "Theme: light"),
        ThemePreference::System => (ICON_CONTRAST, "Theme: as the system"),
    };
    let response = Button::icon(sign.codepoint, name).ui(ui);
    let checked = |on: bool| if on { ICON_CHECK.codepoint } else { "" };
    Popup::menu(&response).show(|ui| {
        for (theme, name) in [
            (ThemePreference::Dark, "Dark"),
            (ThemePreference::Light, "Light"),
            (ThemePreference::System, "As the system"),
        ] {
            if menu_item(ui, checked(theme == now), name, "", None) {
                commands.push(UiCommand::SetTheme(theme));
            }
        }
        ui.separator();
        let hint = "The dots of the path map stand still.";
        if menu_item(ui, checked(view.still), "Reduce motion", hint, None) {
            commands.push(UiCommand::ReduceMotion(!view.still));
        }
    });
}

/// The way into present mode.
fn present(ui: &mut Ui, commands: &mut Vec<UiCommand>) {
    let press = Button::icon(ICON_SLIDESHOW.codepoint, "Present");
    let hint = "Path map and throughput in large type, for a projector: F11";
    if press.ui(ui).on_hover_text(hint).clicked() {
        commands.push(UiCommand::Present(true));
    }
}
