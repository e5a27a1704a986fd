//! `pathscope`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    pathscope::run::main()
}
