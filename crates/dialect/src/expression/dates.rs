//! Dates as the language knows them: ISO texts, in UTC where they name no offset.

use std::fmt::Write as _;

use jiff::{SignedDuration, Span, Timestamp, Zoned, civil::DateTime, tz::TimeZone};

/// Why a function of dates has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoDate {
    /// The text is no date.
    Unread,
    /// The result is no date of the calendar.
    Outside,
}

/// The instant of an ISO text (`2024-10-29`, `2024-10-29T12:01:02.123456`, with or without offset).
fn read(text: &str) -> Result<Timestamp, NoDate> {
    let trimmed = text.trim();
    if let Ok(instant) = trimmed.parse::<Timestamp>() {
        return Ok(instant);
    }
    let civil = trimmed.parse::<DateTime>();
    let instant = civil.ok().and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok());
    instant.ok_or(NoDate::Unread)
}

/// The text form of an instant: UTC without an offset, microseconds where there are any.
fn write(instant: Timestamp) -> String {
    let civil = TimeZone::UTC.to_datetime(instant);
    let micros = civil.subsec_nanosecond() / 1000;
    let seconds = civil.strftime("%Y-%m-%dT%H:%M:%S");
    if micros == 0 { seconds.to_string() } else { format!("{seconds}.{micros:06}") }
}

pub(super) fn add_days(date: &str, days: f64) -> Result<String, NoDate> {
    let instant = read(date)?;
    // Microseconds are the precision of the text form; more would only show rounding noise.
    let micros = (days * 86_400_000_000.0).round();
    if !micros.is_finite() || micros.abs() > 9.0e17 {
        return Err(NoDate::Outside);
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
    let duration = SignedDuration::from_micros(micros as i64);
    instant.checked_add(duration).map(write).map_err(|_| NoDate::Outside)
}

pub(super) fn add_months(date: &str, months: i64) -> Result<String, NoDate> {
    let instant = read(date)?;
    let span = Span::new().try_months(months).map_err(|_| NoDate::Outside)?;
    let moved = TimeZone::UTC.to_datetime(instant).checked_add(span).map_err(|_| NoDate::Outside)?;
    TimeZone::UTC.to_timestamp(moved).map(write).map_err(|_| NoDate::Outside)
}

/// The date in local time of `zone`, with the usual codes of strftime; unknown codes stay as they are.
pub(super) fn format(date: &str, format: &str, zone: TimeZone) -> Result<String, NoDate> {
    let local = read(date)?.to_zoned(zone);
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        match characters.next() {
            None => text.push('%'),
            Some(code) => write_code(code, &local, &mut text),
        }
    }
    Ok(text)
}

fn write_code(code: char, local: &Zoned, text: &mut String) {
    let micros = local.subsec_nanosecond() / 1000;
    // Writing to a text cannot fail.
    let _ = match code {
        '%' => text.write_char('%'),
        // Fractions: Python's %f has six digits, jiff's has nine.
        'f' => write!(text, "{micros:06}"),
        'L' => write!(text, "{:03}", micros / 1000),
        'Y' | 'm' | 'd' | 'H' | 'M' | 'S' | 'y' | 'b' | 'B' | 'h' | 'a' | 'A' | 'j' | 'I' | 'p' | 'Z' | 'z' | 'w'
        | 'u' | 'e' | 'F' | 'T' | 'D' | 'R' | 'U' | 'W' | 'V' | 'G' | 'g' | 's' | 'C' | 'k' | 'l' | 'n' | 't' => {
            write!(text, "{}", local.strftime(&format!("%{code}")))
        }
        other => write!(text, "%{other}"),
    };
}

#[cfg(test)]
mod tests {
    use jiff::tz::{TimeZone, TimeZoneDatabase};

    use super::{add_days, add_months, format};

    #[test]
    fn days_may_be_fractions_and_negative() {
        for (date, days, expected) in [
            ("2024-10-29T12:01:02.123456", 1.25, "2024-10-30T18:01:02.123456"),
            ("2024-01-01", -1.0, "2023-12-31T00:00:00"),
            ("2024-02-28 23:00:00", 1.0, "2024-02-29T23:00:00"),
            ("2024-01-01T00:00:00+02:00", 0.0, "2023-12-31T22:00:00"),
            ("2024-01-01T00:00:00Z", 0.1, "2024-01-01T02:24:00"),
        ] {
            assert_eq!(add_days(date, days), Ok(expected.to_owned()), "{date} {days}");
        }
    }

    #[test]
    fn months_clamp_to_the_last_day() {
        for (date, months, expected) in [
            ("2024-01-31", 1, "2024-02-29T00:00:00"),
            ("2023-01-31", 1, "2023-02-28T00:00:00"),
            ("2024-03-31T10:00:00", -13, "2023-02-28T10:00:00"),
        ] {
            assert_eq!(add_months(date, months), Ok(expected.to_owned()), "{date} {months}");
        }
    }

    #[test]
    fn outside_the_calendar_is_an_error() {
        assert!(add_days("9999-12-30", 1e9).is_err());
        assert!(add_days("9999-12-30", f64::INFINITY).is_err());
        assert!(add_days("2024-01-01", 9e12).is_err());
        assert!(add_months("2024-01-01", i64::MAX).is_err());
        assert!(add_months("yesterday", 1).is_err());
    }

    #[test]
    fn formats_take_codes_and_a_zone() {
        let date = "2024-03-05T07:08:09.012345";
        for (pattern, expected) in [
            ("%Y-%m-%d %H:%M:%S", "2024-03-05 07:08:09"),
            ("%y %b %B %a %A %j %I%p", "24 Mar March Tue Tuesday 065 07AM"),
            ("%f 100%% %Q %", "012345 100% %Q %"),
            ("%z %Z", "+0000 UTC"),
        ] {
            assert_eq!(format(date, pattern, TimeZone::UTC), Ok(expected.to_owned()), "{pattern}");
        }
        let zone = TimeZoneDatabase::bundled().get("America/New_York").unwrap();
        assert_eq!(format(date, "%d %H:%M %z", zone), Ok("05 02:08 -0500".to_owned()));
    }
}
