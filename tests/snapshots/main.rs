//! Pictures of every panel in dark and light, from a fixed stream, against their references:
//! `cargo test --test snapshots`, with words of their names to take some only. `UPDATE_SNAPSHOTS=1` makes the
//! references anew.

#![cfg_attr(not(feature = "gui"), allow(dead_code, unused))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    unreachable_pub
)]

#[cfg(feature = "gui")]
mod compare;
#[cfg(feature = "gui")]
mod raster;
#[cfg(feature = "gui")]
mod recordings;
#[cfg(feature = "gui")]
mod scenes;
#[cfg(feature = "gui")]
#[path = "../stage/mod.rs"]
mod stage;

#[cfg(not(feature = "gui"))]
fn main() {}

#[cfg(feature = "gui")]
fn main() -> std::process::ExitCode {
    pictures::main()
}

#[cfg(feature = "gui")]
use pictures::{Scene, Shown};

#[cfg(feature = "gui")]
mod pictures {
    use std::cell::RefCell;
    use std::process::{Command, ExitCode};
    use std::rc::Rc;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use crossbeam_channel::Sender;
    use egui_kittest::kittest::Queryable;
    use egui_kittest::{Harness, TestRenderer};
    use pathscope::desktop::{NetworkManager, Profile};
    use pathscope::model::Line;
    use pathscope::source::Source as _;
    use pathscope::ui::{App, LabControls, Setup, Theme};

    use crate::compare;
    use crate::raster::{self, Textures};
    use crate::scenes;
    use crate::stage::{Asked, Lab, Scripted, outcome};

    /// A state of the window that looks different from the others.
    pub struct Scene {
        pub name: &'static str,
        /// The window's size in points.
        pub size: [f32; 2],
        /// Pixels a point.
        pub scale: f32,
        /// By how much somebody enlarged everything; the size is that without it.
        pub zoom: f32,
        /// Whether the light theme looks no different but for its colours.
        pub dark_only: bool,
        pub source: fn() -> Scripted,
        /// Whether the window is the demo's.
        pub lab: bool,
        /// What NetworkManager says of the endpoints.
        pub profiles: Vec<Profile>,
        /// What is done before the picture is taken.
        pub act: fn(&mut Shown),
    }

    /// A window that can be painted.
    pub struct Shown {
        harness: Harness<'static>,
        asked: Asked,
        lines: Sender<Line>,
        textures: Rc<RefCell<Textures>>,
    }

    struct Keeper(Rc<RefCell<Textures>>);

