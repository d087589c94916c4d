//! What runs cost, with a real process: prices from a file, an estimate that a bill takes the place of, a budget that holds a run back, and all
//! of it still there after the process was killed.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{
    cluster::{Dev, text},
    process::eventually,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);

const PRICES: &str = "prices:
  - {unit: worker_seconds, amount: 1000.00, currency: EUR}
";

const PIPELINE: &str = "version: v1
name: Costly
meta:
  downbeat:
    owner: data
    budget: {amount: '50.00', currency: EUR, period: month, enforce: true}
pipeline:
  a:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', code: 'print(1)'}
";

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path.to_str().expect("the path is text").to_owned()
}

fn sums(dev: &Dev, by: &str) -> Vec<Value> {
    let printed = dev.addresses.downbeat_ok(&["cost", "--by", by, "--json"]);
    let answer: Value = serde_json::from_str(&printed).expect("JSON");
    answer["sums"].as_array().expect("a list").clone()
}

/// The first word of the first entry: its id.
fn newest_entry(dev: &Dev) -> String {
    let printed = dev.addresses.downbeat_ok(&["cost", "entries"]);
    let line = printed.lines().nth(1).expect("an entry");
    line.split_whitespace().next().expect("an id").to_owned()
}

fn refused(dev: &Dev, arguments: &[&str], words: &str) {
    let output = dev.addresses.downbeat(arguments);
    assert!(!output.status.success() && text(&output).contains(words), "{arguments:?}: {}", text(&output));
}

#[test]
fn costs_are_estimated_billed_and_held_against_a_budget() {
    let folder = tempfile::tempdir().expect("a folder");
    let inputs = tempfile::tempdir().expect("a folder");
    let mut dev = Dev::start(folder.path(), 2);
    let of = |name: &str, text: &str| file(inputs.path(), name, text);
    let prices = of("prices.yaml", PRICES);
    refused(
        &dev,
        &["cost", "prices", "apply", &of("bad.yaml", "prices:\n  - {unit: x, amount: 1.0000001, currency: EUR}\n")],
        "bad.yaml:2:23: amount",
    );
    assert!(dev.addresses.downbeat_ok(&["cost", "prices", "apply", &prices]).starts_with("set: 1 prices"));
    assert!(dev.addresses.downbeat_ok(&["cost", "prices", "apply", &prices]).starts_with("unchanged"));

    let pipeline = of("costly.yaml", PIPELINE);
    dev.addresses.downbeat_ok(&["run", &pipeline, "--wait"]);
    let found = eventually("the estimate is shown", SOON, || sums(&dev, "pipeline,owner").pop());
    assert_eq!((found["pipeline"].as_str(), found["owner"].as_str()), (Some("costly"), Some("data")));
    let estimate: f64 = found["estimated"].as_str().expect("a text").parse().expect("a number");
    assert!(estimate > 0.0, "{found}");

    // The bill of the same thing, and of another one: together they spend the budget.
    let bills = format!(
        "bills:\n  - {{source: us, id: 1, amount: '40.00', currency: EUR, corrects: {}}}\n  - {{source: us, id: 2, amount: '60.00', currency: EUR, pipeline: costly, owner: data}}\n",
        newest_entry(&dev)
    );
    let bills = of("bills.yaml", &bills);
    assert_eq!(dev.addresses.downbeat_ok(&["cost", "record", &bills]), "recorded: 2 bills\n");
    let found =
        eventually("the bills are shown", SOON, || sums(&dev, "owner").pop().filter(|sum| sum["billed"] == "100.00"));
    assert_eq!((found["estimated"].as_str(), found["total"].as_str()), (Some("0.00"), Some("100.00")));

    // The next run waits, and says for what; nothing of that is lost with the process.
    let printed = dev.addresses.downbeat_ok(&["run", "costly"]);
    let run = printed.split_whitespace().find(|word| word.len() == 36).expect("an id").to_owned();
    let why = dev.addresses.downbeat_ok(&["run", "why", &run]);
    assert!(why.contains("the budget of its pipeline is spent: 100.00 of 50.00 EUR this month"), "{why}");
    dev.process.kill9();
    let dev = Dev::start(folder.path(), 2);
    assert_eq!(dev.addresses.downbeat_ok(&["cost", "record", &bills]), "all known before: 2 bills\n");
    eventually("the ledger adds up", SOON, || {
        let verified = dev.addresses.downbeat_ok(&["cost", "verify"]);
        verified.contains("4 entries, and every sum agrees: 100.00 EUR").then_some(())
    });
    let budgets = dev.addresses.downbeat_ok(&["budget", "list"]);
    assert!(
        budgets.contains("pipeline costly") && budgets.contains("100.00") && budgets.contains("100 %"),
        "{budgets}"
    );

    assert!(dev.addresses.downbeat_ok(&["budget", "release", &run]).starts_with("released"));
    eventually("the run ends", SOON, || {
        dev.addresses.downbeat_ok(&["run", "show", &run]).contains("SUCCEEDED").then_some(())
    });
}
