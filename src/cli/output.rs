//! Standard output that may close early, and the ways to fail.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use crate::kernel;

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

/// Standard output.
pub struct Output {
    out: io::BufWriter<io::Stdout>,
    colour: bool,
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
        }
    }
}

impl Output {
    /// Writes a line of text.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Writes an object as one line of JSON.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn json(&mut self, object: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, object)?;
        self.out.write_all(b"\n")
    }

    /// Writes a text that ends its own lines.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn bytes(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    /// Hands everything written to the reader.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The text, bold on a terminal.
    pub fn strong(&self, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    /// The text, dimmed on a terminal.
    pub fn faint(&self, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\x1b[2m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    /// The text, red on a terminal.
    pub fn alarming(&self, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\x1b[31m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}