    impl TestRenderer for Keeper {
        fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
            self.0.borrow_mut().take(delta);
        }
    }

    impl Shown {
        fn open(scene: &Scene) -> Self {
            let source = (scene.source)();
            let (asked, lines) = (source.asked.clone(), source.sender.clone());
            let title = match (source.transport(), scene.lab) {
                (Some(_), _) => "roaming-stall",
                (None, true) => "Demo",
                (None, false) => "This machine",
            };
            let setup = Setup {
                source: Box::new(source),
                lab: scene.lab.then(|| Box::new(Lab) as Box<dyn LabControls>),
                title: title.to_owned(),
                screenshot: None,
                seconds: None,
                theme: Some(Theme::Dark),
                settings: None,
                demo: None,
            };
            let manager = NetworkManager::fixed(scene.profiles.clone());
            let slot: Rc<RefCell<Option<App>>> = Rc::default();
            let made = Rc::clone(&slot);
            let textures: Rc<RefCell<Textures>> = Rc::default();
            let harness = Harness::builder()
                .with_size(scene.size)
                .with_pixels_per_point(scene.scale)
                .with_max_steps(16)
                // Time hardly moves, and so does what moves with it. If it stood still, egui would never show a popup.
                .with_step_dt(1e-6)
                .renderer(Keeper(Rc::clone(&textures)))
                .with_context_setup(move |ctx| {
                    let mut app = App::new(ctx, setup);
                    app.ask_network_manager(manager);
                    *made.borrow_mut() = Some(app);
                })
                .build_ui(move |ui| {
                    // The harness leaves a margin; the real window has none.
                    let whole = ui.ctx().content_rect();
                    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(whole));
                    ui.set_clip_rect(whole);
                    slot.borrow_mut().as_mut().unwrap().ui(&mut ui);
                });
            let mut shown = Self {
                harness,
                asked,
                lines,
                textures,
            };
            shown.harness.run();
            if (scene.zoom - 1.0).abs() > f32::EPSILON {
                shown.enlarge(scene);
            }
            (scene.act)(&mut shown);
            shown.harness.run();
            shown
        }

        /// What Ctrl and + do. The harness does not know that fewer points are left then: the window is told, until it has
        /// found how much there is room for.
        fn enlarge(&mut self, scene: &Scene) {
            let size = egui::Vec2::from(scene.size);
            self.harness.ctx.set_zoom_factor(scene.zoom);
            for _ in 0..4 {
                self.harness.set_size(size / self.harness.ctx.zoom_factor());
                self.harness.run();
            }
        }

        pub fn click(&mut self, name: &str) {
            self.harness.get_by_label(name).click();
            self.away();
        }

        pub fn key(&mut self, key: egui::Key) {
            self.harness.key_press(key);
            self.harness.run();
        }

        pub fn has(&self, part: &str) -> bool {
            self.harness.query_all_by_label_contains(part).next().is_some()
        }

        pub fn click_what_contains(&mut self, part: &str) {
            self.harness.get_by_label_contains(part).click();
            self.away();
        }

        /// Chooses what the plot of any metric shows.
        pub fn plot(&mut self, metrics: &[&str]) {
            self.click("Plot any metric");
            self.click("Choose metrics");
            for metric in metrics {
                let name = format!("Plot {metric}");
                self.harness.get_by_label(&name).scroll_to_me();
                self.harness.run();
                self.harness.get_by_label(&name).click();
                self.harness.run();
            }
            self.harness.key_press(egui::Key::Escape);
            self.away();
        }

        /// What comes next from the source, a frame a line.
        pub fn go_on(&mut self, lines: impl Iterator<Item = Line>) {
            for line in lines {
                self.lines.send(line).unwrap();
                self.harness.step();
            }
            self.harness.run();
        }

        /// The kernel does what was asked of it.
        pub fn obey(&mut self) {
            for request in self.asked.requests.lock().unwrap().iter() {
                self.lines.send(outcome(80.0, request, None)).unwrap();
            }
            self.harness.run();
        }

        /// Types into a field, and leaves it.
        pub fn filter(&mut self, field: &str, text: &str) {
            self.harness.get_by_label(field).focus();
            self.harness.run();
            self.harness.get_by_label(field).type_text(text);
            self.harness.run();
        }

        /// Clicks the lowest of those with a name.
        pub fn click_lowest(&mut self, name: &str) {
            let all = self.harness.query_all_by_label(name);
            let lowest = all.max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
            lowest.unwrap().click();
            self.away();
        }

        /// Clicks a place.
        pub fn press(&mut self, at: egui::Pos2) {
            self.harness.drag_at(at);
            self.harness.drop_at(at);
            self.away();
        }

        /// Holds the pointer over a place.
        pub fn point(&mut self, at: egui::Pos2) {
            self.harness.hover_at(at);
            self.harness.run();
        }

        /// Takes the pointer out of the window, so that nothing looks pointed at.
        fn away(&mut self) {
            self.harness.run();
            self.harness.remove_cursor();
            self.harness.run();
        }

        fn picture(&mut self, theme: egui::Theme) -> image::RgbImage {
            self.harness.ctx.set_theme(theme);
            self.harness.run();
            let output = self.harness.output();
            let scale = output.pixels_per_point;
            let primitives = self.harness.ctx.tessellate(output.shapes.clone(), scale);
            let size = self.harness.ctx.content_rect().size() * scale;
            let size = [size.x.round() as u32, size.y.round() as u32];
            let ground = self.harness.ctx.global_style().visuals.panel_fill;
            raster::paint(&primitives, &self.textures.borrow(), scale, size, ground)
        }
    }

    pub fn main() -> ExitCode {
        let words: Vec<String> = std::env::args().skip(1).collect();
        if std::env::var("PATHSCOPE_SNAPSHOTS").is_err() {
            return again(&words);
        }
        let wanted = |scene: &Scene| {
            let mut words = words.iter().filter(|word| !word.starts_with('-')).peekable();
            words.peek().is_none() || words.any(|word| scene.name.contains(word.as_str()))
        };
        let scenes: Vec<Scene> = scenes::all().into_iter().filter(wanted).collect();
        let began = Instant::now();
        let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let Some(scene) = scenes.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut shown = Shown::open(scene);
                let themes = [("dark", egui::Theme::Dark), ("light", egui::Theme::Light)];
                let themes = themes.into_iter().take(if scene.dark_only { 1 } else { 2 });
                for (word, theme) in themes {
                    let name = format!("{}-{word}", scene.name);
                    let verdict = compare::check(&name, &shown.picture(theme));
                    failures.lock().unwrap().extend(verdict.err());
                }
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
            for thread in threads {
                if thread.join().is_err() {
                    failures
                        .lock()
                        .unwrap()
                        .push("a scene could not be shown".to_owned());
                }
            }
        });
        let failures = failures.into_inner().unwrap();
        let seconds = began.elapsed().as_secs_f64();
        println!("{} scenes in dark and light, {seconds:.1} s", scenes.len());
        for failure in &failures {
            eprintln!("{failure}");
        }
        if failures.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!(
            "{} pictures differ from their references. If they are right: UPDATE_SNAPSHOTS=1 cargo test --test snapshots",
            failures.len()
        );
        ExitCode::FAILURE
    }

    /// Runs this program again where neither time zone, language nor home are those of whoever runs it.
    fn again(words: &[String]) -> ExitCode {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(words).env("PATHSCOPE_SNAPSHOTS", "1");
        command.env("TZ", "UTC").env("LC_ALL", "C");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env(name, home.path());
        }
        match command.status() {
            Ok(status) if status.success() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}
