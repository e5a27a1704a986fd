//! Recorded streams in the window: what its panels say of one moment.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::rc::Rc;

use crossbeam_channel::Sender;
use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pathscope::history::History;
use pathscope::model::{ConnectionId, EventKind, Line, Sample};
use pathscope::ui::{App, LabControls, Setup, Theme};
use pathscope::words::units::lone_rate;

use super::said::{Centre, names, painted};
use super::stage::{self, Scripted};

/// A window, and the same stream in a history beside it.
pub struct Window {
    pub harness: Harness<'static>,
    pub history: History,
    lines: Sender<Line>,
}

impl Window {
    pub fn open() -> Self {
        let source = Scripted::new(stage::full_access());
        let lines = source.sender.clone();
        let setup = Setup {
            source: Box::new(source),
            lab: Some(Box::new(stage::Lab) as Box<dyn LabControls>),
            title: "This machine".to_owned(),
            screenshot: None,
            seconds: None,
            theme: Some(Theme::Dark),
            settings: None,
            demo: Some(|| Err("the demo is not here".to_owned())),
        };
        let slot: Rc<RefCell<Option<App>>> = Rc::default();
        let made = slot.clone();
        let harness = Harness::builder()
            .with_size([1440.0, 900.0])
            .with_context_setup(move |ctx| *made.borrow_mut() = Some(App::new(ctx, setup)))
            .build_ui(move |ui| slot.borrow_mut().as_mut().unwrap().ui(ui));
        let mut window = Self {
            harness,
            history: History::default(),
            lines,
        };
        window.harness.run_steps(2);
        window
    }

    /// Gives it a line; the next frame shows it.
    pub fn send(&mut self, line: Line) {
        self.history.apply(line.clone());
        self.lines.send(line).unwrap();
    }

    pub fn key(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.run_steps(2);
    }

    /// What is wrong with the panel of connections.
    pub fn of_connections(&self) -> Vec<String> {
        Centre::of(&self.harness).map_or_else(Vec::new, |centre| centre.contradictions())
    }

    /// What is wrong with the cards of Paths.
    pub fn of_paths(&self) -> Vec<String> {
        let texts = painted(&self.harness);
        let rates: Vec<&str> = texts
            .iter()
            .filter_map(|text| text.text.strip_suffix(" Mbit/s out"))
            .collect();
        let state = self.history.state();
        let interfaces = state.interfaces.values();
        let carrying = interfaces.filter(|interface| interface.can_carry_subflows());
        let missing = carrying.filter_map(|interface| {
            let rate = lone_rate(self.history.rate_over(&interface.name).0);
            let is_told = rates.contains(&rate.as_str());
            (!is_told).then(|| format!("Paths: {} carries {rate}, and {rates:?} is told", interface.name))
        });
        missing.collect()
    }

    /// What is wrong with present mode, where the connection carries `total` and its paths carry `rates`.
    fn of_present(&self, total: &str, rates: &[String]) -> Vec<String> {
        let texts = painted(&self.harness);
        let numbers = texts
            .iter()
            .filter(|text| text.text.trim_start_matches('<').parse::<f64>().is_ok());
        let largest = numbers.clone().max_by(|a, b| a.high.total_cmp(&b.high));
        let mut wrong = Vec::new();
        if largest.is_none_or(|number| number.text != total) {
            wrong.push(format!("present mode: {largest:?} beside the plots' {total}"));
        }
        let all: Vec<&str> = numbers.map(|text| text.text.as_str()).collect();
        for rate in rates {
            if !all.contains(&rate.as_str()) {
                wrong.push(format!("present mode: {all:?} without the plots' {rate}"));
            }
        }
        let waits = names(&self.harness)
            .iter()
            .any(|name| name.starts_with("No path "));
        if waits && total.parse() != Ok(0.0) {
            wrong.push(format!("present mode: no path, and {total} Mbit/s"));
        }
        wrong
    }

