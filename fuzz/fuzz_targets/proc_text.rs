#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pathscope_fuzz::proc_text::exercise(data));
