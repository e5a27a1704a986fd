//! The argument checks of the privileged service.
#![no_main]

#[path = "../exercise.rs"]
#[allow(clippy::cast_possible_truncation)]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::exercise(data));
