//! A person with no idea: random clicks, keys, drags and turns of the wheel, the same for the same seed.
//!
//! Here in a window without a display, on recorded streams, faster than they came: the short form is part of every run.
//! `make monkey` lets it go on for an hour, and does the same to the real window on the real laboratory.
//! PATHSCOPE_MONKEY_S has it go on for so long, and PATHSCOPE_MONKEY_SEED says which of them it is.

use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, Vec2, pos2, vec2};
use fastrand::Rng;
use pathscope::model::Line;

use super::window::Window;

/// How often it acts in the short form, which is the same on every machine.
const SHORT: usize = 150;
/// The size of the window that it plays with.
const SIZE: Vec2 = vec2(1440.0, 900.0);
/// After so many of its acts the panels are held against each other.
const LOOK_EVERY: usize = 12;

const KEYS: [Key; 27] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Slash,
    Key::Space,
    Key::Enter,
    Key::Escape,
    Key::Tab,
    Key::ArrowUp,
    Key::ArrowDown,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::Home,
    Key::End,
    Key::PageUp,
    Key::PageDown,
    Key::Plus,
    Key::Minus,
    Key::F11,
    Key::T,
    Key::C,
    Key::R,
    Key::N,
    Key::Backspace,
    Key::Delete,
    Key::Z,
];

const WORDS: [&str; 6] = [
    "port:443",
    "app:ssh",
    "if:wlan0",
    "fallback",
    "10.77.2.2",
    "\u{202e}ß \"%s\"",
];

/// A monkey at a window.
struct Monkey {
    rng: Rng,
    window: Window,
    /// Where it points.
    at: Pos2,
    acts: Vec<String>,
}

impl Monkey {
    fn act(&mut self) {
        let told = match self.rng.u8(..100) {
            0..35 => self.click(),
            35..50 => self.point(),
            50..75 => self.press(),
            75..85 => self.drag(),
            85..95 => self.turn(),
            _ => self.write(),
        };
        self.acts.push(told);
        self.window.harness.step();
    }

    fn send(&self, event: Event) {
        self.window.harness.event(event);
    }

    fn place(&mut self) -> Pos2 {
        let (x, y) = (self.rng.f32() * SIZE.x, self.rng.f32() * SIZE.y);
        // What can be pressed stands at the edges.
        let y = match self.rng.u8(..4) {
            0 => y * 0.06,
            1 => SIZE.y - y * 0.1,
            _ => y,
        };
        pos2(x, y)
    }

    fn point(&mut self) -> String {
        self.at = self.place();
        self.send(Event::PointerMoved(self.at));
        format!("point at {:?}", self.at)
    }

    fn button(&self, pressed: bool, button: PointerButton) {
        self.send(Event::PointerButton {
            pos: self.at,
            button,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }

    fn click(&mut self) -> String {
        self.point();
        let button = if self.rng.u8(..8) == 0 {
            PointerButton::Secondary
        } else {
            PointerButton::Primary
        };
        self.button(true, button);
        self.window.harness.step();
        self.button(false, button);
        format!("click at {:?}", self.at)
    }

    fn drag(&mut self) -> String {
        let from = self.point();
        self.button(true, PointerButton::Primary);
        for _ in 0..self.rng.u8(1..4) {
            self.window.harness.step();
            self.point();
        }
        self.button(false, PointerButton::Primary);
        format!("{from}, drag to {:?}", self.at)
    }

    fn press(&mut self) -> String {
        let key = KEYS[self.rng.usize(..KEYS.len())];
        let modifiers = match self.rng.u8(..8) {
            0 => Modifiers::SHIFT,
            1 => Modifiers::COMMAND,
            _ => Modifiers::NONE,
        };
        for pressed in [true, false] {
            self.send(Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            });
        }
        format!("press {key:?} with {modifiers:?}")
    }

    fn turn(&mut self) -> String {
        let delta = vec2(0.0, self.rng.f32() * 400.0 - 200.0);
        let modifiers = if self.rng.u8(..4) == 0 {
            Modifiers::COMMAND
        } else {
            Modifiers::NONE
        };
        self.send(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta,
            phase: TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers,
        });
        format!("turn the wheel by {delta:?} at {:?}", self.at)
    }

    fn write(&mut self) -> String {
        let word = WORDS[self.rng.usize(..WORDS.len())];
        self.send(Event::Text(word.to_owned()));
        format!("write {word:?}")
    }
}

/// Lets a monkey at the window as long as that says, on the recorded streams one after the other; how often it acted.
fn play(seed: u64, mut goes_on: impl FnMut(usize) -> bool) -> usize {
    let mut monkey = Monkey {
        rng: Rng::with_seed(seed),
        window: Window::open(),
        at: pos2(0.0, 0.0),
        acts: Vec::new(),
    };
    let mut files = super::recorded(8);
    files.push(super::handover());
    let mut acts = 0;
    while goes_on(acts) {
        let file = &files[monkey.rng.usize(..files.len())];
        monkey.acts.clear();
        let mut lines = super::streams(file).swap_remove(0).into_iter();
        let mut send = |monkey: &mut Monkey| -> bool {
            let now = monkey.window.history.now();
            let until = now + monkey.rng.f64() * 0.1;
            loop {
                let Some(line) = lines.next() else { return false };
                let t = line.t();
                let begins = matches!(line, Line::Header(_));
                monkey.window.send(line);
                if !begins && t >= until {
                    return true;
                }
            }
        };
        while goes_on(acts) && send(&mut monkey) {
            monkey.act();
            acts += 1;
            if acts % LOOK_EVERY == 0 {
                monkey.window.harness.step();
                let wrong = monkey.window.of_connections();
                let done = monkey.acts.join("\n");
                assert!(
                    wrong.is_empty(),
                    "seed {seed}, {}: {}\nafter\n{done}",
                    file.display(),
                    wrong.join("\n")
                );
            }
        }
    }
    acts
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn a_monkey_finds_no_contradiction_and_breaks_nothing() {
    let seed = number("PATHSCOPE_MONKEY_SEED").unwrap_or(1);
    let ends = number("PATHSCOPE_MONKEY_S").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let acts = play(seed, |acts| match ends {
        Some(ends) => Instant::now() < ends,
        None => acts < SHORT,
    });
    println!("{acts} acts with seed {seed}");
    assert!(acts > 0, "it had no time to act");
}
