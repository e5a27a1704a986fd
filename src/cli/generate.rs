//! Completions and manual pages, from the definition of the arguments and the examples.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::examples::examples_of;
use super::{Arguments, Failure, Output};

const NAME: &str = "pathscope";

/// Prints the completions for a shell.
pub(super) fn completions(shell: clap_complete::Shell, output: &mut Output) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut text);
    print(&text, output)
}

/// Prints the manual page, or writes one for each command into a directory, which is made if need be.
pub(super) fn manual(directory: Option<&Path>, output: &mut Output) -> Result<(), Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(directory) = directory else {
        return print(&page(&command)?, output);
    };
    let write = || -> io::Result<()> {
        fs::create_dir_all(directory)?;
        write_pages(&command, directory)
    };
    write().map_err(|error| {
        Failure::failed(format!(
            "cannot write the manual pages to {}: {error}",
            directory.display()
        ))
    })
}

/// Writes the page of a command, and those of the commands below it.
fn write_pages(command: &Command, directory: &Path) -> io::Result<()> {
    for below in command.get_subcommands() {
        write_pages(below, directory)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(directory.join(format!("{name}.1")), page(command)?)
}

/// The manual page of a command, its examples before the notes.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    text.extend(examples_section(command).as_bytes());
    if let Some(notes) = command.get_after_help() {
        text.extend(notes_section(&notes.to_string()).as_bytes());
    }
    if command.get_version().is_some() {
        man.render_version_section(&mut text)?;
    }
    Ok(text)
}

/// The examples in roff: a line as one types it, what it does indented below.
fn examples_section(command: &Command) -> String {
    let name = command.get_display_name().unwrap_or_default();
    let words = name.strip_prefix(NAME).unwrap_or_default();
    let words = words.replace('-', " ");
    let examples = examples_of(words.trim());
    if examples.is_empty() {
        return String::new();
    }
    let mut text = ".SH EXAMPLES\n".to_owned();
    for (line, what) in examples {
        text += &format!(".TP\n.B {}\n{}\n", roff(line), roff(what));
    }
    text
}

/// What else the help says, line by line as it stands there.
fn notes_section(notes: &str) -> String {
    let lines: Vec<String> = notes.lines().map(roff).collect();
    format!(".SH NOTES\n.nf\n{}\n.fi\n", lines.join("\n"))
}

/// A text that roff takes as it is (groff(7)): no escapes, no hyphenation of options, no requests, no quotation marks that
/// join arguments.
fn roff(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('"', "\\(dq");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

fn print(text: &[u8], output: &mut Output) -> Result<(), Failure> {
    output.bytes(text)?;
    Ok(output.flush()?)
}
