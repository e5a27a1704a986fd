//! Present mode: into it and out of it, freezing, and the keys of a laboratory.

use crossbeam_channel::{Receiver, bounded};
use egui::{Key, ViewportCommand};
use pathscope::model::{Event, EventKind, Origin};
use pathscope::source::Waker;
use pathscope::ui::{LabStep, Staged};

use super::lab::Lab;
use super::*;

const SENTENCE: &str = "Wi-Fi lost. Data moved to Ethernet after";

impl Window {
    fn fills_screen(&self) -> Option<bool> {
        let commands = self.viewport().commands.iter().rev();
        let mut wishes = commands.filter_map(|command| match command {
            ViewportCommand::Fullscreen(on) => Some(*on),
            _ => None,
        });
        wishes.next()
    }

    /// Everything that is named or said, in order.
    fn texts(&self) -> Vec<String> {
        let all = self
            .harness
            .query_all(egui_kittest::kittest::by().predicate(|_| true));
        let mut texts: Vec<String> = all
            .filter_map(|node| node.accesskit_node().label().or(node.value()))
            .collect();
        texts.sort();
        texts
    }

    /// The middles of everything that is there.
    fn places(&self) -> Vec<egui::Pos2> {
        let all = self
            .harness
            .query_all(egui_kittest::kittest::by().predicate(|_| true));
        let boxes = all.filter_map(|node| node.accesskit_node().bounding_box());
        #[allow(clippy::cast_possible_truncation)]
        let middle = |place: egui::accesskit::Rect| {
            egui::pos2(
                f64::midpoint(place.x0, place.x1) as f32,
                f64::midpoint(place.y0, place.y1) as f32,
            )
        };
        boxes.map(middle).collect()
    }

    /// Leaves the pointer at a place for long.
    fn rest_at(&mut self, at: egui::Pos2) {
        self.harness.hover_at(at);
        self.harness.run_steps(12);
    }

    /// The sentence at the top.
    fn sentence(&self) -> String {
        let mut headings = self.harness.query_all_by_role(egui::accesskit::Role::Heading);
        let first = headings.next().expect("a sentence");
        first
            .accesskit_node()
            .label()
            .or(first.value())
            .unwrap_or_default()
    }

    /// Presses a key and looks at the frame that takes it.
    fn key_once(&mut self, key: Key) {
        self.harness.key_down(key);
        self.harness.step();
    }
}

fn presenting(lab: Option<Box<dyn LabControls>>) -> Window {
    let mut window = open(Scripted::played(stage::full_access()), lab);
    window.key(Key::F11);
    window
}

#[test]
fn f11_shows_path_map_throughput_and_sentence_and_nothing_else() {
    let mut window = played(stage::full_access());
    window.key_once(Key::F11);
    assert_eq!(window.fills_screen(), Some(true));
    window.harness.run();
    assert!(window.says(SENTENCE));
    assert!(window.says("Path over Ethernet"));
    assert!(window.says("Plots: throughput sent"));
    for gone in ["Connections", "Filter", "Pause"] {
        assert!(!window.has(gone), "{gone}");
    }
    assert!(!window.says("Close subflow"));
}

#[test]
fn there_are_three_ways_out() {
    for way in [Some(Key::F11), Some(Key::Escape), None] {
        let mut window = played(stage::full_access());
        window.click("Present");
        assert!(!window.has("Connections"));
        match way {
            Some(key) => {
                window.key_once(key);
                assert_eq!(window.fills_screen(), Some(false));
                window.harness.run();
            }
            None => window.click("Leave"),
        }
        assert!(window.has("Connections"), "{way:?}");
    }
}

#[test]
fn the_selected_connection_is_shown() {
    let mut window = played(stage::full_access());
    window.harness.get_by_label_contains("203.0.113.24:22, ").click();
    window.harness.run();
    window.key(Key::F11);
    assert!(window.says("203.0.113.24:22"));
    assert!(!window.says("104.28.152.1"));
}

#[test]
fn space_freezes_and_lets_go_on() {
    let mut window = presenting(None);
    window.key(Key::Space);
    window.send(Line::Sample(Box::new(stage::quiet(80.0))));
    assert!(window.says(SENTENCE), "as it was");
    window.click("Go on");
    assert!(!window.says(SENTENCE));
    assert!(window.says("The connection is closed"));
    assert!(window.has("Freeze"));
}

#[test]
fn without_a_lab_nothing_is_cut() {
    let mut window = presenting(None);
    for name in ["Cut Wi-Fi", "Bring Wi-Fi back", "Next", "Back", "by hand"] {
        assert!(!window.has(name), "{name}");
    }
    for key in [Key::Num1, Key::H, Key::N, Key::P] {
        window.key(key);
    }
    assert!(window.says(SENTENCE));
    assert_eq!(window.asked.commands(), []);
}

