//! Opens the window: checks first that it can, says what is missing, closes it when asked to.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use egui::{ColorImage, Context, ViewportBuilder, ViewportCommand};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use signal_hook::consts::TERM_SIGNALS;
use signal_hook::iterator::Signals;

use super::settings::{self, LEAST, WindowSize};
use super::{App, Screenshot, Setup};
use crate::desktop::NetworkManager;

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When there is no display, a library is missing, or the graphics cannot be set up: in one line, with what helps.
pub fn run(setup: Setup) -> Result<(), String> {
    let title = setup.title.clone();
    let size = match (&setup.screenshot, &setup.settings) {
        (Some(screenshot), _) => screenshot.window(),
        (None, Some(file)) => settings::window_size(file),
        (None, None) => WindowSize::default(),
    };
    open(&title, size, || Ok(setup))
}

/// Opens the window while a thread of its own makes what it is to show: so the first frame waits for the slower of
/// both, not for one after the other. It is as large as `file` remembers.
///
/// # Errors
/// What `make` says, and as [`run`].
pub fn run_while(
    title: &str,
    file: Option<&Path>,
    make: impl FnOnce() -> Result<Setup, String> + Send + 'static,
) -> Result<(), String> {
    open(
        title,
        file.map_or_else(WindowSize::default, settings::window_size),
        make,
    )
}

fn open(
    title: &str,
    size: WindowSize,
    make: impl FnOnce() -> Result<Setup, String> + Send + 'static,
) -> Result<(), String> {
    let opened = Instant::now();
    check(|name| std::env::var_os(name), has_library)?;
    let WindowSize {
        width,
        height,
        maximized,
    } = size;
    let setup = std::thread::Builder::new()
        .name("open".to_owned())
        .spawn(make)
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_app_id("org.pathscope.Pathscope")
            .with_inner_size([width, height])
            .with_maximized(maximized)
            .with_min_inner_size(LEAST),
        ..eframe::NativeOptions::default()
    };
    let title = format!("Pathscope: {title}");
    let create = move |context: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let setup = setup.join().map_err(|_| "what it shows could not be made")??;
        let timer = Timer::new(opened, &setup);
        end_on_signals(&context.egui_ctx, &timer.told_to_end)?;
        let on_a_desktop = setup.screenshot.is_none();
        let mut app = App::new(&context.egui_ctx, setup);
        if on_a_desktop {
            let wayland = is_wayland(|name| std::env::var_os(name));
            app.begin_desktop(!wayland, &context.egui_ctx);
            let ctx = context.egui_ctx.clone();
            app.ask_network_manager(NetworkManager::open(move || ctx.request_repaint()));
        }
        Ok(Box::new(Window { app, timer }))
    };
    eframe::run_native(&title, options, Box::new(create)).map_err(|error| match error {
        eframe::Error::AppCreation(error) => error.to_string(),
        error => {
            format!("the window could not be opened: {error}. Is OpenGL there? On Debian: libgl1 libegl1")
        }
    })
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

/// When to take a picture and when to close.
struct Timer {
    opened: Instant,
    screenshot: Option<Screenshot>,
    closes: Option<std::time::Duration>,
    saved: Arc<AtomicBool>,
    asked: bool,
    told_to_end: Arc<AtomicBool>,
}

impl Timer {
    fn new(opened: Instant, setup: &Setup) -> Self {
        Self {
            opened,
            screenshot: setup.screenshot.clone(),
            closes: setup.seconds,
            saved: Arc::default(),
            asked: false,
            told_to_end: Arc::default(),
        }
    }

    /// Whether the window closes now.
    fn tick(&mut self, ctx: &Context) -> bool {
        let open = self.opened.elapsed();
        if let Some(screenshot) = &self.screenshot {
            match screenshot.after.checked_sub(open) {
                Some(rest) if !rest.is_zero() => ctx.request_repaint_after(rest),
                _ if !self.asked => {
                    self.asked = true;
                    let (path, saved, ctx_back) = (screenshot.path.clone(), self.saved.clone(), ctx.clone());
                    ctx.request_screenshot(move |picture| {
                        if let Err(error) = save(&picture, &path) {
                            eprintln!("pathscope: cannot write {}: {error}", path.display());
                        }
                        saved.store(true, Ordering::Release);
                        ctx_back.request_repaint();
                    });
                }
                _ => {}
            }
        }
        let over =
            self.closes.is_some_and(|closes| open >= closes) || self.told_to_end.load(Ordering::Acquire);
        let ends = over || self.saved.load(Ordering::Acquire);
        if ends {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else if let Some(closes) = self.closes {
            ctx.request_repaint_after(closes.saturating_sub(open));
        }
        ends
    }
}

/// Writes a picture as the smallest of its encodings: pictures of windows have large even areas, and few colours.
fn save(picture: &ColorImage, path: &Path) -> Result<(), String> {
    let [width, height] = picture.size;
    let bytes: Vec<u8> = picture
        .pixels
        .iter()
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    let size = |side: usize| u32::try_from(side).map_err(|error| error.to_string());
    let (width, height) = (size(width)?, size(height)?);
    let mut smallest: Option<Vec<u8>> = None;
    for filter in [FilterType::NoFilter, FilterType::Up, FilterType::Paeth] {
        let mut file = Vec::new();
        PngEncoder::new_with_quality(&mut file, CompressionType::Best, filter)
            .write_image(&bytes, width, height, ExtendedColorType::Rgb8)
            .map_err(|error| error.to_string())?;
        if smallest.as_ref().is_none_or(|least| file.len() < least.len()) {
            smallest = Some(file);
        }
    }
    std::fs::write(path, smallest.unwrap_or_default()).map_err(|error| error.to_string())
}

struct Window {
    app: App,
    timer: Timer,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.app.logic(ctx);
        let ends = self.timer.tick(ctx);
        self.app.tick_desktop(ends, ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        if !self.app.paints_nothing() {
            self.app.ui(ui);
        }
    }

    fn raw_input_hook(&mut self, _ctx: &Context, input: &mut egui::RawInput) {
        // A picture shows the window, not where somebody left the pointer.
        if self.timer.screenshot.is_some() {
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
    fn one_way_to_opengl_is_enough() {
        assert_eq!(verdict(&["DISPLAY"], &["libGL.so.1"]), Ok(()));
        assert!(verdict(&["DISPLAY"], &["libGL.so.1", "libEGL.so.1"]).is_err());
    }
}
