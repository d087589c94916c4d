//! What fuzzing kept: inputs that once reached something new, each looked at again.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use serde_json::Value;

#[path = "../fuzz/checks.rs"]
mod checks;

fn inputs(name: &str) -> Vec<Vec<u8>> {
    let path = format!("{}/fuzz/corpus/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let inputs: Vec<Vec<u8>> = text.lines().map(|line| bytes(&serde_json::from_str(line).unwrap())).collect();
    assert!(inputs.len() > 50, "{name} is nearly empty");
    inputs
}

fn bytes(value: &Value) -> Vec<u8> {
    let Some(hex) = value.get("hex") else { return value.as_str().unwrap().as_bytes().to_vec() };
    let digits: Vec<u8> =
        hex.as_str().unwrap().bytes().map(|digit| (digit as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

fn texts(name: &str) -> Vec<String> {
    inputs(name).into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()).collect()
}

#[test]
fn documents() {
    inputs("document").iter().for_each(|bytes| checks::document(bytes));
}

#[test]
fn expressions() {
    texts("expression").iter().for_each(|text| checks::expression(text));
}

#[test]
fn crons() {
    texts("cron").iter().for_each(|text| checks::cron(text));
}
