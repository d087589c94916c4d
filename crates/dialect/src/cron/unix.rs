//! Reads the five fields of Unix cron, as Vixie cron has them; only our additions use them.

use super::{
    Cron, CronError,
    calendar::{Calendar, Days, FIRST_YEAR, LAST_YEAR},
    field::{DAY_OF_MONTH, Field, HOUR, MINUTE, MONTH, Piece},
    parse::{bits, follows_clock, list, split_fields, to_bits},
};
use crate::limits::CRON_BYTES;

const FORM: &str = "minute hour day-of-month month day-of-week";
/// 0 and 7 are both Sunday.
const WEEKDAY: Field =
    Field { name: "day-of-week", minimum: 0, maximum: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };
const WORDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

pub(super) fn parse(text: &str) -> Result<Cron, CronError> {
    let whole = Piece { text, start: 0 };
    if text.len() > CRON_BYTES {
        return Err(whole.error(format!("a cron expression is at most {CRON_BYTES} bytes long")));
    }
    let trimmed = text.trim();
    if let Some((_, fields)) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(trimmed)) {
        return Ok(Cron { text: trimmed.to_owned(), ..parse(fields)? });
    }
    let pieces = split_fields(text);
    let Ok([minute, hour, day_of_month, month, day_of_week]) = <[Piece<'_>; 5]>::try_from(pieces.as_slice()) else {
        return Err(wrong_count(whole, pieces.len()));
    };
    let calendar = Calendar {
        minutes: bits(&MINUTE, minute)?,
        hours: bits(&HOUR, hour)?,
        days: Days::Unix {
            of_month: bits(&DAY_OF_MONTH, day_of_month)?,
            of_week: weekdays(day_of_week)?,
            // Vixie: a field that starts with `*` restricts the other, two that do not are alternatives.
            either: !day_of_month.text.starts_with('*') && !day_of_week.text.starts_with('*'),
        },
        months: bits(&MONTH, month)?,
        years: (FIRST_YEAR..=LAST_YEAR).collect(),
    };
    let fields: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
    let wildcard = follows_clock(minute.text) || follows_clock(hour.text);
    Ok(Cron { text: fields.join(" "), calendar, wildcard })
}

/// Sunday is 1 in the calendar.
fn weekdays(piece: Piece<'_>) -> Result<u64, CronError> {
    let days: Vec<i16> = list(&WEEKDAY, piece)?.into_iter().map(|day| day % 7 + 1).collect();
    Ok(to_bits(&days))
}

fn wrong_count(whole: Piece<'_>, found: usize) -> CronError {
    let mut error = whole.error(format!("a Unix cron expression has five fields ({FORM}), found {found}"));
    let words = || format!("or write one of {}", WORDS.map(|(word, _)| word).join(", "));
    error.help = Some(match found {
        6 => "six fields belong into `schedule`, under `cron`".to_owned(),
        _ => words(),
    });
    error
}
