//! A recording in the window: what plays it, by buttons and keys, and what only a live source can do.

use super::*;
use egui::Key;
use pathscope::source::{Control, ReplaySource, Source as _, Transport as _};
use pathscope::ui::Setup;
use stage::LOST;

fn recorded() -> Window {
    open(Scripted::recorded(LOST - 10.0), None)
}

impl Window {
    fn controls(&self) -> Vec<Control> {
        std::mem::take(&mut *self.asked.controls.lock().unwrap())
    }
}

#[test]
fn buttons_and_keys_play_a_recording() {
    let mut window = recorded();
    window.click("Play");
    window.click("Pause");
    window.click("Sample after");
    window.click("Sample before");
    let steps = [true, false].map(|forward| Control::Step { forward });
    assert_eq!(
        window.controls(),
        [Control::Play, Control::Pause, steps[0], steps[1]]
    );
    window.click("Speed: 1×");
    window.click("4×");
    assert!(window.has("Speed: 4×"));
    assert_eq!(window.controls(), [Control::SetSpeed(4.0)]);
    window.key(Key::CloseBracket);
    window.key(Key::OpenBracket);
    assert_eq!(
        window.controls(),
        [Control::SetSpeed(8.0), Control::SetSpeed(4.0)]
    );
    window.key(Key::Space);
    window.key(Key::Space);
    assert_eq!(window.controls(), [Control::Play, Control::Pause]);
    window.key(Key::ArrowRight);
    window.key(Key::ArrowLeft);
    assert_eq!(window.controls(), steps);
}

#[test]
fn the_next_handover_and_any_place_are_gone_to() {
    let mut window = recorded();
    window.click("Next handover");
    let [Control::Seek(t)] = window.controls()[..] else {
        panic!("it goes nowhere");
    };
    assert!(t > LOST && t < LOST + 5.0, "{t}");
    // From there the one before is none, or another.
    window
        .harness
        .key_press_modifiers(egui::Modifiers::SHIFT, Key::ArrowLeft);
    window.harness.run();
    assert!(
        window
            .controls()
            .iter()
            .all(|control| matches!(control, Control::Seek(to) if *to < t))
    );
    let strip = window.harness.get_by_label_contains("Whole recording").rect();
    window
        .harness
        .drag_at(strip.left_center() + egui::vec2(strip.width() * 0.5, 0.0));
    window.harness.run();
    window
        .harness
        .drop_at(strip.left_center() + egui::vec2(strip.width() * 0.25, 0.0));
    window.harness.run();
    let seeks = window.controls();
    let Some(Control::Seek(last)) = seeks.last() else {
        panic!("the strip leads nowhere");
    };
    assert!((last / 75.0 - 0.25).abs() < 0.02, "{seeks:?}");
}

#[test]
fn what_only_a_live_source_can_do_says_so() {
    let mut window = recorded();
    assert!(window.has("Recording, controls off"));
    for name in ["Sampling interval: 250 ms", "Allow…"] {
        assert!(!window.has(name), "{name}");
    }
    assert!(window.says("Space play") && window.says("roaming-stall.pathscope"));
    window.click("Paths");
    let disabled = window.harness.get_by_label("Add endpoint…");
    assert!(is_disabled(&disabled), "nothing can be added to a recording");
    assert!(window.asked.commands().is_empty());
}

#[test]
fn a_file_is_played_in_the_window() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus/lan.steady-8m.client-sends.near-down.jsonl.zst");
    let source = ReplaySource::open(&path).unwrap();
    assert!(source.transport().is_some());
    source.control(Control::Seek(source.playback().ends));
    let setup = Setup {
        source: Box::new(source),
        lab: None,
        title: "near-down".to_owned(),
        screenshot: None,
        seconds: None,
        theme: Some(Theme::Dark),
        settings: None,
        demo: None,
    };
    let slot: Rc<RefCell<Option<App>>> = Rc::default();
    let made = slot.clone();
    let mut harness = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_context_setup(move |ctx| *made.borrow_mut() = Some(App::new(ctx, setup)))
        .build_ui(move |ui| slot.borrow_mut().as_mut().unwrap().ui(ui));
    let end = std::time::Instant::now() + Duration::from_mins(1);
    let shows =
        |harness: &Harness<'_>, part: &str| harness.query_all_by_label_contains(part).next().is_some();
    while !(shows(&harness, "Connections 1") || shows(&harness, "1 connection"))
        || !shows(&harness, "Handovers")
    {
        assert!(std::time::Instant::now() < end, "nothing is shown");
        harness.step();
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert!(shows(&harness, "near-down"));
}

#[test]
fn what_the_window_remembers_is_recorded_too() {
    let mut window = played(stage::full_access());
    assert!(
        !window.has("Record"),
        "it is not offered where nobody says where to"
    );
    let folder = tempfile::tempdir().unwrap();
    let ctx = window.harness.ctx.clone();
    window
        .app
        .borrow_mut()
        .as_mut()
        .unwrap()
        .offer_recording(folder.path().to_owned(), &ctx);
    for line in stage::script() {
        window.lines.send(line).unwrap();
        // No faster than it is written.
        window.harness.step();
    }
    let last = stage::script().iter().map(Line::t).fold(0.0, f64::max);
    let until = |window: &mut Window, name: &str| {
        let end = std::time::Instant::now() + Duration::from_mins(1);
        while !window.has(name) {
            assert!(std::time::Instant::now() < end, "{name} does not come");
            window.harness.step();
            std::thread::park_timeout(Duration::from_millis(5));
        }
    };
    window.key(Key::R);
    until(&mut window, "End recording");
    window.click("End recording");
    until(&mut window, "Record");
    let end = std::time::Instant::now() + Duration::from_mins(1);
    while !window.says("Recorded to") {
        assert!(std::time::Instant::now() < end, "it is not said to be complete");
        window.harness.step();
    }
    let entry = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    let recording = pathscope::source::Recording::open(&entry.path()).unwrap();
    assert_eq!((recording.covers().1, recording.failure()), (last, None));
    assert!(
        recording.covers().0 < 31.0,
        "from before the key was pressed: {:?}",
        recording.covers()
    );
}
