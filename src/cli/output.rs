//! The one place where text is written for people: standard output, which may close early, and the ways to fail.
//!
//! What others chose is made harmless here and nowhere else; a line cannot bring colours of its own.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use crate::kernel;
use crate::model::text::for_terminal;

/// Why a command failed, and its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code: 1 it failed, 2 wrong usage, 3 not permitted, 4 this kernel has no MPTCP.
    pub code: u8,
    text: String,
}

impl Failure {
    /// It failed.
    pub fn failed(text: impl fmt::Display) -> Self {
        Self {
            code: 1,
            text: text.to_string(),
        }
    }

    /// It failed in a way that has its own exit code.
    pub fn with_code(code: u8, text: impl fmt::Display) -> Self {
        Self {
            code,
            text: text.to_string(),
        }
    }

    /// Wrong usage.
    pub fn usage(text: impl fmt::Display) -> Self {
        Self {
            code: 2,
            text: text.to_string(),
        }
    }

    /// Says it in one line on standard error; the exit code.
    pub fn tell(&self) -> ExitCode {
        if self.code != 0 {
            eprintln!("pathscope: {}", for_terminal(&self.text));
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<kernel::Error> for Failure {
    fn from(error: kernel::Error) -> Self {
        let code = if error.is_not_permitted() {
            3
        } else if error.is_no_mptcp() {
            4
        } else {
            1
        };
        Self {
            code,
            text: error.to_string(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // Nobody reads on: that is an end, not a failure.
        let code = u8::from(error.kind() != io::ErrorKind::BrokenPipe);
        Self {
            code,
            text: format!("writing to standard output: {error}"),
        }
    }
}

/// A line for people, in parts of which some stand out on a terminal.
#[derive(Debug, Default)]
pub struct Styled(Vec<(&'static str, String)>);

impl Styled {
    /// Adds text.
    #[must_use]
    pub fn plain(self, text: impl fmt::Display) -> Self {
        self.part("", text)
    }

    /// Adds text that is bold.
    #[must_use]
    pub fn strong(self, text: impl fmt::Display) -> Self {
        self.part("1", text)
    }

    /// Adds text that is dimmed.
    #[must_use]
    pub fn faint(self, text: impl fmt::Display) -> Self {
        self.part("2", text)
    }

    /// Adds text that is red.
    #[must_use]
    pub fn alarming(self, text: impl fmt::Display) -> Self {
        self.part("31", text)
    }

    /// Adds text in a rendition of ECMA-48's SGR.
    fn part(mut self, rendition: &'static str, text: impl fmt::Display) -> Self {
        self.0.push((rendition, text.to_string()));
        self
    }

    /// The line as a terminal may have it.
    fn rendered(&self, colour: bool) -> String {
        let mut line = String::new();
        for (rendition, text) in &self.0 {
            let text = for_terminal(text);
            if colour && !rendition.is_empty() {
                line += &format!("\x1b[{rendition}m{text}\x1b[0m");
            } else {
                line += &text;
            }
        }
        line
    }
}

impl<T: fmt::Display> From<T> for Styled {
    fn from(text: T) -> Self {
        Self::default().plain(text)
    }
}

/// How wide text is to be: as COLUMNS says, else as the terminal is that standard output is; `None` for whatever else
/// reads it.
pub(super) fn terminal_width() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok();
    let told = told.and_then(|columns| columns.parse().ok());
    told.or_else(|| terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into()))
        .filter(|width| *width > 0)
}

/// Writes help to standard output, or what is wrong with the arguments to standard error. They are clap's words, and
/// what they repeat was made harmless before.
pub(super) fn print_help(lines: &[String], to_stderr: bool) {
    let text = lines.join("\n") + "\n";
    // Where nobody reads it, nothing is left to be said.
    let _ = if to_stderr {
        io::stderr().write_all(text.as_bytes())
    } else {
        io::stdout().write_all(text.as_bytes())
    };
}

/// Standard output.
pub struct Output {
    out: io::BufWriter<io::Stdout>,
    colour: bool,
    width: Option<usize>,
}

impl Default for Output {
    fn default() -> Self {
        let stdout = io::stdout();
        // https://no-color.org: set and not empty.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = stdout.is_terminal() && !no_color;
        Self {
            out: io::BufWriter::with_capacity(1 << 16, stdout),
            colour,
            width: terminal_width(),
        }
    }
}

impl Output {
    /// How wide its lines are to be; `None` for whatever is no terminal.
    pub(super) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Writes a line of text.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn line(&mut self, line: impl Into<Styled>) -> io::Result<()> {
        writeln!(self.out, "{}", line.into().rendered(self.colour))
    }

    /// Writes an object as one line of JSON.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn json(&mut self, object: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, object)?;
        self.out.write_all(b"\n")
    }

    /// Writes a text of the program's own that ends its own lines: a manual page, completions.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub(super) fn bytes(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    /// Hands everything written to the reader.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_colours_but_those_that_it_is_given() {
        let line = Styled::default()
            .faint("\x1b[31ma\nb")
            .plain(" – ")
            .alarming("down");
        assert_eq!(line.rendered(false), r"\x1b[31ma\nb – down");
        assert_eq!(
            line.rendered(true),
            "\x1b[2m\\x1b[31ma\\nb\x1b[0m – \x1b[31mdown\x1b[0m"
        );
    }
}
