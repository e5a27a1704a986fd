//! The script as a recording that stands still, and notes what is asked of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use pathscope::history::{Bounds, History};
use pathscope::model::Line;
use pathscope::source::{Control, Overview, Playback, Source as _, Transport};

use super::{Scripted, full_access, script};

/// What plays it, as far as it does.
pub struct Fixed {
    path: PathBuf,
    playback: Mutex<Playback>,
    overview: Arc<Overview>,
    controls: Arc<Mutex<Vec<Control>>>,
}

impl Scripted {
    /// The whole script, of which `seconds` were played.
    pub fn recorded(seconds: f64) -> Self {
        let mut source = Self::new(full_access());
        let mut whole = History::new(Bounds::default());
        whole.apply(Line::Header(source.header().clone()));
        let lines = script();
        let ends = lines.iter().map(Line::t).fold(0.0, f64::max);
        for line in lines {
            if line.t() <= seconds {
                source.sender.send(line.clone()).unwrap();
            }
            whole.apply(line);
        }
        source.transport = Some(Fixed {
            path: PathBuf::from("/tmp/roaming-stall.pathscope"),
            playback: Mutex::new(Playback {
                is_playing: false,
                speed: 1.0,
                position: seconds,
                begins: 0.0,
                ends,
                length: 4_100_000,
                is_settled: true,
                trouble: None,
            }),
            overview: Arc::new(Overview {
                history: whole,
                read_to: ends,
                is_whole: true,
            }),
            controls: Arc::clone(&source.asked.controls),
        });
        source
    }
}

impl Transport for Fixed {
    fn path(&self) -> Option<&PathBuf> {
        Some(&self.path)
    }

    fn control(&self, control: Control) {
        let mut playback = self.playback.lock().unwrap();
        match control {
            Control::Play => playback.is_playing = true,
            Control::Pause | Control::Step { .. } => playback.is_playing = false,
            Control::SetSpeed(speed) => playback.speed = speed,
            Control::Seek(t) => playback.position = t,
        }
        self.controls.lock().unwrap().push(control);
    }

    fn playback(&self) -> Playback {
        self.playback.lock().unwrap().clone()
    }

    fn overview(&self) -> Arc<Overview> {
        Arc::clone(&self.overview)
    }

    fn restored(&self) -> Option<Box<History>> {
        None
    }
}
