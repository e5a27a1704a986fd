//! Opens the window: checks first that it can, says what is missing, closes it when asked to.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, bounded};
use egui::{Context, ViewportBuilder, ViewportCommand, vec2};
use signal_hook::consts::TERM_SIGNALS;
use signal_hook::iterator::Signals;

use super::opening::Progress;
use super::opening_size;
use super::settings::{self, LEAST, Settings, WindowSize};
use super::timer::Timer;
use super::{App, Screenshot, Setup};
use crate::desktop::NetworkManager;

/// How long the window waits to show itself whole, before it shows what is being made.
const SPLASH_AFTER: Duration = Duration::from_millis(700);
/// How often it looks how far that is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When there is no display, a library is missing, or the graphics cannot be set up: in one line, with what helps.
pub fn run(setup: Setup) -> Result<(), String> {
    let (title, settings, screenshot) = (
        setup.title.clone(),
        setup.settings.clone(),
        setup.screenshot.clone(),
    );
    run_while(&title, settings.as_deref(), screenshot.as_ref(), |_| Ok(setup))
}

/// Opens the window while a thread of its own makes what it is to show: so the first frame waits for the slower of
/// both, not for one after the other. What takes longer is shown with how far it is. The window is as large as `file`
/// remembers, or as a picture is to be.
///
/// # Errors
/// What `make` says, and as [`run`].
pub fn run_while(
    title: &str,
    file: Option<&Path>,
    screenshot: Option<&Screenshot>,
    make: impl FnOnce(&Progress) -> Result<Setup, String> + Send + 'static,
) -> Result<(), String> {
    check(|name| std::env::var_os(name), has_library)?;
    let before = file.map_or_else(Settings::default, settings::remembered);
    let WindowSize {
        width,
        height,
        maximized,
    } = screenshot.map_or(before.window, Screenshot::window);
    let is_picture = screenshot.is_some();
    let (progress, (done, made)) = (Progress::default(), bounded(1));
    let told = progress.clone();
    std::thread::Builder::new()
        .name("open".to_owned())
        .spawn(move || drop(done.send(make(&told))))
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_app_id("org.pathscope.Pathscope")
            .with_inner_size(opening_size::MORE_THAN_ANY_SCREEN)
            .with_maximized(maximized),
        window_builder: Some(Box::new(move |asked| {
            opening_size::fit(asked, vec2(width, height), LEAST.into(), is_picture)
        })),
        ..eframe::NativeOptions::default()
    };
    let failure: Arc<Mutex<Option<String>>> = Arc::default();
    let mut window = Window {
        app: None,
        progress,
        made,
        timer: Timer::default(),
        failure: Arc::clone(&failure),
    };
    let create = move |context: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let ctx = &context.egui_ctx;
        end_on_signals(ctx, &window.timer.told_to_end)?;
        match window.made.recv_timeout(SPLASH_AFTER) {
            Ok(setup) => window.show(setup?, ctx),
            Err(RecvTimeoutError::Timeout) => App::dress(ctx, before.theme),
            Err(RecvTimeoutError::Disconnected) => return Err(NOT_MADE.into()),
        }
        Ok(Box::new(window))
    };
    let title = format!("Pathscope: {title}");
    let ran = eframe::run_native(&title, options, Box::new(create))
        .map_err(|error| not_opened(&error, |name| std::env::var(name).ok()));
    let failed = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    ran.and_then(|()| failed.map_or(Ok(()), Err))
}

const NOT_MADE: &str = "what it shows could not be made";

/// Why no window opened, and what to do about it.
fn not_opened(error: &eframe::Error, variable: impl Fn(&str) -> Option<String>) -> String {
    match error {
        eframe::Error::AppCreation(error) => error.to_string(),
        // The event loop begins by connecting to the display, before anything of OpenGL.
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => {
            let name = if is_wayland(&variable) {
                "WAYLAND_DISPLAY"
            } else {
                "DISPLAY"
            };
            let display = variable(name).unwrap_or_default();
            format!(
                "the display '{display}' ({name}) cannot be reached: {}; give one that is there, or try: pathscope \
                 list, pathscope watch",
                without_place(&error.to_string())
            )
        }
        error => format!(
            "the window could not be opened: {}. Is OpenGL there? On Debian: libgl1 libegl1",
            without_place(&error.to_string())
        ),
    }
}

