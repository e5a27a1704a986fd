//! A talk: present mode on real connections. One test reads the sentence while links are cut; the other goes through the
//! scenarios in the real window by keys alone, with pictures to look at in `target/rehearsal` (`make rehearsal` takes
//! three minutes for it).

#![cfg(feature = "gui")]

mod common;
#[path = "desktop/screen.rs"]
mod screen;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command};
use std::rc::Rc;
use std::time::{Duration, Instant};

use egui::{Key, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pathscope::kernel::Namespace;
use pathscope::lab::{self, Lab};
use pathscope::source::{LiveSource, Options};
use pathscope::ui::{App, Setup, Theme};

use self::screen::{Keysym, Screen};

const LIMIT: Duration = Duration::from_mins(1);
/// How long what a key did is watched before it is pressed again.
const ACT: Duration = Duration::from_secs(10);
const PICTURE_EVERY: Duration = Duration::from_secs(10);

/// Present mode over a laboratory that is driven from here.
struct Talk {
    harness: Harness<'static>,
    lab: Lab,
    said: BTreeSet<String>,
}

impl Talk {
    fn open(scenario: &str) -> Self {
        let options = lab::Options {
            automatic: false,
            program: Some(common::pathscope()),
            ..lab::Options::default()
        };
        let scenario = lab::scenario(scenario).expect("a scenario");
        let lab = Lab::start(scenario, &options).expect("a laboratory");
        let namespace = Namespace::open(&lab.netns().to_string_lossy()).expect("a namespace");
        let source = LiveSource::open(&namespace, &Options::default()).expect("a source");
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
            .with_size([1280.0, 720.0])
            .with_context_setup(move |ctx| *made.borrow_mut() = Some(App::new(ctx, setup)))
            .build_ui(move |ui| slot.borrow_mut().as_mut().expect("an app").ui(ui));
        let talk = Self {
            harness,
            lab,
            said: BTreeSet::new(),
        };
        talk.harness.key_press(Key::F11);
        talk
    }

    /// The sentence of the next frame.
    fn sentence(&mut self) -> String {
        self.harness.step();
        let mut headings = self.harness.query_all_by_role(Role::Heading);
        let first = headings
            .next()
            .map(|node| node.accesskit_node().label().unwrap_or_default());
        first.unwrap_or_default()
    }

    /// Frames until the sentence is one of these; each one before is held against what must not be said now.
    fn until(&mut self, what: &str, is_it: impl Fn(&str) -> bool, wrong: &[&str]) {
        let said = common::wait_for(what, LIMIT, || {
            let sentence = self.sentence();
            for wrong in wrong {
                assert!(!sentence.contains(wrong), "{what}: {sentence}");
            }
            let words = sentence
                .split(|c: char| c.is_ascii_digit())
                .next()
                .unwrap_or_default();
            self.said.insert(words.to_owned());
            is_it(&sentence).then_some(sentence)
        });
        eprintln!("{what}: {said}");
    }

    /// What a link has carried out of the laptop, bytes.
    fn carried(&self, link: &str) -> u64 {
        let shown = common::output(&self.lab.netns(), &["cat", "/proc/net/dev"]);
        let line = shown
            .lines()
            .find_map(|line| line.trim().strip_prefix(link)?.strip_prefix(':'));
        let sent = line.and_then(|line| line.split_whitespace().nth(8)?.parse().ok());
        sent.expect("the link's counters")
    }

    /// Unplugs a link, and returns once that is done.
    fn cut(&self, link: &str) {
        self.lab.plug(link, false).expect("an order");
        common::wait_for("the cut", LIMIT, || {
            let links = self.lab.links();
            links
                .iter()
                .any(|one| one.name == link && !one.plugged)
                .then_some(())
        });
    }
}

#[test]
fn the_sentence_follows_what_happens_on_real_connections() {
    const MOVED: &str = "Data moved to Ethernet";
    if !common::can_make_namespaces("the sentence of present mode") {
        return;
    }
    let mut talk = Talk::open("handover");
    talk.until("at first", |said| said.contains("over Wi-Fi and Ethernet"), &[]);
    // What flows steadily is what a loss is told of.
    for link in ["wifi", "ethernet"] {
        let carried = talk.carried(link);
        common::wait_for(&format!("{link} to carry"), LIMIT, || {
            talk.sentence();
            (talk.carried(link) > carried + 8_000_000).then_some(())
        });
    }
    talk.cut("wifi");
    talk.until("Wi-Fi went", |said| said.starts_with("Wi-Fi lost"), &["No path"]);
    talk.until("its end", |said| said.contains(MOVED), &["Ethernet lost"]);
    // Whichever of its sentences a busy machine left time for.
    let while_it_lasted = |said: &String| said.starts_with("Wi-Fi lost") && !said.contains(MOVED);
    assert!(
        talk.said.iter().any(while_it_lasted),
        "it was told while it lasted: {:?}",
        talk.said
    );
    talk.cut("ethernet");
    talk.until("Ethernet went", |said| !said.contains(MOVED), &["No path"]);
    // From now on Ethernet is down, and so are all sentences that would have it carry.
    let wrong = [MOVED, "over Ethernet", "Ethernet delivers", "Ethernet carries"];
    talk.until("the phone has it", |said| said.contains("Phone"), &wrong);
    talk.until("and its end", |said| said.contains("Data moved to Phone"), &wrong);
}

/// The real window under a display of its own.
struct Window {
    screen: Screen,
    demo: Child,
    id: u32,
    folder: std::path::PathBuf,
    taken: usize,
    began: Instant,
    /// When the next picture is due, since then.
    next: Duration,
}

impl Window {
    fn open(home: &Path) -> Option<Self> {
        let screen = Screen::start()?;
        let demo = Command::new(common::pathscope())
            .args(["demo", "--scenario", "handover"])
            .env("DISPLAY", &screen.name)
            .env("WAYLAND_DISPLAY", "")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("HOME", home)
            .env("XDG_DATA_HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .spawn()
            .expect("the demo");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/rehearsal");
        std::fs::create_dir_all(&folder).expect("a folder");
        let window = common::wait_for("the window", LIMIT, || {
            screen.window().filter(|window| screen.shows(*window))
        });
        Some(Self {
            screen,
            demo,
            id: window,
            folder,
            taken: 0,
            began: Instant::now(),
            next: PICTURE_EVERY,
        })
    }

    fn key(&mut self, key: Keysym) {
        let status = self.demo.try_wait().expect("its state");
        assert!(status.is_none(), "the demo ended: {status:?}");
        self.screen.press(self.id, key);
    }

    /// How many pixels at the top are those of what does not deliver: the figure of a handover.
    fn red(&self) -> usize {
        let picture = self.screen.picture(self.id);
        let pixels = picture
            .enumerate_pixels()
            .filter(|(_, y, _)| *y < picture.height() / 8);
        pixels
            .filter(|(_, _, pixel)| pixel.0 == [0xff, 0x7a, 0x66, 0xff])
            .count()
    }

    /// Whether a part of the window that anybody sees looks otherwise than before.
    fn differs_from(&self, before: &image::RgbaImage) -> bool {
        let now = self.screen.picture(self.id);
        let different = now.pixels().zip(before.pixels()).filter(|(a, b)| a != b).count();
        different > now.pixels().len() / 50
    }

    fn picture(&mut self) -> image::RgbaImage {
        self.taken += 1;
        let picture = self.screen.picture(self.id);
        let name = format!("{:02}-at-{}s.png", self.taken, self.began.elapsed().as_secs());
        picture.save(self.folder.join(name)).expect("a file");
        picture
    }

    /// Lets the talk go on, with a picture every ten seconds.
    fn go_on(&mut self, until: Duration) {
        while self.began.elapsed() < until {
            let wake = until.min(self.next).saturating_sub(self.began.elapsed());
            // A talk takes its time; nothing is waited for.
            std::thread::sleep(wake);
            if self.began.elapsed() >= self.next {
                self.picture();
                self.next += PICTURE_EVERY;
            }
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.demo.kill();
        let _ = self.demo.wait();
    }
}

/// How long the talk is; at least what its acts take.
fn length() -> Duration {
    let seconds = std::env::var("PATHSCOPE_REHEARSAL_SECONDS");
    let seconds = seconds.ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

#[test]
fn a_talk_by_keys_alone() {
    if !common::can_make_namespaces("a talk by keys") {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let Some(mut talk) = Window::open(home.path()) else {
        common::did_not_run("a talk by keys", "Xvfb is missing (make test installs it)");
        return;
    };
    let window = talk.picture();
    talk.key(Keysym::F11);
    common::wait_for("present mode", LIMIT, || talk.differs_from(&window).then_some(()));
    // By hand from the first cut on: the figure of the loss counts, and stays when it is over.
    talk.key(Keysym::H);
    talk.key(Keysym::DIGITS[0]);
    let mut pressed = Instant::now();
    common::wait_for("the loss to be told", LIMIT, || {
        // What was not carrying yet, or was away already, is no loss: once more.
        if pressed.elapsed() > ACT {
            talk.key(Keysym::DIGITS[0]);
            pressed = Instant::now();
        }
        (talk.red() > 100).then_some(())
    });
    talk.picture();
    talk.key(Keysym::DIGITS[0]);
    let (length, scenarios) = (length(), u32::try_from(lab::scenarios().len()).expect("few"));
    let rehearses = length > Duration::ZERO;
    for number in 1..=scenarios {
        if rehearses {
            let at = |tenths: u32| length * (10 * (number - 1) + tenths) / (10 * scenarios);
            talk.go_on(at(5));
            // Another connection, and the first link by hand and back.
            talk.key(Keysym::DOWN);
            talk.key(Keysym::DIGITS[0]);
            talk.go_on(at(8));
            talk.key(Keysym::DIGITS[0]);
            talk.key(Keysym::UP);
            talk.key(Keysym::H);
            talk.go_on(at(10));
        }
        let before = talk.picture();
        talk.key(if number == scenarios { Keysym::P } else { Keysym::N });
        common::wait_for("the next scenario", LIMIT, || {
            talk.differs_from(&before).then_some(())
        });
        if !rehearses {
            break;
        }
    }
    talk.picture();
    talk.key(Keysym::F11);
}
