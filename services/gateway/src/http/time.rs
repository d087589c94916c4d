//! Instants as the API writes and reads them: ISO 8601.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use super::{Fault, Query};
use crate::limits;

/// Microseconds since the epoch as ISO 8601; none where there is no instant.
pub(crate) fn instant(micros: i64) -> Option<String> {
    if micros == 0 {
        return None;
    }
    Timestamp::from_microsecond(micros).ok().map(|at| at.to_string())
}

/// From when to when a list goes, microseconds since the epoch; 0 = open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    /// `time_from` and `time_to`: by default the last seven days, and never more.
    pub(crate) fn of(query: &Query, now: Timestamp) -> Result<Self, Fault> {
        let days = SignedDuration::from_hours(24 * limits::SPAN_DAYS);
        let (from, to) = (read(query, "time_from")?, read(query, "time_to")?);
        let beyond = || Fault::invalid("query", "time_from", "value_error", "an instant that no clock shows");
        let (from, to) = match (from, to) {
            (None, None) => (now.checked_sub(days).map_err(|_| beyond())?, None),
            (Some(from), None) => (from, Some(from.checked_add(days).map_err(|_| beyond())?)),
            (None, Some(to)) => (to.checked_sub(days).map_err(|_| beyond())?, Some(to)),
            (Some(from), Some(to)) => (from, Some(to)),
        };
        if let Some(to) = to {
            if to < from {
                return Err(Fault::invalid("query", "time_to", "value_error", "time_to lies before time_from"));
            }
            if to.duration_since(from) > days {
                let said = format!("time_from and time_to may lie at most {} days apart", limits::SPAN_DAYS);
                return Err(Fault::invalid("query", "time_from", "value_error", said));
            }
        }
        // An open end is 0, and so would the epoch itself be.
        Ok(Self { from: from.as_microsecond().max(1), to: to.map_or(0, |to| to.as_microsecond().max(1)) })
    }
}

fn read(query: &Query, name: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(given) = query.text(name) else { return Ok(None) };
    // A `+` of an offset that was not escaped comes as a space.
    let given = given.replace(' ', "+");
    parsed(&given).map(Some).ok_or_else(|| {
        let said = "no instant: write it as 2026-11-28T09:30:00Z";
        Fault::invalid("query", name, "datetime_parsing", said)
    })
}

/// An instant; without an offset it is one of UTC.
pub(crate) fn parsed(text: &str) -> Option<Timestamp> {
    let naive = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>().ok().or_else(naive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_list_covers_seven_days_unless_it_is_asked_for_less() {
        let now = at("2026-11-28T12:00:00Z");
        let (week_ago, day) = (at("2026-11-21T12:00:00Z").as_microsecond(), at("2026-11-20T00:00:00Z"));
        for (query, expected) in [
            ("", Ok((week_ago, 0))),
            ("time_from=2026-11-20T00:00:00Z", Ok((day.as_microsecond(), at("2026-11-27T00:00:00Z").as_microsecond()))),
            ("time_to=2026-11-27T00:00:00Z", Ok((day.as_microsecond(), at("2026-11-27T00:00:00Z").as_microsecond()))),
            (
                "time_from=2026-11-20T00:00:00&time_to=2026-11-20T01:00:00+01:00",
                Ok((day.as_microsecond(), day.as_microsecond())),
            ),
            ("time_from=2026-11-20T00:00:00Z&time_to=2026-11-27T00:00:01Z", Err("at most 7 days")),
            ("time_from=2026-11-20T00:00:00Z&time_to=2026-11-19T00:00:00Z", Err("before time_from")),
            ("time_from=yesterday", Err("no instant")),
            ("time_from=-009998-01-02T00:00:00Z", Ok((1, 1))),
        ] {
            let got = Span::of(&Query::read(Some(query)).unwrap(), now);
            match (got, expected) {
                (Ok(span), Ok((from, to))) => assert_eq!((span.from, span.to), (from, to), "{query}"),
                (Err(Fault::Violations(found)), Err(text)) => {
                    assert!(found[0].msg.contains(text), "{query}: {found:?}")
                }
                (got, expected) => panic!("{query}: {got:?}, expected {expected:?}"),
            }
        }
    }
}
