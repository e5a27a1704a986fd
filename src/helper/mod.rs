//! The privileged service: what needs CAP_NET_ADMIN, done for those whom polkit lets.

use std::process::ExitCode;

/// Runs the service until nobody needs it.
pub fn main() -> ExitCode {
    eprintln!("pathscope-helper: not implemented yet");
    ExitCode::FAILURE
}
