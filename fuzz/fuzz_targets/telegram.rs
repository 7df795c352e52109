#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onethread_fuzz::feed("telegram", data));
