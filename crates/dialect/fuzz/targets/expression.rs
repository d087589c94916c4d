//! `checks::expression` on inputs that the fuzzer makes up.
#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::expression(text));