    /// What is wrong anywhere, at this moment.
    fn everywhere(&mut self) -> Vec<String> {
        self.key(Key::Num1);
        let Some(centre) = Centre::of(&self.harness) else {
            return vec![format!("nothing in the centre: {:?}", names(&self.harness))];
        };
        let mut wrong = centre.contradictions();
        self.key(Key::Num3);
        wrong.extend(self.of_paths());
        self.key(Key::F11);
        // One figure a path: where each has one subflow it is that subflow's.
        let mut paths: Vec<&str> = centre.plots.iter().map(|told| told.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        let rates: Vec<String> = centre
            .plots
            .iter()
            .filter_map(|told| told.rate.clone().ok())
            .collect();
        let rates = if paths.len() == rates.len() {
            rates
        } else {
            Vec::new()
        };
        wrong.extend(self.of_present(&centre.total, &rates));
        self.key(Key::F11);
        wrong
    }

    /// Shows the connection with most subflows in the centre.
    fn select(&mut self) {
        self.key(Key::Num1);
        let connections = self.history.state().connections.values();
        let most = connections.max_by_key(|one| (one.living_subflows().count(), Reverse(one.cookie)));
        let Some(peer) = most.map(|one| format!(", {}, ", one.remote)) else {
            return;
        };
        let rows = self.harness.query_all_by_label_contains(&peer);
        let row = rows
            .filter(|node| node.accesskit_node().role() == egui::accesskit::Role::Button)
            .min_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
        if let Some(row) = row {
            row.click();
        }
        self.harness.run_steps(2);
    }
}

/// When something goes or comes, and so long after it, the panels are looked at, seconds.
const MOMENTS: [f64; 4] = [0.02, 0.3, 0.8, 1.6];

/// The times at which something happens to a path, or else those of the middle.
fn moments(lines: &[Line]) -> Vec<f64> {
    let happens = |line: &&Line| match line {
        Line::Event(event) => matches!(
            event.kind,
            EventKind::InterfaceDown | EventKind::SubflowClosed | EventKind::InterfaceUp
        ),
        _ => false,
    };
    let mut times: Vec<f64> = lines.iter().filter(happens).map(Line::t).collect();
    times.dedup_by(|a, b| *a - *b < 1.0);
    times.truncate(3);
    let (first, last) = (
        lines.get(1).map_or(0.0, Line::t),
        lines.last().map_or(0.0, Line::t),
    );
    times.push(f64::midpoint(first, last));
    times.sort_by(f64::total_cmp);
    times
        .iter()
        .flat_map(|t| MOMENTS.map(|after| t + after))
        .collect()
}

#[test]
fn what_the_panels_say_of_a_moment_is_the_same() {
    let mut window = Window::open();
    let (mut looked, mut wrong) = (0, Vec::new());
    let mut files = super::recorded(40);
    files.push(super::handover());
    for file in &files {
        let lines = super::streams(file).swap_remove(0);
        let mut moments = moments(&lines).into_iter().peekable();
        let mut selected = false;
        for line in lines {
            let due = moments.next_if(|t| *t <= line.t());
            if due.is_some() {
                while moments.next_if(|t| *t <= line.t()).is_some() {}
                if !std::mem::replace(&mut selected, true) {
                    window.select();
                }
                let t = window.history.now();
                let found = window.everywhere();
                let name = file.file_name().unwrap().to_string_lossy();
                wrong.extend(
                    found
                        .into_iter()
                        .map(|fault| format!("{name} at {t:.3}: {fault}")),
                );
                looked += 1;
            }
            window.send(line);
        }
    }
    println!("{looked} moments of {} recorded rounds", files.len());
    assert!(
        looked >= files.len() * 4,
        "there is something to look at: {looked}"
    );
    assert!(
        wrong.is_empty(),
        "{} contradictions:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A connection that carries all the time, of which nothing is read for some seconds.
fn with_a_gap(window: &mut Window, ends: f64) {
    let mut samples = stage::script().into_iter().filter_map(|line| match line {
        Line::Sample(sample) if sample.full => Some(*sample),
        _ => None,
    });
    let first = samples.next().unwrap();
    let at = |t: f64| {
        let mut connections = first.connections.clone();
        for subflow in connections
            .iter_mut()
            .flat_map(|connection| &mut connection.subflows)
        {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "some megabytes"
            )]
            let bytes = (t * 1e6) as u64;
            subflow.bytes_acked = Some(bytes);
        }
        Line::Sample(Box::new(Sample {
            t,
            full: true,
            connections,
            ..first.clone()
        }))
    };
    let mut quarters = 0.0;
    while quarters < ends {
        // Nothing is read from the fourth to the tenth second.
        if !(4.0..10.0).contains(&quarters) {
            window.send(at(quarters));
        }
        quarters += 0.25;
    }
    window.harness.run_steps(3);
}

/// What is said of the time under the pointer: how long ago that is, and the throughput then.
fn under_the_pointer(window: &Window) -> Option<(f64, String)> {
    let names = names(&window.harness);
    let said = names.iter().find_map(|name| name.strip_prefix("Plots "))?;
    let (ago, rest) = said.split_once(" s ago: throughput ")?;
    Some((ago.parse().ok()?, rest.split(';').next()?.to_owned()))
}

#[test]
fn a_time_without_samples_is_a_gap_and_its_total_is_not_known() {
    let mut window = Window::open();
    with_a_gap(&mut window, 20.0);
    window.select();
    let id: ConnectionId = window.history.state().connections.keys().copied().min().unwrap();
    assert!(window.history.rate_of(id).0 > 1e6, "it goes on");
    let plots = window.harness.get_by_label_contains("Plots: ").rect();
    let (mut unknown, mut known) = (0, 0);
    for step in 1..60_u8 {
        let x = plots.left() + plots.width() * f32::from(step) / 60.0;
        window.harness.hover_at(egui::pos2(x, plots.top() + 60.0));
        window.harness.run_steps(1);
        let Some((ago, told)) = under_the_pointer(&window) else {
            continue;
        };
        let t = window.history.now() - ago;
        let says_nothing = told.ends_with("not known");
        if (4.3..9.4).contains(&t) || t < -0.3 {
            assert!(says_nothing, "{told} at {t:.1}");
            unknown += 1;
        } else if (1.0..3.4).contains(&t) || t > 10.3 {
            assert!(!says_nothing, "{told} at {t:.1}");
            known += 1;
        }
    }
    assert!(
        unknown > 3 && known > 3,
        "{unknown} times in the gap, {known} beside it"
    );
}
