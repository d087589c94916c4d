//! Reads the six fields of a cron expression, and recognises what people paste from elsewhere.

use super::{
    Cron, CronError,
    calendar::{Calendar, Days, bit},
    field::{DAY_OF_MONTH, DAY_OF_WEEK, Field, HOUR, MINUTE, MONTH, Piece, YEAR},
};
use crate::limits::CRON_BYTES;

const FORM: &str = "minute hour day-of-month month day-of-week year";

pub(super) fn parse(text: &str) -> Result<Cron, CronError> {
    let whole = Piece { text, start: 0 };
    if text.len() > CRON_BYTES {
        return Err(whole.error(format!("a cron expression is at most {CRON_BYTES} bytes long")));
    }
    let pieces = split_fields(text);
    if text.trim_start().starts_with("cron(") {
        return Err(wrong_count(whole, &pieces));
    }
    let Ok([minute, hour, day_of_month, month, day_of_week, year]) = <[Piece<'_>; 6]>::try_from(pieces.as_slice())
    else {
        return Err(wrong_count(whole, &pieces));
    };
    let minutes = bits(&MINUTE, minute)?;
    let hours = bits(&HOUR, hour)?;
    let days = days(day_of_month, day_of_week, text)?;
    let months = bits(&MONTH, month)?;
    let mut years = list(&YEAR, year)?;
    years.sort_unstable();
    years.dedup();
    let fields: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
    let wildcard = follows_clock(minute.text) || follows_clock(hour.text);
    Ok(Cron { text: fields.join(" "), calendar: Calendar { minutes, hours, days, months, years }, wildcard })
}

/// `*`, `*/n` and its usual spelling `0/n`.
pub(super) fn follows_clock(field: &str) -> bool {
    let from_minimum =
        field.split_once('/').is_some_and(|(first, _)| !first.is_empty() && first.bytes().all(|byte| byte == b'0'));
    field.starts_with('*') || from_minimum
}

pub(super) fn split_fields(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let start = at + rest.len() - rest.trim_start().len();
        let field = &text[start..];
        let length = field.find(char::is_whitespace).unwrap_or(field.len());
        if length == 0 {
            return pieces;
        }
        pieces.push(Piece { text: &field[..length], start });
        at = start + length;
    }
}

pub(super) fn list(field: &Field, piece: Piece<'_>) -> Result<Vec<i16>, CronError> {
    let mut values = Vec::new();
    for part in piece.split(',') {
        values.extend(field.values(part)?);
    }
    Ok(values)
}

pub(super) fn bits(field: &Field, piece: Piece<'_>) -> Result<u64, CronError> {
    Ok(to_bits(&list(field, piece)?))
}

pub(super) fn to_bits(values: &[i16]) -> u64 {
    values.iter().filter_map(|value| i8::try_from(*value).ok()).fold(0, |set, value| set | bit(value))
}

fn days(day_of_month: Piece<'_>, day_of_week: Piece<'_>, text: &str) -> Result<Days, CronError> {
    match (day_of_month.text, day_of_week.text) {
        ("?", "?") => {
            Err(day_of_week.error("only one of day-of-month and day-of-week is `?`: say which days with the other"))
        }
        ("?", _) => days_of_week(day_of_week),
        (_, "?") => days_of_month(day_of_month),
        _ => {
            let either =
                Piece { text: &text[day_of_month.start..day_of_week.start + day_of_week.text.len()], ..day_of_month };
            let mut error = either.error("one of day-of-month and day-of-week must be `?`");
            error.help = day_question(text);
            Err(error)
        }
    }
}

/// The same expression with `?` in the day field that does not restrict anything.
fn day_question(text: &str) -> Option<String> {
    let mut fields: Vec<&str> = text.split_whitespace().collect();
    let replaced = if fields.get(4) == Some(&"*") { 4 } else { 2 };
    if replaced == 2 && fields.get(2) != Some(&"*") {
        return Some("both cannot be restricted at once: use two schedules".to_owned());
    }
    *fields.get_mut(replaced)? = "?";
    Some(format!("write `{}`", fields.join(" ")))
}

fn days_of_month(piece: Piece<'_>) -> Result<Days, CronError> {
    let (mut set, mut last, mut nearest_weekday) = (0, false, Vec::new());
    for part in piece.split(',') {
        if part.text.eq_ignore_ascii_case("L") {
            last = true;
        } else if let Some(day) = part.without_suffix('W') {
            let day = DAY_OF_MONTH.value(day).map_err(|_| part.error("`W` follows one day, as in `15W`"))?;
            nearest_weekday.extend(i8::try_from(day));
        } else {
            set |= to_bits(&DAY_OF_MONTH.values(part)?);
        }
    }
    Ok(Days::OfMonth { set, last, nearest_weekday })
}

