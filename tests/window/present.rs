//! Present mode: into it and out of it, freezing, and the keys of a laboratory.

use crossbeam_channel::{Receiver, bounded};
use egui::{Key, ViewportCommand};
use pathscope::source::Waker;
use pathscope::ui::Staged;

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
    for name in ["Cut Wi-Fi", "Cut", "Bring back", "Next scenario"] {
        assert!(!window.has(name), "{name}");
    }
    for key in [Key::C, Key::R, Key::N] {
        window.key(key);
    }
    assert!(window.says(SENTENCE));
    assert_eq!(window.asked.commands(), []);
}

#[test]
fn a_link_is_cut_and_brought_back_by_key_and_by_click() {
    let lab = Lab::default();
    let mut window = presenting(Some(Box::new(lab.clone())));
    assert!(is_disabled(&window.node("Bring back")), "nothing is cut");
    window.key(Key::C);
    assert_eq!(lab.plugs(), [false]);
    assert!(is_disabled(&window.node("Cut")), "there is no other");
    window.key(Key::R);
    window.click("Cut Wi-Fi");
    window.click("Bring back Wi-Fi");
    assert_eq!(lab.plugs(), [false, true, false, true]);
    assert!(!window.has("Next scenario"), "there is no other");
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

    fn next_scenario(&self) -> Option<String> {
        Some("second".to_owned())
    }

    fn start_next(&self, _: Waker) -> Stages {
        self.0.clone()
    }
}

#[test]
fn the_next_scenario_takes_the_place_of_this_one_once_it_runs() {
    let (stages, next) = bounded(1);
    let mut window = presenting(Some(Box::new(Series(next))));
    window.key(Key::N);
    assert!(is_disabled(&window.node("Next scenario")), "one at a time");
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
    assert!(!window.has("Next scenario"), "the new laboratory");
    assert!(window.has("Leave"), "the window stays");
}

#[test]
fn a_scenario_that_cannot_be_started_leaves_this_one() {
    let (stages, next) = bounded(1);
    let mut window = presenting(Some(Box::new(Series(next))));
    window.click("Next scenario");
    stages.send(Err("no room".to_owned())).ok().unwrap();
    window.harness.run();
    assert!(window.says(SENTENCE));
    assert!(!is_disabled(&window.node("Next scenario")));
    assert!(window.says("The scenario second could not be started: no room"));
}
