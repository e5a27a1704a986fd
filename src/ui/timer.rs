//! When pictures of the window are taken, and when it closes by itself.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use egui::{ColorImage, Context, ViewportCommand};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};

use super::film::{self, FRAME_EVERY, Frame};
use super::{Screenshot, Setup};
use crate::model::text::for_terminal;

/// When to take a picture and when to close.
pub(super) struct Timer {
    /// When what it shows was first there.
    opened: Instant,
    screenshot: Option<Screenshot>,
    closes: Option<Duration>,
    saved: Arc<AtomicBool>,
    /// Whether a frame was asked for that has not come.
    asked: Arc<AtomicBool>,
    film: Arc<Mutex<Vec<Frame>>>,
    pub told_to_end: Arc<AtomicBool>,
}

impl Default for Timer {
    fn default() -> Self {
        Self {
            opened: Instant::now(),
            screenshot: None,
            closes: None,
            saved: Arc::default(),
            asked: Arc::default(),
            film: Arc::default(),
            told_to_end: Arc::default(),
        }
    }
}

impl Timer {
    /// Begins with what is to be shown.
    pub(super) fn begin(&mut self, setup: &Setup) {
        self.opened = Instant::now();
        self.screenshot.clone_from(&setup.screenshot);
        self.closes = setup.seconds;
    }

    /// Whether the window is there for a picture.
    pub(super) fn takes_picture(&self) -> bool {
        self.screenshot.is_some()
    }

    /// Takes the next frame of a moving picture; after the last one writes it.
    fn shoot(&self, screenshot: &Screenshot, open: Duration, ctx: &Context) {
        let frames = || self.film.lock().unwrap_or_else(PoisonError::into_inner);
        if open >= screenshot.after {
            if !self.saved.load(Ordering::Acquire) {
                tell(film::save(&frames(), &screenshot.path), &screenshot.path);
                self.saved.store(true, Ordering::Release);
            }
            return;
        }
        let newest = frames().last().map(|frame| frame.at);
        let due = newest.map_or(Duration::ZERO, |at| at + FRAME_EVERY);
        if open < due {
            ctx.request_repaint_after(due.saturating_sub(open));
        } else if !self.asked.swap(true, Ordering::AcqRel) {
            let (film, asked, ctx_back) = (self.film.clone(), self.asked.clone(), ctx.clone());
            ctx.request_screenshot(move |picture| {
                let frame = Frame::new(open, &picture);
                film.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
                asked.store(false, Ordering::Release);
                ctx_back.request_repaint();
            });
        }
    }

    /// Whether the window closes now.
    pub(super) fn tick(&mut self, ctx: &Context) -> bool {
        let open = self.opened.elapsed();
        if let Some(screenshot) = &self.screenshot {
            let begins = screenshot
                .after
                .saturating_sub(screenshot.film.unwrap_or_default());
            match begins.checked_sub(open) {
                Some(rest) if !rest.is_zero() => ctx.request_repaint_after(rest),
                _ if screenshot.film.is_some() => self.shoot(screenshot, open, ctx),
                _ if !self.asked.swap(true, Ordering::AcqRel) => {
                    let (path, saved, ctx_back) = (screenshot.path.clone(), self.saved.clone(), ctx.clone());
                    ctx.request_screenshot(move |picture| {
                        tell(save(&picture, &path), &path);
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

/// Says that a picture could not be written, if so.
fn tell(written: Result<(), String>, path: &Path) {
    if let Err(error) = written {
        let text = format!("cannot write {}: {error}", path.display());
        eprintln!("pathscope: {}", for_terminal(&text));
    }
}

/// Writes a picture as the smallest of its encodings: pictures of windows have large even areas, and few colours.
pub(super) fn save(picture: &ColorImage, path: &Path) -> Result<(), String> {
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
