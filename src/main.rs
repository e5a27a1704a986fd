//! `pathscope`: parse, run, exit code.

use std::process::ExitCode;

/// A frame takes and gives back hundreds of kilobytes. The C library hands them to the kernel each time and has them
/// cleared again, which costs as much as the painting: a third of a frame.
#[cfg(feature = "gui")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pathscope::run::main()
}
