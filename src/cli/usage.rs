//! Reading the arguments, and saying what is wrong with them, or what there are.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _};

use super::columns::wrapped_lines;
use super::examples::{examples_of, paragraph};
use super::output::{print_help, terminal_width};
use super::{Arguments, Failure};
use crate::filter::NOT;
use crate::model::text::bytes_for_terminal;

/// Help is no wider, however wide the terminal is.
const WIDEST: usize = 100;

/// The arguments, where they make sense. If not, or where they ask for help, that is said; what is left is the exit
/// code.
///
/// # Errors
/// The exit code.
pub fn arguments(words: &[OsString]) -> Result<Arguments, ExitCode> {
    let words = &filter_words(words);
    let width = terminal_width().map_or(WIDEST, |width| width.min(WIDEST));
    let error = match parse(words, width) {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    if error.kind() == ErrorKind::InvalidUtf8 {
        return Err(no_text(words).tell());
    }
    // clap repeats words as they came. So it is asked again, about words as a terminal may have them: they are wrong
    // in the same way, because a word that changes has a backslash then, which nothing that clap knows has.
    let shown: Vec<OsString> = words
        .iter()
        .map(|word| bytes_for_terminal(word.as_encoded_bytes()).into())
        .collect();
    Err(match parse(&shown, width) {
        Ok(_) => Failure::usage("these words make no sense; 'pathscope --help' shows those that do").tell(),
        Err(error) => {
            // clap breaks the lines of descriptions, and not those of usage, which are long.
            let lines = wrapped_lines(&error.render().to_string(), width);
            let is_asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            print_help(&lines, !is_asked);
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    })
}

/// The words with those of `list` that begin with a hyphen, as they may in the window, in the other form: to clap they
/// would be options. `-port:22` is none, since no short option has a name of more than a letter.
fn filter_words(words: &[OsString]) -> Vec<OsString> {
    let list = words
        .iter()
        .position(|word| *word == "list")
        .unwrap_or(words.len());
    let mut is_option = true;
    let one = |(place, word): (usize, &OsString)| {
        is_option &= *word != "--";
        let text = word.to_str().filter(|_| place > list && is_option);
        let rest = text.and_then(|text| text.strip_prefix(NOT[0]));
        let rest = rest.filter(|rest| rest.chars().count() > 1 && !rest.starts_with(NOT[0]));
        rest.map_or_else(|| word.clone(), |rest| format!("{}{rest}", NOT[1]).into())
    };
    words.iter().enumerate().map(one).collect()
}

fn parse(words: &[OsString], width: usize) -> Result<Arguments, clap::Error> {
    let command = with_examples(Arguments::command(), "").term_width(width);
    let mut matches = command.try_get_matches_from(words)?;
    Arguments::from_arg_matches_mut(&mut matches)
}

/// A command whose help ends with its examples.
fn with_examples(command: Command, words: &str) -> Command {
    let below: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let mut command = command;
    for name in below {
        let words = format!("{words} {name}");
        command = command.mut_subcommand(&name, |below| with_examples(below, words.trim()));
    }
    let examples = examples_of(words);
    if examples.is_empty() {
        return command;
    }
    let before = command.get_after_help().map(|text| format!("\n\n{text}"));
    let help = format!("{}{}", paragraph(examples), before.unwrap_or_default());
    command.after_help(help)
}

fn no_text(words: &[OsString]) -> Failure {
    let broken = words.iter().filter(|word| word.to_str().is_none());
    let broken: Vec<_> = broken.map(|word| format!("'{}'", word.display())).collect();
    Failure::usage(format!(
        "{} is no UTF-8, as names and values must be; write it in UTF-8",
        broken.join(" or ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_hyphen_is_a_filter_word_of_list_and_an_option_elsewhere() {
        let given = |line: &str| {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let words = filter_words(&words);
            let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
            words.join(" ")
        };
        assert_eq!(given("p list -port:22 -h --json"), "p list !port:22 -h --json");
        assert_eq!(given("p --netns -x list ssh"), "p --netns -x list ssh");
        assert_eq!(given("p list -- -port:22"), "p list -- -port:22");
        assert_eq!(given("p watch -xy"), "p watch -xy");
    }
}