#[test]
fn a_link_is_cut_and_brought_back_by_key_and_by_click() {
    let lab = Lab::default();
    let mut window = presenting(Some(Box::new(lab.clone())));
    window.key(Key::Num1);
    assert_eq!(lab.plugs(), [false]);
    assert!(!window.has("Cut Wi-Fi"), "it is gone");
    window.key(Key::Num1);
    window.click("Cut Wi-Fi");
    window.click("Bring Wi-Fi back");
    assert_eq!(lab.plugs(), [false, true, false, true]);
    assert!(!window.has("Next"), "there is no other");
    assert!(!window.has("Back"), "nor before");
}

#[test]
fn no_key_cuts_what_the_connection_does_not_use() {
    let lab = Lab::default();
    let mut window = presenting(Some(Box::new(lab.clone())));
    let mut seen = Vec::new();
    // Some of the connections are over the first link, some are not.
    for _ in 0..12 {
        let over = window.says("Path over Wi-Fi");
        assert_eq!(window.has("Cut Wi-Fi"), over);
        assert_eq!(window.has("Wi-Fi not used"), !over);
        let before = lab.plugs().len();
        window.key(Key::Num1);
        window.key(Key::Num1);
        assert_eq!(lab.plugs().len() - before, if over { 2 } else { 0 });
        seen.push(over);
        window.key(Key::ArrowDown);
    }
    assert!(seen.contains(&true) && seen.contains(&false), "{seen:?}");
}

#[test]
fn who_drives_is_one_key_and_a_switch() {
    let lab = Lab::default();
    let mut window = presenting(Some(Box::new(lab.clone())));
    assert!(window.is_on("by itself"));
    window.key(Key::H);
    assert!(window.is_on("by hand"));
    window.click("by itself");
    window.key(Key::Num1);
    assert!(window.is_on("by hand"), "whoever touches a link drives");
}

#[test]
fn arrows_go_from_connection_to_connection_and_the_window_goes_on_with_the_same() {
    let mut window = presenting(None);
    assert!(window.says("Path over Ethernet"));
    assert!(!window.says("203.0.113.24"));
    for _ in 0..12 {
        if window.says("203.0.113.24") {
            break;
        }
        window.key(Key::ArrowDown);
    }
    assert!(window.says("203.0.113.24"), "ssh has its turn");
    window.key(Key::ArrowDown);
    window.key(Key::ArrowUp);
    assert!(window.says("203.0.113.24"), "and back");
    window.key(Key::F11);
    assert!(window.has("ssh to 203.0.113.24:22"));
}

#[test]
fn a_pointer_that_rests_asks_for_nothing() {
    let mut window = presenting(Some(Box::new(Lab::default())));
    let nodes = window.texts();
    let places: Vec<_> = window.places();
    assert!(places.len() > 8, "{}", places.len());
    for at in places {
        window.rest_at(at);
        assert_eq!(window.texts(), nodes, "something new at {at:?}");
    }
}

type Stages = Receiver<Result<Staged, String>>;

/// A laboratory with another one after it.
struct Series(Stages);

impl LabControls for Series {
    fn links(&self) -> Vec<LabLink> {
        Lab::default().links()
    }

