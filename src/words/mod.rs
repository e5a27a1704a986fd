//! Sentences for people, made from typed data: one file a topic, plain functions, no state.
//!
//! Everything below this floor says what is so in types, and everything that decides, decides by them. What the window,
//! the command line and the desktop say of it is made here and nowhere else, so that a language is a change of this room.
//!
//! What is **in** here: sentences and words about what was measured, what happened, what was asked for and what is
//! permitted ([`connection`], [`handover`], [`notice`], [`event`], [`command`], [`finding`], [`access`], [`endpoint`], [`error`], [`state`], [`teardown`],
//! [`path`], [`pause`], [`desktop`], [`empty`], [`recording`], [`report`], [`waiting`], [`counter`], [`lab`], [`present`], [`running`]), and how
//! numbers, times and their units are written ([`units`]).
//!
//! What is **not**: static labels of widgets (names of buttons, tabs, columns and headings, and their hints) stand in the
//! panels beside what they label. Errors of [`crate::kernel`], [`crate::bus`], [`crate::source`] and [`crate::lab`] say
//! themselves what went wrong, because the helper, which has no window, says the same. The text forms of [`crate::model`]
//! are the public schema's and stay English: `why_not`, the names of events and states.
//!
//! Names that others chose come in and go out as they are. Who shows a text makes it harmless for where it goes
//! ([`crate::model::text`]).

pub mod access;
pub mod command;
pub mod connection;
pub mod counter;
pub mod desktop;
pub mod empty;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod finding;
pub mod handover;
pub mod lab;
pub mod notice;
pub mod path;
pub mod pause;
pub mod present;
pub mod recording;
pub mod report;
pub mod running;
pub mod state;
pub mod teardown;
pub mod units;
pub mod waiting;

/// A text as a sentence of its own: it begins with a capital and ends with a full stop.
pub fn as_sentence(text: &str) -> String {
    let mut sentence = capitalised(text);
    sentence.push('.');
    sentence
}

/// A text that begins with a capital.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A text as it stands within a sentence.
pub fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

/// A list within a sentence: `Wi-Fi, Ethernet and Phone`.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_a_beginning_and_an_end() {
        assert_eq!(as_sentence("run as root"), "Run as root.");
        assert_eq!(as_sentence("äther"), "Äther.");
        assert_eq!(capitalised(""), "");
    }

    #[test]
    fn a_list_has_one_and() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["Wi-Fi"]), "Wi-Fi");
        assert_eq!(
            listed(&["Wi-Fi", "Ethernet", "Phone"]),
            "Wi-Fi, Ethernet and Phone"
        );
    }
}
