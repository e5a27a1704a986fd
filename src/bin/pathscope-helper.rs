//! `pathscope-helper`: the privileged service on the system bus.

use std::process::ExitCode;

fn main() -> ExitCode {
    pathscope::helper::main()
}
