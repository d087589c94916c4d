//! The next firing times of 290 schedules across daylight saving, skipped days and calendar corners, under every policy and in both
//! spellings.
//!
//! The vectors were computed by two oracles that share no code with us; each gives the firings that follow an instant.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    Value,
    cron::{Cron, Dst},
};
use jiff::{Timestamp, tz::TimeZone, tz::TimeZoneDatabase};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("data/cron_vectors.json")).unwrap()
}

/// What the vector says about a policy: `other` where it differs from the default.
fn expected(vector: &Value, dst: Dst) -> Vec<Timestamp> {
    let of_policy = vector.get("other").and_then(|other| other.get(dst.word())).unwrap_or(&vector["expect"]);
    of_policy.as_array().unwrap().iter().map(|instant| instant.as_str().unwrap().parse().unwrap()).collect()
}

fn found(cron: &Cron, zone: &TimeZone, dst: Dst, after: Timestamp, count: usize) -> Vec<Timestamp> {
    let next = |last: &Timestamp| {
        let next = cron.next_after(*last, zone, dst);
        assert!(next.is_none_or(|next| next > *last), "{cron} runs backwards after {last}");
        next
    };
    std::iter::successors(next(&after), next).take(count.max(1)).collect()
}

#[test]
fn every_vector_fires_when_expected_under_every_policy_and_in_both_spellings() {
    let zones = TimeZoneDatabase::bundled();
    let mut wrong = Vec::new();
    for vector in vectors() {
        let text = |key: &str| vector[key].as_str().map(str::to_owned);
        let (id, zone) = (text("id").unwrap(), zones.get(&text("tz").unwrap()).unwrap());
        let after: Timestamp = text("after").unwrap().parse().unwrap();
        // Two restricted day fields cannot be said in six fields.
        let six = text("dialect").map(|six| Cron::parse(&six).unwrap_or_else(|error| panic!("{id}: {error}")));
        let five = Cron::parse_unix(&text("expr").unwrap()).unwrap_or_else(|error| panic!("{id}: {error}"));
        for dst in Dst::ALL {
            let expected = expected(&vector, dst);
            for cron in six.iter().chain([&five]) {
                let found = found(cron, &zone, dst, after, expected.len());
                if found != expected {
                    let dst = dst.word();
                    wrong.push(format!("{id} `{cron}` {dst}: expected {expected:?}, found {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_vectors_are_all_there() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 290);
    assert_eq!(vectors.iter().filter(|vector| vector["dialect"].is_null()).count(), 7);
    assert_eq!(vectors.iter().filter(|vector| vector.get("other").is_some()).count(), 135);
}

#[test]
fn a_wildcard_schedule_is_the_same_under_every_policy() {
    let zone = TimeZoneDatabase::bundled().get("America/New_York").unwrap();
    for (text, wildcard) in [("*/30 1 * * *", true), ("30 0/2 * * *", true), ("30 1-3 * * *", false)] {
        let cron = Cron::parse_unix(text).unwrap();
        assert_eq!(cron.is_wildcard(), wildcard, "{text}");
        for after in ["2026-03-07T12:00:00Z", "2026-10-31T12:00:00Z"] {
            let of = |dst| found(&cron, &zone, dst, after.parse().unwrap(), 40);
            let same = Dst::ALL.into_iter().all(|dst| of(dst) == of(Dst::Vixie));
            assert!(same || !wildcard, "{text} after {after}");
        }
    }
}