fn days_of_week(piece: Piece<'_>) -> Result<Days, CronError> {
    let (mut set, mut last, mut nth) = (0, Vec::new(), Vec::new());
    for part in piece.split(',') {
        if part.text.eq_ignore_ascii_case("L") {
            // The last day of the week.
            set |= bit(7);
        } else if let Some(weekday) = part.without_suffix('L') {
            if !weekday.text.bytes().all(|byte| byte.is_ascii_digit()) {
                let numbered = DAY_OF_WEEK.value(weekday)?;
                let mut error = part.error(format!("`L` follows a number, not `{}`", weekday.text));
                error.help = Some(format!("write `{numbered}L`"));
                return Err(error);
            }
            last.extend(i8::try_from(DAY_OF_WEEK.value(weekday)?));
        } else if let Some((weekday, which)) = part.split_once('#') {
            let weekday = DAY_OF_WEEK.value(weekday)?;
            let which = match which.text.as_bytes() {
                [digit @ b'1'..=b'5'] => digit - b'0',
                _ => return Err(which.error("`#` is followed by 1 to 5: which such weekday of the month")),
            };
            nth.extend(i8::try_from(weekday).ok().zip(i8::try_from(which).ok()));
        } else {
            set |= to_bits(&DAY_OF_WEEK.values(part)?);
        }
    }
    Ok(Days::OfWeek { set, last, nth })
}

fn wrong_count(whole: Piece<'_>, pieces: &[Piece<'_>]) -> CronError {
    let trimmed = whole.text.trim();
    if trimmed.is_empty() {
        return CronError { help: Some(format!("write `{FORM}`")), ..whole.error("the cron expression is empty") };
    }
    let found = if trimmed.contains('(') { "a call".to_owned() } else { pieces.len().to_string() };
    let mut error = whole.error(format!("a cron expression has six fields ({FORM}), found {found}"));
    error.help = if let Some(six) = from_macro(trimmed) {
        Some(format!("write `{six}`"))
    } else if let Some(six) = from_rate(trimmed) {
        Some(format!("write `{six}`"))
    } else if let Some(inside) = trimmed.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')) {
        Some(format!("write only what is inside the parentheses: `{}`", inside.trim()))
    } else if pieces.len() == 5 {
        from_unix(pieces)
    } else if pieces.len() == 7 {
        without_seconds(trimmed)
    } else {
        None
    };
    error
}

/// Quartz has seconds first; its `?` rule and its weekdays are the ones of the language.
fn without_seconds(text: &str) -> Option<String> {
    let six = text.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    let reads = |six: &str| parse(six).is_ok();
    let help = match reads(&six) {
        true => format!("seconds are not part of it: write `{six}`"),
        false => "seconds are not part of it: leave the first field out".to_owned(),
    };
    Some(help)
}

/// `rate(5 minutes)` and the like, where the unit is a multiple of it.
fn from_rate(text: &str) -> Option<String> {
    let inside = text.strip_prefix("rate(")?.strip_suffix(')')?;
    let (count, unit) = inside.trim().split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    match unit.trim().trim_end_matches('s') {
        "minute" if 60 % count == 0 && count < 60 => Some(format!("*/{count} * * * ? *")),
        "minute" if count == 60 => Some("0 * * * ? *".to_owned()),
        "hour" if 24 % count == 0 && count < 24 => Some(format!("0 */{count} * * ? *")),
        "day" if count == 1 => Some("0 0 * * ? *".to_owned()),
        _ => None,
    }
}

fn from_macro(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => Some("0 0 1 1 ? *"),
        "@monthly" => Some("0 0 1 * ? *"),
        "@weekly" => Some("0 0 ? * 1 *"),
        "@daily" | "@midnight" => Some("0 0 * * ? *"),
        "@hourly" => Some("0 * * * ? *"),
        _ => None,
    }
}

/// The six-field form of a Unix expression, whose weekdays start with Sunday = 0.
fn from_unix(pieces: &[Piece<'_>]) -> Option<String> {
    let fields: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
    let [minute, hour, day_of_month, month, day_of_week] = <[&str; 5]>::try_from(fields).ok()?;
    let (day_of_month, day_of_week) = match (day_of_month, day_of_week) {
        (day_of_month, "*" | "?") => (day_of_month, "?".to_owned()),
        ("*" | "?", day_of_week) => ("?", shift_weekdays(day_of_week)?),
        _ => return Some("Unix cron fires when either day field matches: use two schedules here".to_owned()),
    };
    let six = format!("{minute} {hour} {day_of_month} {month} {day_of_week} *");
    parse(&six).ok()?;
    Some(format!("as a Unix expression this is `{six}` here (1 is Sunday)"))
}

/// Adds one to every weekday number, but not to steps; 7 (Sunday again) becomes 1.
fn shift_weekdays(field: &str) -> Option<String> {
    let shift = |text: &str| match text.parse::<u8>() {
        Ok(number @ 0..=7) => Some((number % 7 + 1).to_string()),
        Ok(_) => None,
        Err(_) => Some(text.to_owned()),
    };
    let parts = field.split(',').map(|part| {
        let (base, step) = part.split_once('/').map_or((part, None), |(base, step)| (base, Some(step)));
        let base = base.split('-').map(shift).collect::<Option<Vec<_>>>()?.join("-");
        Some(step.map_or(base.clone(), |step| format!("{base}/{step}")))
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(","))
}
