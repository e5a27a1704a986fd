//! The window on a scripted source, driven by accessible names.

#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used)]

mod connections;
mod paths;
#[path = "../stage/mod.rs"]
mod stage;

use std::cell::RefCell;
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
    };
    let slot: Rc<RefCell<Option<App>>> = Rc::default();
    let made = slot.clone();
    let harness = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_context_setup(move |ctx| *made.borrow_mut() = Some(App::new(ctx, setup)))
        .build_ui(move |ui| slot.borrow_mut().as_mut().unwrap().ui(ui));
    let mut window = Window {
        harness,
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

    fn has(&self, name: &str) -> bool {
        self.harness.query_by_label(name).is_some()
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

    fn hover(&mut self, name: &str) {
        self.harness.get_by_label(name).hover();
        self.harness.run_steps(40);
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
