//! Instants and durations as people read and write them. Instants are shown and read in the local time zone.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// From one instant to another, both in microseconds since the epoch and 0 = not yet; `now` stands in for an end that is not yet.
pub fn duration_between(started: i64, ended: i64, now: Option<i64>) -> String {
    let end = if ended != 0 { Some(ended) } else { now };
    match (started, end) {
        (0, _) | (_, None) => String::new(),
        (started, Some(end)) => duration(end.saturating_sub(started)),
    }
}

/// Microseconds, to three digits or so: `12 ms`, `3.4 s`, `2 min 05 s`, `1 h 02 min`.
pub fn duration(micros: i64) -> String {
    let millis = micros.max(0) / 1_000;
    match millis {
        0..=999 => format!("{millis} ms"),
        1_000..=59_999 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        60_000..=3_599_999 => format!("{} min {:02} s", millis / 60_000, millis % 60_000 / 1_000),
        _ => format!("{} h {:02} min", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

/// Local time, to the second; empty for 0.
pub fn instant(micros: i64) -> String {
    instant_in(micros, TimeZone::system())
}

fn instant_in(micros: i64, zone: TimeZone) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(at) if micros != 0 => at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        _ => String::new(),
    }
}

/// Microseconds since the epoch of a time as RFC 3339 writes it, or of a local one as [`instant`] does.
pub fn moment(written: &str) -> Option<i64> {
    moment_in(written, TimeZone::system())
}

fn moment_in(written: &str, zone: TimeZone) -> Option<i64> {
    let written = written.trim();
    if let Ok(at) = written.parse::<Timestamp>() {
        return Some(at.as_microsecond());
    }
    let local: DateTime = written.parse().ok()?;
    Some(zone.to_ambiguous_timestamp(local).compatible().ok()?.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (micros, text) in [
            (0, "0 ms"),
            (12_345, "12 ms"),
            (3_450_000, "3.4 s"),
            (125_000_000, "2 min 05 s"),
            (3_720_000_000, "1 h 02 min"),
            (-5, "0 ms"),
        ] {
            assert_eq!(duration(micros), text);
        }
    }

    #[test]
    fn a_duration_needs_a_beginning_and_an_end() {
        assert_eq!(duration_between(0, 5, Some(9)), "");
        assert_eq!(duration_between(1_000, 0, None), "");
        assert_eq!(duration_between(1_000, 0, Some(3_000)), "2 ms");
        assert_eq!(duration_between(1_000, 5_000, Some(9_000)), "4 ms");
    }

    #[test]
    fn what_is_shown_can_be_typed_in_again() {
        let zone = || TimeZone::get("Europe/Berlin").unwrap();
        let micros = 1_772_366_400_000_000;
        assert_eq!(instant_in(micros, zone()), "2026-03-01 13:00:00");
        assert_eq!(instant_in(0, zone()), "");
        for written in ["2026-03-01 13:00:00", "2026-03-01T13:00:00", "2026-03-01T12:00:00Z", "2026-03-01T13:00+01:00"]
        {
            assert_eq!(moment_in(written, zone()), Some(micros), "{written}");
        }
        assert_eq!(moment_in("tomorrow", zone()), None);
    }
}
