//! All IANA zones, every change of their clocks from 1990 to 2037, every policy: against an oracle in Python that walks over zoneinfo's
//! wall clock minute by minute (`cron_oracle.py`). The package `tzdata` of `deploy/tools.txt` is the release that jiff bundles.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use downbeat_dialect::{
    Value,
    cron::{Cron, Dst},
};
use jiff::{Timestamp, tz::TimeZone, tz::TimeZoneDatabase};

/// The oracle's window, in minutes around a change.
const FROM: i64 = 180;
const UNTIL: i64 = 200;
/// 1990 to 2037, in seconds since the epoch.
const YEARS: std::ops::Range<i64> = 631_152_000..2_145_916_800;

/// What has been compared.
#[derive(Debug, Default)]
struct Seen {
    zones: BTreeSet<String>,
    changes: usize,
    firings: usize,
}

#[test]
fn every_zone_and_change_agrees_with_the_oracle() {
    let Some(python) = std::env::var_os("DOWNBEAT_JUDGE_PYTHON") else {
        let reason = "no oracle: run `make test`, or set DOWNBEAT_JUDGE_PYTHON to a Python with the packages of deploy/tools.txt";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
        println!("skipped: {reason}");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cron_oracle.py");
    let mut oracle = Command::new(python).arg(script).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(oracle.stdout.take().unwrap()).lines();
    let zones = TimeZoneDatabase::bundled();
    let (mut seen, mut wrong) = (Seen::default(), Vec::new());
    for line in lines {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if let Some(names) = line.get("names") {
            for name in names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
                same_changes(&zones.get(name).unwrap(), name, &line["changes"], &mut wrong);
                seen.zones.insert(name.to_owned());
            }
        } else if line.get("cases").is_some() {
            seen.changes += 1;
            seen.firings += same_firings(&zones, &line, &mut wrong);
        }
    }
    assert!(oracle.wait().unwrap().success(), "the oracle failed");
    assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(
        seen.zones.len() > 590 && seen.changes > 9_000 && seen.firings > 1_000_000,
        "{:?}",
        (seen.zones.len(), seen)
    );
    let unseen: Vec<String> =
        zones.available().map(|zone| zone.to_string()).filter(|zone| !seen.zones.contains(zone)).collect();
    assert_eq!(unseen, Vec::<String>::new(), "zones that the oracle does not know");
}

/// The same offsets change at the same instants: both sides have the same rules.
fn same_changes(zone: &TimeZone, name: &str, expected: &Value, wrong: &mut Vec<String>) {
    let start = Timestamp::from_second(YEARS.start).unwrap();
    let mut offset = zone.to_offset(start);
    let mut found = Vec::new();
    for change in zone.following(start).take_while(|change| change.timestamp().as_second() < YEARS.end) {
        if change.offset() != offset {
            found.push(Value::from(change.timestamp().as_second()));
            offset = change.offset();
        }
    }
    if Value::Array(found.clone()) != *expected {
        wrong.push(format!("{name} changes at {expected}, not at {found:?}"));
    }
}

/// How many firings of one change were compared.
fn same_firings(zones: &TimeZoneDatabase, line: &Value, wrong: &mut Vec<String>) -> usize {
    let name = line["zone"].as_str().unwrap();
    let zone = zones.get(name).unwrap();
    let at = line["at"].as_i64().unwrap();
    let mut compared = 0;
    for case in line["cases"].as_array().unwrap() {
        let text = case[0].as_str().unwrap();
        let cron = Cron::parse_unix(text).unwrap();
        let policies = case[1].as_array().unwrap();
        for (place, dst) in Dst::ALL.into_iter().enumerate() {
            let expected: Vec<i64> = policies
                .get(place)
                .or(policies.first())
                .and_then(Value::as_array)
                .unwrap()
                .iter()
                .map(|minute| minute.as_i64().unwrap())
                .collect();
            let found = firings(&cron, &zone, dst, at);
            compared += found.len();
            if found != expected {
                let at = Timestamp::from_second(at).unwrap();
                wrong.push(format!("{name} {at} `{text}` {}: expected {expected:?}, found {found:?}", dst.word()));
            }
        }
    }
    compared
}

/// Minutes relative to the change.
fn firings(cron: &Cron, zone: &TimeZone, dst: Dst, at: i64) -> Vec<i64> {
    let start = Timestamp::from_second(at - FROM * 60).unwrap();
    let next = |last: &Timestamp| cron.next_after(*last, zone, dst);
    let all = std::iter::successors(next(&start), next).map(|instant| (instant.as_second() - at).div_euclid(60));
    all.take_while(|minute| *minute <= UNTIL).collect()
}
