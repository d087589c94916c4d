//! What Unix cron expressions fire, with a second opinion.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::cron::{Cron, Dst};
use jiff::{Timestamp, tz::TimeZone};

fn firings(cron: &Cron, count: usize) -> Vec<String> {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let next = |last: &Timestamp| cron.next_after(*last, &TimeZone::UTC, Dst::Vixie);
    let firings = std::iter::successors(next(&start), next);
    firings.take(count).map(|instant| instant.strftime("%m-%d %H:%M").to_string()).collect()
}

#[test]
fn unix_expressions_fire_as_vixie_has_them() {
    for (text, expected) in [
        ("0 8 * * *", ["01-01 08:00", "01-02 08:00", "01-03 08:00"]),
        ("*/20 8 * * *", ["01-01 08:00", "01-01 08:20", "01-01 08:40"]),
        ("0 0 * * 0", ["01-04 00:00", "01-11 00:00", "01-18 00:00"]),
        ("0 0 * * 7", ["01-04 00:00", "01-11 00:00", "01-18 00:00"]),
        ("0 0 * * Fri-7", ["01-02 00:00", "01-03 00:00", "01-04 00:00"]),
        ("0 0 13 * FRI", ["01-02 00:00", "01-09 00:00", "01-13 00:00"]),
        ("0 0 */2 * 5", ["01-09 00:00", "01-23 00:00", "02-13 00:00"]),
        ("0 0 13 * *", ["01-13 00:00", "02-13 00:00", "03-13 00:00"]),
        ("5/30 0,12 1 jan-mar *", ["01-01 00:05", "01-01 00:35", "01-01 12:05"]),
        (" @HOURLY ", ["01-01 01:00", "01-01 02:00", "01-01 03:00"]),
        ("@weekly", ["01-04 00:00", "01-11 00:00", "01-18 00:00"]),
        ("@monthly", ["02-01 00:00", "03-01 00:00", "04-01 00:00"]),
        ("@yearly", ["01-01 00:00", "01-01 00:00", "01-01 00:00"]),
    ] {
        assert_eq!(firings(&Cron::parse_unix(text).unwrap(), 3), expected, "{text}");
    }
}

/// The crate `cron` has seconds and years, counts weekdays from 1, and knows no `either`.
#[test]
fn a_second_implementation_agrees_where_one_day_field_is_free() {
    use std::str::FromStr;
    for (text, theirs) in [
        ("*/7 3-9 * * 1-5", "0 */7 3-9 * * 2-6 *"),
        ("15,45 */5 1-10/3 2,8 *", "0 15,45 */5 1-10/3 2,8 * *"),
        ("0 0 29 2 *", "0 0 0 29 2 * *"),
        ("59 23 31 * *", "0 59 23 31 * * *"),
    ] {
        let start = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let theirs: Vec<String> = cron::Schedule::from_str(theirs)
            .unwrap()
            .after(&start)
            .take(40)
            .map(|instant| instant.format("%m-%d %H:%M").to_string())
            .collect();
        assert_eq!(firings(&Cron::parse_unix(text).unwrap(), theirs.len()), theirs, "{text}");
    }
}
