//! The window on a scripted source, driven by accessible names.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used)]

mod any_metric;
mod clipped;
mod connections;
mod events;
mod handovers;
mod keys;
mod lab;
mod motion;
mod notices;
mod paths;
mod permission;
mod plots;
mod present;
mod remembered;
mod replay;
#[path = "../stage/mod.rs"]
mod stage;
mod still;
mod teardown;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::Sender;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use pathscope::model::{
    Access, Command, Cookie, EndpointFlags, FlagChange, InterfaceKind, Limits, Line, Sample, SettingValue,
    Subflow,
};
use pathscope::ui::{App, LabControls, LabLink, LabQuality, LabShape, Setup, Theme};
use stage::{Asked, Scripted};

struct Window {
    harness: Harness<'static>,
    app: Rc<RefCell<Option<App>>>,
    asked: Asked,
    lines: Sender<Line>,
    waker: Arc<Mutex<Option<pathscope::source::Waker>>>,
}

fn open(source: Scripted, lab: Option<Box<dyn LabControls>>) -> Window {
    open_with(source, lab, Some(Theme::Dark), None)
}

fn open_with(
    source: Scripted,
    lab: Option<Box<dyn LabControls>>,
    theme: Option<Theme>,
    settings: Option<PathBuf>,
) -> Window {
    let (asked, lines, waker) = (source.asked.clone(), source.sender.clone(), source.waker());
    let setup = Setup {
        source: Box::new(source),
        lab,
        title: "This machine".to_owned(),
        screenshot: None,
        seconds: None,
        theme,
        settings,
        demo: Some(|| Err("the demo is not here".to_owned())),
    };
    let slot: Rc<RefCell<Option<App>>> = Rc::default();
    let (made, app) = (slot.clone(), slot.clone());
    let chosen: Rc<Cell<Option<egui::ThemePreference>>> = Rc::default();
    let told = chosen.clone();
    let harness = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_context_setup(move |ctx| {
            *made.borrow_mut() = Some(App::new(ctx, setup));
            told.set(Some(ctx.options(|options| options.theme_preference)));
        })
        .build_ui(move |ui| slot.borrow_mut().as_mut().unwrap().ui(ui));
    // The harness has put a theme of its own in the place of what the window chose.
    harness.ctx.set_theme(chosen.get().unwrap());
    let mut window = Window {
        harness,
        app,
        asked,
        lines,
        waker,
    };
    window.harness.run();
    window
}

fn played(access: Access) -> Window {
    open(Scripted::played(access), None)
}

fn with_sample(sample: Sample, access: Access) -> Window {
    let source = Scripted::new(access);
    source.sender.send(Line::Sample(Box::new(sample))).unwrap();
    open(source, None)
}

impl Window {
    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.run();
    }

    /// Clicks what may have to be scrolled to.
    fn click_in_list(&mut self, name: &str) {
        self.node(name).scroll_to_me();
        self.harness.run();
        self.click(name);
    }

    fn has(&self, name: &str) -> bool {
        self.harness.query_by_label(name).is_some()
    }

    /// Whether the one of several that is named so is chosen.
    fn is_on(&self, name: &str) -> bool {
        is_on(&self.node(name))
    }

    fn says(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    fn rows(&self) -> usize {
        let named = self.harness.query_all_by_label_contains(":443, ");
        named
            .filter(|node| node.accesskit_node().role() == egui::accesskit::Role::Button)
            .count()
    }

    fn send(&mut self, line: Line) {
        self.lines.send(line).unwrap();
        self.harness.run();
    }

    fn key(&mut self, key: egui::Key) {
        self.harness.key_press(key);
        self.harness.run();
    }

    /// Frames until no line has come for so long that nothing moves any more.
    fn fall_silent(&mut self) {
        self.harness.run_steps(12);
    }

    /// What the window asked of its frame in the newest frame.
    fn viewport(&self) -> &egui::ViewportOutput {
        let mut viewports = self.harness.output().viewport_output.values();
        viewports.next().unwrap()
    }

    fn hover(&mut self, name: &str) {
        self.harness.get_by_label(name).hover();
        self.harness.run_steps(40);
    }

    /// The paths of the table's rows, from the top.
    fn paths(&self) -> Vec<String> {
        let rows = self.harness.query_all_by_label_contains(" to 104.28.152.1:443, ");
        let mut rows: Vec<(f32, String)> = rows
            .map(|row| {
                let name = row.value().unwrap_or_default();
                let (path, _) = name.split_once(", ").unwrap();
                (row.rect().top(), path.to_owned())
            })
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows.into_iter().map(|(_, path)| path).collect()
    }

    /// The names of all buttons, those that are not unique left out.
    fn buttons(&self) -> Vec<String> {
        let named = self.harness.query_all_by_role(egui::accesskit::Role::Button);
        let names: Vec<String> = named.filter_map(|node| node.accesskit_node().label()).collect();
        let once = |name: &&String| names.iter().filter(|other| other == name).count() == 1;
        names.iter().filter(once).cloned().collect()
    }

    /// What has the keyboard's focus.
    fn focused(&self) -> Option<String> {
        let all = self
            .harness
            .query_all(egui_kittest::kittest::by().predicate(|_| true));
        let mut focused = all.filter(Node::is_focused);
        focused.find_map(|node| node.accesskit_node().label())
    }

    /// Puts text into a field.
    fn type_into(&mut self, name: &str, text: &str) {
        self.node(name).focus();
        self.harness.run();
        self.node(name).type_text(text);
        self.harness.run();
    }

    /// What is put into the clipboard within so many frames.
    fn copied_within(&mut self, frames: usize) -> Option<String> {
        (0..frames).find_map(|_| {
            let copied = self.copied();
            self.harness.step();
            copied
        })
    }

    /// What is put into the clipboard in this frame.
    fn copied(&self) -> Option<String> {
        let mut commands = self.harness.output().platform_output.commands.iter();
        commands.find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    }

    fn node<'a>(&'a self, name: &'a str) -> Node<'a> {
        self.harness.get_by_label(name)
    }
}

fn is_disabled(node: &Node<'_>) -> bool {
    node.accesskit_node().is_disabled()
}

fn is_on(node: &Node<'_>) -> bool {
    node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

fn change(id: u8, flag: EndpointFlags, on: bool) -> Command {
    Command::EndpointChange {
        id,
        flags: FlagChange::one(flag, on),
    }
}
