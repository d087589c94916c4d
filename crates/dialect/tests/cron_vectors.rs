//! The next firing times of 280-odd schedules across daylight saving, skipped days and calendar corners.
//!
//! The vectors were computed by two oracles that share no code with us; each gives the firings that follow an instant.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{Value, cron::Cron};
use jiff::{Timestamp, tz::TimeZoneDatabase};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("data/cron_vectors.json")).unwrap()
}

#[test]
fn every_vector_fires_when_expected() {
    let zones = TimeZoneDatabase::bundled();
    let mut wrong = Vec::new();
    for vector in vectors() {
        let text = |key: &str| vector[key].as_str().unwrap().to_owned();
        let zone = zones.get(&text("tz")).unwrap();
        let cron = Cron::parse(&text("dialect")).unwrap_or_else(|error| panic!("{}: {error}", text("id")));
        let mut after: Timestamp = text("after").parse().unwrap();
        let expected: Vec<Timestamp> = vector["expect"]
            .as_array()
            .unwrap()
            .iter()
            .map(|instant| instant.as_str().unwrap().parse().unwrap())
            .collect();
        let mut found = Vec::new();
        for _ in 0..expected.len().max(1) {
            let Some(next) = cron.next_after(after, &zone) else { break };
            assert!(next > after, "{} runs backwards", text("id"));
            found.push(next);
            after = next;
        }
        if found != expected {
            wrong.push(format!(
                "{} {} {}: expected {expected:?}, found {found:?}",
                text("id"),
                text("tz"),
                text("dialect")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_vectors_are_all_there() {
    assert!(vectors().len() > 280, "found {}", vectors().len());
}
