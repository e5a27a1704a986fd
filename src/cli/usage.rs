//! Reading the arguments, and saying what is wrong with them.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use super::{Arguments, Failure};
use crate::model::text::bytes_for_terminal;

/// The arguments, where they make sense. If not, or where they ask for help, that is said; what is left is the exit
/// code.
///
/// # Errors
/// The exit code.
pub fn arguments(words: &[OsString]) -> Result<Arguments, ExitCode> {
    let error = match Arguments::try_parse_from(words) {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    if error.kind() == ErrorKind::InvalidUtf8 {
        return Err(no_text(words).tell());
    }
    // clap repeats words as they came. So it is asked again, about words as a terminal may have them: they are wrong
    // in the same way, because a word that changes has a backslash then, which nothing that clap knows has.
    let shown = words
        .iter()
        .map(|word| bytes_for_terminal(word.as_encoded_bytes()));
    Err(match Arguments::try_parse_from(shown) {
        Ok(_) => Failure::usage("these words make no sense; 'pathscope --help' shows those that do").tell(),
        Err(error) => {
            // Where nobody reads it, nothing is left to be said.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    })
}

fn no_text(words: &[OsString]) -> Failure {
    let broken = words.iter().filter(|word| word.to_str().is_none());
    let broken: Vec<_> = broken.map(|word| format!("'{}'", word.display())).collect();
    Failure::usage(format!(
        "{} is no UTF-8, as names and values must be; write it in UTF-8",
        broken.join(" or ")
    ))
}
