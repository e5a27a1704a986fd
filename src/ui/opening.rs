//! What the window shows while what it is to show is still being made, and that takes its time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{Frame, Margin, Rect, Sense, Ui, vec2};

use super::format;
use super::kit::label;
use super::theme::{Tokens, Type};

const BAR_WIDE: f32 = 320.0;
const BAR_HIGH: f32 = 4.0;

/// How far it is: told by who makes it, read by the window.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Said>>);

#[derive(Debug, Default)]
struct Said {
    words: String,
    /// From 0 to 1, where it can be told.
    share: Option<f32>,
}

impl Progress {
    /// Says what is being done.
    pub fn say(&self, words: &str) {
        words.clone_into(&mut self.said().words);
    }

    /// Says how many of a number are done: `4,120 of 10,000 connections are up`.
    pub fn count(&self, done: usize, of: usize, what: &str) {
        *self.said() = Said {
            words: format!(
                "{} of {} {what}",
                format::in_sentence(done),
                format::in_sentence(of)
            ),
            share: Some(done as f32 / of.max(1) as f32),
        };
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page.
    pub(super) fn ui(&self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        let said = self.said();
        Frame::NONE
            .inner_margin(Margin::symmetric(48, 40))
            .show(ui, |ui| {
                label(ui, "Opening", Type::Empty, tokens.text);
                label(ui, said.words.as_str(), Type::Lead, tokens.text2);
                if let Some(share) = said.share {
                    ui.add_space(16.0);
                    let (bar, _) = ui.allocate_exact_size(vec2(BAR_WIDE, BAR_HIGH), Sense::hover());
                    ui.painter().rect_filled(bar, 2.0, tokens.control);
                    let done = Rect::from_min_size(bar.min, vec2(bar.width() * share, bar.height()));
                    ui.painter().rect_filled(done, 2.0, tokens.text);
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_said_in_words_and_as_a_share() {
        let progress = Progress::default();
        progress.say("Building");
        assert_eq!(progress.said().words, "Building");
        assert_eq!(progress.said().share, None);
        progress.clone().count(4120, 10_000, "connections are up");
        let said = progress.said();
        assert_eq!(said.words, "4,120 of 10,000 connections are up");
        assert!(said.share.is_some_and(|share| (share - 0.412).abs() < 1e-6));
    }
}