/// Without the place in somebody's source that winit puts before what it says: `os error at FILE:LINE: `.
fn without_place(text: &str) -> String {
    const MARK: &str = "os error at ";
    let text = text
        .trim_start_matches("winit EventLoopError: ")
        .trim_start_matches("winit error: ");
    let Some((before, after)) = text.split_once(MARK) else {
        return text.to_owned();
    };
    let is_line = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = after.split(':');
    let place: usize = parts
        .by_ref()
        .take_while(|part| !is_line(part))
        .map(|part| part.len() + 1)
        .sum();
    let rest = after.get(place..).unwrap_or_default();
    let rest = rest
        .split_once(": ")
        .map_or("it gave no reason", |(_, rest)| rest);
    format!("{before}{rest}")
}

/// Where recordings go: where this person's documents are.
fn recordings_folder() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    let documents = folders.document_dir().filter(|folder| folder.is_dir());
    Some(documents.unwrap_or(folders.home_dir()).to_owned())
}

impl Screenshot {
    /// The window that it is a picture of: present mode on a projector, every panel on a desk.
    fn window(&self) -> WindowSize {
        let usual = WindowSize::default();
        match self.panel.as_str() {
            "present" => WindowSize {
                width: 1280.0,
                height: 720.0,
                ..usual
            },
            // As large as a page shows it.
            _ if self.film.is_some() => WindowSize {
                width: 1120.0,
                height: 700.0,
                ..usual
            },
            _ => usual,
        }
    }
}

/// What must be there, and the Debian package that has it.
const X11: [(&str, &str); 4] = [
    ("libX11.so.6", "libx11-6"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libXcursor.so.1", "libxcursor1"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
];
const WAYLAND: [(&str, &str); 2] = [
    ("libwayland-egl.so.1", "libwayland-egl1"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
];
const GL: [(&str, &str); 2] = [("libGL.so.1", "libgl1"), ("libEGL.so.1", "libegl1")];

/// Whether a window can be opened at all.
fn check<V: AsRef<OsStr>>(
    variable: impl Fn(&str) -> Option<V>,
    has: impl Fn(&str) -> bool,
) -> Result<(), String> {
    let wayland = is_wayland(&variable);
    let x11 = variable("DISPLAY").is_some_and(|value| !value.as_ref().is_empty());
    if !wayland && !x11 {
        return Err(
            "there is no display: neither WAYLAND_DISPLAY nor DISPLAY is set. \
                    Without one, try: pathscope list, pathscope watch"
                .to_owned(),
        );
    }
    let needed = if wayland {
        WAYLAND.as_slice()
    } else {
        X11.as_slice()
    };
    let missing = |(library, package): &&(&str, &'static str)| (!has(library)).then_some(*package);
    let mut packages: Vec<&str> = needed.iter().filter_map(|library| missing(&library)).collect();
    if GL.iter().all(|(library, _)| !has(library)) {
        packages.push("libgl1");
    }
    if packages.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the window needs libraries that are not here. On Debian: apt install {}",
        packages.join(" ")
    ))
}

/// Whether the window will be one of Wayland, which is taken where both are there.
fn is_wayland<V: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<V>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.as_ref().is_empty());
    set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET")
}

fn has_library(name: &str) -> bool {
    // SAFETY: these are the system's display libraries, which the window loads next in any case; their
    // initialisers have no conditions, and no symbol is used here.
    #[expect(unsafe_code, reason = "loading a library runs its initialisers")]
    let library = unsafe { libloading::Library::new(name) };
    // It stays loaded: the window takes it from here.
    library.map(std::mem::forget).is_ok()
}

/// Closes the window on the signals that ask a program to end, as its own button would: what it remembers is
/// saved. A second one ends the program at once.
fn end_on_signals(ctx: &Context, told_to_end: &Arc<AtomicBool>) -> std::io::Result<()> {
    // Before what notes the first one, so that the first one is not taken for the second.
    for signal in TERM_SIGNALS {
        signal_hook::flag::register_conditional_shutdown(*signal, 1, Arc::clone(told_to_end))?;
    }
    let mut signals = Signals::new(TERM_SIGNALS)?;
    let (ctx, told_to_end) = (ctx.clone(), Arc::clone(told_to_end));
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                told_to_end.store(true, Ordering::Release);
                ctx.request_repaint();
            }
        })?;
    Ok(())
}

