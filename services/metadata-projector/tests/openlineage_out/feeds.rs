//! Feeds of OpenLineage over a log, and what they wrote into a file.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use downbeat_domain::RunStatus;
use downbeat_event_log::EventLog;
use downbeat_metadata_projector::{OpenLineageConfig, OutgoingConfig, outgoing::config::From};
use serde_json::Value;

use super::support::{
    append,
    stories::{applied, begun, by_hand, ended, plan},
};

const COMES_WITHIN: Duration = Duration::from_secs(180);

/// Everything from the first record on, to whom this says.
pub fn telling(folder: &Path, openlineage: OpenLineageConfig) -> OutgoingConfig {
    OutgoingConfig { outgoing_from: From::Start, openlineage, ..OutgoingConfig::in_folder(&folder.join("outgoing")) }
}

pub fn file_in(folder: &Path) -> PathBuf {
    folder.join("events.jsonl")
}

pub fn to_file(folder: &Path) -> OpenLineageConfig {
    OpenLineageConfig { openlineage_file: Some(file_in(folder)), ..OpenLineageConfig::default() }
}

/// A run of a pipeline of its own, after which nothing comes.
pub async fn append_last(log: &dyn EventLog) {
    let run = super::support::run_id(4_000_000);
    let events = vec![
        applied("last", 1, plan(&[])),
        begun("last", 1, run, 90_000, by_hand()),
        ended(run, RunStatus::Succeeded, 90_001),
    ];
    append(log, events).await;
}

/// The lines of the file once the end of the last run is among them; without that run.
pub async fn lines(file: &Path) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.ends_with('\n') && text.lines().last().is_some_and(is_last) {
            return text.lines().filter(|line| !of_last(line)).map(str::to_owned).collect();
        }
        assert!(begun.elapsed() < COMES_WITHIN, "the last run has not come: {text}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn of_last(line: &str) -> bool {
    let event: Value = serde_json::from_str(line).unwrap();
    event["job"]["name"] == "last"
}

pub fn is_last(line: &str) -> bool {
    of_last(line) && line.contains("\"eventType\":\"COMPLETE\"")
}

pub fn events(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}
