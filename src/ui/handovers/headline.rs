//! What happened, in a sentence whose figure can be painted apart.

use std::fmt;

use super::list;
use crate::history::handover::{Fate, Handover, Incident, Uninterrupted, duration};
use crate::ui::view::View;

/// `Wi-Fi lost. Data moved to Ethernet after 207 ms ± 20.`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ui) struct Headline {
    /// All before the figure; the whole sentence where there is none.
    pub words: String,
    /// The interruption and its uncertainty.
    pub figure: Option<(String, String)>,
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        match &self.figure {
            Some((length, uncertainty)) => write!(f, " {length} ± {uncertainty}."),
            None => Ok(()),
        }
    }
}

/// The sentence of an incident.
pub(in crate::ui) fn headline(incident: &Incident, view: &View<'_>) -> Headline {
    let what = list::cause(incident, view);
    let Some(worst) = incident.worst() else {
        let words = match &incident.to {
            Some(to) if incident.cause.is_chosen() => {
                let path = view.path(Some(to)).name;
                format!("Data moved to {path} without an interruption")
            }
            _ => match incident.uninterrupted() {
                Some(Uninterrupted::NothingToSend) => "Nothing was to be sent".to_owned(),
                Some(Uninterrupted::Unknown) => "Nothing has come in since".to_owned(),
                Some(Uninterrupted::AsUsual) => "No interruption beyond the usual pauses".to_owned(),
                Some(Uninterrupted::Moved) => "No interruption".to_owned(),
                None => "How long it waited was not seen".to_owned(),
            },
        };
        return Headline {
            words: format!("{what}. {words}."),
            figure: None,
        };
    };
    let fate = incident.members.first().map(Handover::fate);
    let words = match &incident.to {
        Some(to) if Some(to) == incident.from.as_ref() => {
            format!("{what}. {} delivered again after", view.path(Some(to)).name)
        }
        Some(to) => format!("{what}. Data moved to {} after", view.path(Some(to)).name),
        None if fate == Some(Fate::Waits) => format!("{what}. Nothing has been delivered for"),
        None if fate == Some(Fate::LivedOn) => format!("{what}. Delivered again after"),
        None => format!("{what}. Nothing was delivered for"),
    };
    Headline {
        words,
        figure: Some(duration(worst.ms, worst.uncertainty_ms)),
    }
}
