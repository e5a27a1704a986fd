//! The window's switches against the real kernel: each is driven by its accessible name, and confirmed by
//! `ip mptcp endpoint show` and, for backup, by the subflow's own flags in `ss`.

#![cfg(feature = "gui")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pathscope::kernel::Namespace;
use pathscope::lab::{self, Lab};
use pathscope::source::{LiveSource, Options};
use pathscope::ui::{App, Setup, Theme};

const LIMIT: Duration = Duration::from_secs(20);
const ADDRESS: &str = "10.77.2.2";

struct Window {
    harness: Harness<'static>,
    lab: Lab,
}

impl Window {
    fn open() -> Self {
        let options = lab::Options {
            automatic: false,
            program: Some(common::pathscope()),
            ..lab::Options::default()
        };
        let scenario = lab::scenario("handover").expect("a scenario");
        let lab = Lab::start(scenario, &options).expect("a laboratory");
        let namespace = Namespace::open(&lab.netns().to_string_lossy()).expect("a namespace");
        let interval = Duration::from_millis(50);
        let source = LiveSource::open(
            &namespace,
            &Options {
                interval,
                ..Options::default()
            },
        )
        .expect("a source");
        let setup = Setup {
            source: Box::new(source),
            lab: None,
            title: "Demo".to_owned(),
            screenshot: None,
            seconds: None,
            theme: Some(Theme::Dark),
            settings: None,
        };
        let slot: Rc<RefCell<Option<App>>> = Rc::default();
        let made = slot.clone();
        let harness = Harness::builder()
            .with_size([1440.0, 900.0])
            .with_context_setup(move |ctx| *made.borrow_mut() = Some(App::new(ctx, setup)))
            .build_ui(move |ui| slot.borrow_mut().as_mut().expect("an app").ui(ui));
        let mut window = Self { harness, lab };
        window.click("Paths");
        window
    }

    /// Presses what has this name, once it is there and has found its place.
    fn click(&mut self, name: &str) {
        common::wait_for(name, LIMIT, || {
            self.harness.step();
            let place = self.harness.query_by_label(name)?.rect();
            self.harness.step();
            let node = self.harness.query_by_label(name)?;
            (node.rect() == place).then(|| node.click())
        });
        self.harness.run_steps(2);
    }

    /// The flags of the endpoint as `ip mptcp` shows them.
    fn flags(&self) -> String {
        let shown = common::output(&self.lab.netns(), &["ip", "mptcp", "endpoint", "show"]);
        shown
            .lines()
            .find(|line| line.contains(ADDRESS))
            .unwrap_or_default()
            .to_owned()
    }

    /// Steps the window until the endpoint has, or has not, the flag.
    fn wait_for_flag(&mut self, flag: &str, on: bool) {
        common::wait_for(&format!("{flag} to be {on}"), LIMIT, || {
            self.harness.step();
            let flags = self.flags();
            (!flags.is_empty() && flags.split_whitespace().any(|word| word == flag) == on).then_some(())
        });
    }

    /// The name of a switch of the endpoint on Ethernet, whose id changes with nothing that is done here.
    fn switch(flag: &str) -> String {
        format!("{flag}, endpoint 2 ({ADDRESS})")
    }

    /// Whether every subflow from the address asks to be, or not to be, a backup.
    fn wait_for_subflows(&self, backup: bool) {
        common::wait_for("the subflows' own flags", LIMIT, || {
            let sockets = common::output(&self.lab.netns(), &["ss", "-tniHO", "src", ADDRESS]);
            let flags: Vec<_> = sockets
                .split_whitespace()
                .filter_map(|word| word.strip_prefix("flags:"))
                .collect();
            (!flags.is_empty() && flags.iter().all(|flags| flags.contains('b') == backup)).then_some(())
        });
    }
}

#[test]
fn backup_and_fullmesh_change_in_place() {
    if !common::can_make_namespaces("switches against the kernel") {
        return;
    }
    let mut window = Window::open();
    window.wait_for_subflows(false);
    for on in [true, false] {
        window.click(&Window::switch("backup"));
        window.wait_for_flag("backup", on);
        window.wait_for_subflows(on);
    }
    for on in [true, false] {
        window.click(&Window::switch("fullmesh"));
        window.wait_for_flag("fullmesh", on);
    }
}

#[test]
fn signal_laminar_and_subflow_are_applied_after_the_warning() {
    if !common::can_make_namespaces("pending switches against the kernel") {
        return;
    }
    let mut window = Window::open();
    window.wait_for_subflows(false);
    for (flag, on) in [
        ("signal", true),
        ("signal", false),
        ("subflow", false),
        ("subflow", true),
    ] {
        window.click(&Window::switch(flag));
        assert_eq!(
            window.flags().split_whitespace().any(|word| word == flag),
            !on,
            "nothing before Apply"
        );
        window.click("Apply");
        window.wait_for_flag(flag, on);
    }
    window.wait_for_subflows(false);
}

#[test]
fn undo_brings_the_endpoint_back_to_what_it_was() {
    if !common::can_make_namespaces("undo against the kernel") {
        return;
    }
    let mut window = Window::open();
    window.click(&Window::switch("backup"));
    window.wait_for_flag("backup", true);
    let name = common::wait_for("the undo", LIMIT, || {
        window.harness.step();
        let mut found = window.harness.query_all_by_label_contains("Undo ");
        found
            .next()
            .and_then(|node| egui_kittest::kittest::NodeT::accesskit_node(&node).label())
    });
    window.click(&name);
    window.wait_for_flag("backup", false);
}
