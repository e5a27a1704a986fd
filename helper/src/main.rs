//! `pathscope-helper`: the privileged service on the system bus, or for a member of its group.

use std::process::ExitCode;

fn main() -> ExitCode {
    pathscope_helper::main()
}