struct Window {
    /// What it shows, once it is made.
    app: Option<App>,
    progress: Progress,
    made: Receiver<Result<Setup, String>>,
    timer: Timer,
    /// Why it could not be made.
    failure: Arc<Mutex<Option<String>>>,
}

impl Window {
    fn show(&mut self, setup: Setup, ctx: &Context) {
        self.timer.begin(&setup);
        let on_a_desktop = setup.screenshot.is_none();
        let mut app = App::new(ctx, setup);
        if on_a_desktop {
            let wayland = is_wayland(|name| std::env::var_os(name));
            app.begin_desktop(!wayland, ctx);
            let again = ctx.clone();
            if let Some(folder) = recordings_folder() {
                app.offer_recording(folder, ctx);
            }
            app.ask_network_manager(NetworkManager::open(move || again.request_repaint()));
        }
        self.app = Some(app);
    }

    /// Takes what was made since; where that failed the window closes.
    fn take(&mut self, ctx: &Context) {
        let why = match self.made.try_recv() {
            Ok(Ok(setup)) => return self.show(setup, ctx),
            Err(TryRecvError::Empty) => return ctx.request_repaint_after(LOOK_EVERY),
            Ok(Err(why)) => why,
            Err(TryRecvError::Disconnected) => NOT_MADE.to_owned(),
        };
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        if self.app.is_none() {
            self.take(ctx);
        }
        if let Some(app) = &mut self.app {
            app.logic(ctx);
        }
        let ends = self.timer.tick(ctx);
        if let Some(app) = &mut self.app {
            app.tick_desktop(ends, ctx);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        match &mut self.app {
            Some(app) if app.paints_nothing() => {}
            Some(app) => app.ui(ui),
            None => self.progress.ui(ui),
        }
    }

    fn raw_input_hook(&mut self, _ctx: &Context, input: &mut egui::RawInput) {
        // A picture shows the window, not where somebody left the pointer.
        if self.timer.takes_picture() {
            input
                .events
                .retain(|event| !matches!(event, egui::Event::PointerMoved(_)));
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(set: &[&str], missing: &[&str]) -> Result<(), String> {
        check(
            |name| set.contains(&name).then_some("1"),
            |library| !missing.contains(&library),
        )
    }

    #[test]
    fn without_a_display_the_headless_commands_are_named() {
        let error = verdict(&[], &[]).expect_err("no display");
        assert!(error.contains("pathscope watch"), "{error}");
    }

    #[test]
    fn the_package_of_a_missing_library_is_named() {
        let error = verdict(&["DISPLAY"], &["libxkbcommon-x11.so.0"]).expect_err("a missing library");
        assert!(error.ends_with("apt install libxkbcommon-x11-0"), "{error}");
        let error = verdict(&["WAYLAND_DISPLAY"], &["libwayland-egl.so.1"]).expect_err("a missing library");
        assert!(error.ends_with("apt install libwayland-egl1"), "{error}");
    }

    #[test]
    fn a_display_that_is_not_there_is_named_and_no_source_file() {
        let said = "winit EventLoopError: os error at /home/build/.cargo/registry/src/x/winit-0.30.12/src/linux.rs:765: \
                    neither `wayland-0` nor `:9`: XOpenDisplayFailed";
        assert_eq!(
            without_place(said),
            "neither `wayland-0` nor `:9`: XOpenDisplayFailed"
        );
        for (text, rest) in [
            ("no place", "no place"),
            ("os error at f.rs:1: ", ""),
            ("os error at f.rs", "it gave no reason"),
            ("os error at f.rs:12", "it gave no reason"),
        ] {
            assert_eq!(without_place(text), rest, "{text}");
        }
    }

    #[test]
    fn one_way_to_opengl_is_enough() {
        assert_eq!(verdict(&["DISPLAY"], &["libGL.so.1"]), Ok(()));
        assert!(verdict(&["DISPLAY"], &["libGL.so.1", "libEGL.so.1"]).is_err());
    }
}
