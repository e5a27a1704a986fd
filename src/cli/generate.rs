//! Completions and manual pages, from the definition of the arguments.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory as _;

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
    let Some(directory) = directory else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut text)?;
        return print(&text, output);
    };
    let write = || -> io::Result<()> {
        fs::create_dir_all(directory)?;
        clap_mangen::generate_to(Arguments::command(), directory)
    };
    write().map_err(|error| {
        Failure::failed(format!(
            "cannot write the manual pages to {}: {error}",
            directory.display()
        ))
    })
}

fn print(text: &[u8], output: &mut Output) -> Result<(), Failure> {
    output.bytes(text)?;
    Ok(output.flush()?)
}
