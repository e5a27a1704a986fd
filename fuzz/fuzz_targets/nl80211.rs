#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pathscope_fuzz::nl80211::exercise(data));