    fn plug(&self, _: &str, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn shape(&self, _: &str, _: LabShape) -> Result<(), String> {
        Ok(())
    }

    fn scenario(&self) -> String {
        "first".to_owned()
    }

    fn neighbour(&self, step: LabStep) -> Option<String> {
        Some(if step == LabStep::Forth { "second" } else { "last" }.to_owned())
    }

    fn start(&self, _: LabStep, _: Waker) -> Stages {
        self.0.clone()
    }
}

#[test]
fn the_next_scenario_takes_the_place_of_this_one_once_it_runs() {
    let (stages, next) = bounded(1);
    let mut window = presenting(Some(Box::new(Series(next))));
    window.key(Key::N);
    assert!(is_disabled(&window.node("Next")), "one at a time");
    assert!(window.says(SENTENCE), "this one goes on");
    let source = Scripted::new(stage::full_access());
    source
        .sender
        .send(Line::Sample(Box::new(stage::quiet(1.0))))
        .unwrap();
    let lab = Box::new(Lab::default());
    stages
        .send(Ok(Staged {
            source: Box::new(source),
            lab,
        }))
        .ok()
        .unwrap();
    window.harness.run();
    assert!(window.says("No MPTCP connections yet"), "the new source");
    assert!(!window.says(SENTENCE), "nothing is left of the old one");
    assert!(!window.has("Next"), "the new laboratory");
    assert!(window.has("Leave"), "the window stays");
}

#[test]
fn a_scenario_that_cannot_be_started_leaves_this_one() {
    let (stages, next) = bounded(1);
    let mut window = presenting(Some(Box::new(Series(next))));
    window.click("Next");
    stages.send(Err("no room".to_owned())).ok().unwrap();
    window.harness.run();
    assert!(window.says(SENTENCE));
    assert!(!is_disabled(&window.node("Next")));
    assert!(window.says("The scenario second could not be started: no room"));
}

#[test]
fn there_is_a_way_back_to_the_scenario_before() {
    let (stages, before) = bounded(1);
    let mut window = presenting(Some(Box::new(Series(before))));
    window.key(Key::P);
    assert!(window.says("Starting last"));
    stages.send(Err("no room".to_owned())).ok().unwrap();
    window.harness.run();
    assert!(window.says("The scenario last could not be started: no room"));
}

/// A window in present mode on the beginning of a script.
fn on(lines: Vec<Line>) -> Window {
    let source = Scripted::new(stage::full_access());
    for line in lines {
        source.sender.send(line).unwrap();
    }
    let mut window = open(source, None);
    window.key(Key::F11);
    window
}

/// How long a loss has lasted, as the sentence says.
#[track_caller]
fn so_far(sentence: &str) -> f64 {
    let figure = sentence.strip_prefix("Wi-Fi lost, ").expect(sentence);
    let number = figure.split(' ').next().and_then(|number| number.parse().ok());
    number.expect(sentence)
}

#[test]
fn a_loss_is_told_while_it_lasts_wherever_the_window_tells_of_it() {
    let mut window = on(stage::losing(0.75));
    let first = so_far(&window.sentence());
    assert!(first >= 0.7, "{first}");
    assert!(window.says(" waits. Ethernet and Phone are there to take over."));
    window.key(Key::F11);
    assert!(window.says("Wi-Fi lost, "), "the status line");
    window.click("Handovers");
    assert!(!window.says("Data moved"), "{:?}", window.texts());
    for step in 4..=20 {
        let t = stage::LOST + f64::from(step) * 0.25;
        window.send(Line::Sample(Box::new(Sample {
            t,
            ..Sample::default()
        })));
    }
    window.key(Key::F11);
    let later = so_far(&window.sentence());
    assert!(later >= 4.9, "it counts: {later}");
}

#[test]
fn the_sentence_never_tells_of_what_is_no_longer_so() {
    let mut window = on(Vec::new());
    let mut said = std::collections::BTreeSet::new();
    let mut wifi_up = true;
    for line in stage::script()
        .into_iter()
        .filter(|line| line.t() > stage::LOST - 3.0)
    {
        if let Line::Event(event) = &line {
            match event.kind {
                EventKind::InterfaceDown => wifi_up = false,
                EventKind::InterfaceUp => wifi_up = true,
                _ => {}
            }
        }
        window.lines.send(line).unwrap();
        window.harness.step();
        let sentence = window.sentence();
        let tells_of_wifi = sentence.contains("to Wi-Fi") || sentence.contains("over Wi-Fi");
        assert!(wifi_up || !tells_of_wifi, "{sentence}");
        said.insert(
            sentence
                .split(|c: char| c.is_ascii_digit())
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    let begins = |with: &str| said.iter().any(|one| one.starts_with(with));
    assert!(begins("Wi-Fi lost, ") && begins(SENTENCE), "{said:?}");
}

#[test]
fn what_data_moved_to_is_not_told_once_that_is_down_too() {
    let all = stage::script();
    let mut window = on(all
        .into_iter()
        .filter(|line| line.t() < stage::LOST + 6.0)
        .collect());
    assert!(window.sentence().starts_with(SENTENCE), "{}", window.sentence());
    let t = stage::LOST + 6.0;
    let mut down = Event::new(t, EventKind::InterfaceDown, Origin::Kernel);
    down.interface = Some(stage::ETHERNET.to_owned());
    window.send(Line::Event(Box::new(down)));
    assert!(
        window.sentence().contains("Ethernet lost"),
        "{}",
        window.sentence()
    );
    for step in 1..24 {
        let t = t + f64::from(step) * 0.25;
        let mut interfaces = stage::interfaces(false);
        for interface in interfaces.iter_mut().filter(|one| one.name == stage::ETHERNET) {
            interface.up = false;
        }
        window.send(Line::Sample(Box::new(Sample {
            t,
            interfaces,
            ..Sample::default()
        })));
        assert!(
            !window.sentence().contains("moved to Ethernet"),
            "{}",
            window.sentence()
        );
        assert!(
            !window.sentence().contains("over Ethernet"),
            "{}",
            window.sentence()
        );
    }
}
