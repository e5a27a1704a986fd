//! What can be opened from the window: the demo beside it, and recordings in it. Files are read and asked for on threads.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use egui::Context;

use super::OpenDemo;
use crate::desktop::choose_recording;
use crate::source::{ReplaySource, Source};

/// A recording that was opened, and what it is called.
type Opened = Result<(Box<dyn Source>, String), String>;

/// What can be opened, and what is being opened.
#[derive(Default)]
pub(super) struct Openings {
    pub demo: Option<OpenDemo>,
    /// Where recordings go that are made in the window.
    pub folder: Option<PathBuf>,
    coming: Option<Receiver<Option<Opened>>>,
}

impl Openings {
    pub(super) fn new(demo: Option<OpenDemo>) -> Self {
        Self {
            demo,
            ..Self::default()
        }
    }

    /// Opens a recording.
    pub(super) fn open(&mut self, path: PathBuf, ctx: &Context) {
        self.work(ctx, move || Some(open(&path)));
    }

    /// Asks for a recording to open.
    pub(super) fn ask(&mut self, ctx: &Context) {
        if self.coming.is_none() {
            self.work(ctx, || match choose_recording() {
                Ok(path) => path.map(|path| open(&path)),
                Err(why) => Some(Err(why)),
            });
        }
    }

    fn work(&mut self, ctx: &Context, work: impl FnOnce() -> Option<Opened> + Send + 'static) {
        let (done, coming) = bounded(1);
        let ctx = ctx.clone();
        // Where there is no thread to be had, the receiver finds its sender gone.
        drop(
            std::thread::Builder::new()
                .name("open".to_owned())
                .spawn(move || {
                    let _ = done.send(work());
                    ctx.request_repaint();
                }),
        );
        self.coming = Some(coming);
    }

    /// The recording that was opened, or why it was not; once.
    pub(super) fn arrived(&mut self) -> Option<Opened> {
        let arrived = match self.coming.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Some(Err("the recording could not be opened".to_owned())),
            Ok(opened) => opened,
        };
        self.coming = None;
        arrived
    }
}

fn open(path: &Path) -> Opened {
    let source = ReplaySource::open(path).map_err(|why| format!("{}: {why}", path.display()))?;
    Ok((Box::new(source), crate::words::recording::title(path)))
}
