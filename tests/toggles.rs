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

const LIMIT: Duration = Duration::from_mins(1);
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
            demo: None,
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

    /// Presses what has this name, once it is there, may be pressed and has found its place.
    fn click(&mut self, name: &str) {
        common::wait_for(name, LIMIT, || {
            self.harness.step();
            let place = self.harness.query_by_label(name)?.rect();
            self.harness.step();
            let node = self.harness.query_by_label(name)?;
            let may_be = !egui_kittest::kittest::NodeT::accesskit_node(&node).is_disabled();
            (may_be && node.rect() == place).then(|| node.click())
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

    /// Steps the window until the endpoint has, or has not, the flag, and the switch says so.
    fn wait_for_flag(&mut self, flag: &str, on: bool) {
        common::wait_for(&format!("{flag} to be {on}"), LIMIT, || {
            self.harness.step();
            let flags = self.flags();
            let is_so = !flags.is_empty() && has_flag(&flags, flag) == on;
            let switch = Self::switch(flag);
            let shown = self.harness.query_by_label(&switch)?;
            let toggled = egui_kittest::kittest::NodeT::accesskit_node(&shown).toggled();
            let shows = toggled == Some(egui::accesskit::Toggled::from(on));
            (is_so && shows).then_some(())
        });
    }

    /// The name of a switch of the endpoint on Ethernet, whose id changes with nothing that is done here.
    fn switch(flag: &str) -> String {
        format!("{flag}, endpoint 2 ({ADDRESS})")
    }

    /// What a command inside the laptop's namespace prints.
    fn output(&self, words: &[&str]) -> String {
        common::output(&self.lab.netns(), words)
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

/// Whether a line of `ip mptcp endpoint show` has a flag; one that `ip` is too old for is in its raw flags.
fn has_flag(line: &str, flag: &str) -> bool {
    let mut words = line.split_whitespace();
    let named = words.clone().any(|word| word == flag);
    let raw = words
        .find(|word| *word == "rawflags")
        .and_then(|_| u32::from_str_radix(words.next()?, 16).ok());
    named || (flag == "laminar" && raw.is_some_and(|bits| bits & 0x20 != 0))
}

#[test]
fn backup_changes_at_once_and_fullmesh_after_the_warning() {
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
    let ports = |window: &Window| {
        let sockets = window.output(&["ss", "-tnHO", "state", "established", "src", ADDRESS]);
        let local = sockets.lines().filter_map(|line| line.split_whitespace().nth(2));
        local
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    for (on, word) in [(true, "on"), (false, "off")] {
        let before = ports(&window);
        window.click(&Window::switch("fullmesh"));
        window.harness.run_steps(4);
        assert_eq!(has_flag(&window.flags(), "fullmesh"), !on, "nothing before Apply");
        assert!(ports(&window).is_superset(&before), "nothing closed before Apply");
        window.click("Apply");
        window.wait_for_flag("fullmesh", on);
        // What is told afterwards is what the kernel did.
        let told = format!("Ethernet: fullmesh {word}");
        common::wait_for(&told, LIMIT, || {
            window.harness.step();
            let mut rows = window.harness.query_all_by_label_contains(&told);
            rows.find_map(|row| {
                let said = row.value()?;
                let closed = said.contains("in place, ") && !said.contains("0 subflows closed");
                closed.then_some(())
            })
        });
        window.wait_for_subflows(false);
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
        ("laminar", true),
        ("laminar", false),
        ("subflow", false),
        ("subflow", true),
    ] {
        window.click(&Window::switch(flag));
        assert_eq!(has_flag(&window.flags(), flag), !on, "nothing before Apply");
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

impl Window {
    /// Puts text into a field in place of what was there.
    fn type_into(&mut self, name: &str, text: &str) {
        common::wait_for(name, LIMIT, || {
            self.harness.step();
            self.harness.query_by_label(name).map(|node| node.focus())
        });
        self.harness.run_steps(2);
        self.harness
            .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.run_steps(1);
        self.harness.get_by_label(name).type_text(text);
        self.harness.run_steps(2);
    }

    /// Steps the window until a command inside the laptop's namespace prints what is wanted.
    fn wait_for_output(&mut self, words: &[&str], wanted: impl Fn(&str) -> bool) -> String {
        common::wait_for(&format!("{words:?}"), LIMIT, || {
            self.harness.step();
            let shown = common::output(&self.lab.netns(), words);
            wanted(&shown).then_some(shown)
        })
    }

    fn wait_for_setting(&mut self, name: &str, wanted: &str) {
        let name = format!("net.mptcp.{name}");
        self.wait_for_output(&["sysctl", "-n", &name], |shown| shown.trim() == wanted);
    }

    /// Presses the undo whose name begins so.
    fn undo(&mut self, of: &str) {
        let start = format!("Undo {of}");
        let name = common::wait_for(of, LIMIT, || {
            self.harness.step();
            let mut found = self.harness.query_all_by_label_contains(&start);
            let node = found.next()?;
            // An endpoint's id is known with the sample that shows it: before, there is nothing to undo.
            let node = egui_kittest::kittest::NodeT::accesskit_node(&node);
            node.label().filter(|_| !node.is_disabled())
        });
        self.click(&name);
    }
}

const SHOW: [&str; 4] = ["ip", "mptcp", "endpoint", "show"];

/// The line of an address in what `ip mptcp endpoint show` prints.
fn line_of<'a>(shown: &'a str, address: &str) -> Option<&'a str> {
    shown
        .lines()
        .find(|line| line.split_whitespace().any(|word| word == address))
}

#[test]
fn an_endpoint_is_added_with_id_port_and_flags_and_undo_removes_it() {
    if !common::can_make_namespaces("adding an endpoint") {
        return;
    }
    let mut window = Window::open();
    let netns = window.lab.netns();
    common::output(
        &netns,
        &["ip", "address", "add", "10.77.2.99/24", "dev", "ethernet"],
    );
    window.click("Add endpoint…");
    window.type_into("Address", "10.77.2.99");
    window.type_into("Id", "9");
    window.click("signal, new endpoint");
    window.click("subflow, new endpoint");
    window.type_into("Port", "4443");
    window.click("Add");
    let shown = window.wait_for_output(&SHOW, |shown| line_of(shown, "10.77.2.99").is_some());
    let line = line_of(&shown, "10.77.2.99").unwrap_or_default();
    for part in ["id 9", "signal", "port 4443"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("subflow"), "{line}");
    window.undo("Endpoint 10.77.2.99 added");
    // While the peer's join to it lives the kernel keeps the address, as an implicit endpoint. Where a sample has told of
    // that join by now, it is asked first.
    common::wait_for("the endpoint's end", LIMIT, || {
        window.harness.step();
        if let Some(apply) = window.harness.query_by_label("Apply") {
            apply.click();
        }
        let shown = window.output(&SHOW);
        let is_gone = line_of(&shown, "10.77.2.99").is_none_or(|line| !line.contains("signal"));
        is_gone.then_some(())
    });
}

#[test]
fn a_removal_closes_what_it_says_and_undo_brings_endpoint_and_subflows_back() {
    if !common::can_make_namespaces("removing an endpoint") {
        return;
    }
    let mut window = Window::open();
    window.wait_for_subflows(false);
    let before = window.flags();
    window.click(&format!("Menu of endpoint 2 ({ADDRESS})"));
    window.click("Remove endpoint…");
    assert_eq!(window.flags(), before, "nothing before Apply");
    window.click("Apply");
    window.wait_for_output(&SHOW, |shown| line_of(shown, ADDRESS).is_none());
    let of_address = ["ss", "-tnHO", "state", "established", "src", ADDRESS];
    window.wait_for_output(&of_address, str::is_empty);
    window.undo("Ethernet: endpoint 2 removed");
    window.wait_for_output(&SHOW, |shown| line_of(shown, ADDRESS) == Some(before.as_str()));
    window.wait_for_output(&of_address, |shown| !shown.is_empty());
}

#[test]
fn limits_and_settings_are_changed_and_taken_back() {
    if !common::can_make_namespaces("limits and settings") {
        return;
    }
    let mut window = Window::open();
    let limits = ["ip", "mptcp", "limits"];
    let before = common::output(&window.lab.netns(), &limits);
    window.click("Extra subflows for a connection: less");
    window.wait_for_output(&limits, |shown| shown != before);
    window.undo("Extra subflows");
    window.wait_for_output(&limits, |shown| shown == before);
    window.click("ADD_ADDR accepted from the peer: less");
    window.wait_for_output(&limits, |shown| shown != before);
    window.undo("ADD_ADDR accepted");
    window.wait_for_output(&limits, |shown| shown == before);

    window.wait_for_setting("checksum_enabled", "0");
    window.click("Checksum");
    window.wait_for_setting("checksum_enabled", "1");
    window.undo("checksum_enabled");
    window.wait_for_setting("checksum_enabled", "0");

    window.click("Path manager: kernel");
    window.click("userspace");
    window.wait_for_setting("path_manager", "userspace");
    window.undo("path_manager");
    window.wait_for_setting("path_manager", "kernel");

    window.type_into("Close timeout", "90");
    window.harness.key_press(egui::Key::Enter);
    window.wait_for_setting("close_timeout", "90");
    window.undo("close_timeout");
    window.wait_for_setting("close_timeout", "60");
}
