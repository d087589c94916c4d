//! Values as the server sends them, as JSON. Points in time are texts, as the server prints them.

use jiff::{
    Span,
    civil::{Date, date},
};
use serde_json::{Value, json};
use tiberius::{ColumnData, numeric::Numeric, time};

use super::super::numbers;

/// Fractions of a second that DATETIME counts.
const FRACTIONS: u64 = 300;

/// One value of a row.
pub(super) fn value(data: &ColumnData<'_>) -> Value {
    match data {
        ColumnData::U8(value) => json!(value),
        ColumnData::I16(value) => json!(value),
        ColumnData::I32(value) => json!(value),
        ColumnData::I64(value) => json!(value),
        // As it is printed, without the digits that a wider number would have.
        ColumnData::F32(value) => value.and_then(|value| numbers::float(&value.to_string())).unwrap_or_default(),
        ColumnData::F64(value) => json!(value),
        ColumnData::Bit(value) => json!(value),
        ColumnData::String(value) => json!(value),
        ColumnData::Guid(value) => value.map(|value| json!(value.to_string())).unwrap_or_default(),
        ColumnData::Binary(value) => value.as_deref().map(|bytes| json!(hexadecimal(bytes))).unwrap_or_default(),
        ColumnData::Numeric(value) => value.as_ref().map(decimal).unwrap_or_default(),
        ColumnData::Xml(value) => value.as_deref().map(|xml| json!(xml.to_string())).unwrap_or_default(),
        ColumnData::DateTime(value) => text(value.map(datetime)),
        ColumnData::SmallDateTime(value) => text(value.map(small)),
        ColumnData::Time(value) => text(value.map(clock)),
        ColumnData::Date(value) => text(value.map(|day| day_after(date(1, 1, 1), i64::from(day.days())))),
        ColumnData::DateTime2(value) => text(value.map(|at| precise(at, 0))),
        ColumnData::DateTimeOffset(value) => text(value.map(with_offset)),
        #[allow(unreachable_patterns, reason = "kinds of values that a later version of the crate knows")]
        _ => Value::Null,
    }
}

fn text(value: Option<Option<String>>) -> Value {
    value.flatten().map(Value::String).unwrap_or_default()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02X}"))
}

fn decimal(value: &Numeric) -> Value {
    let (whole, scale) = (value.value(), usize::from(value.scale()));
    let digits = format!("{:0width$}", whole.unsigned_abs(), width = scale + 1);
    let (before, after) = digits.split_at(digits.len() - scale);
    let sign = if whole < 0 { "-" } else { "" };
    let printed = if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") };
    numbers::decimal(&printed).unwrap_or(Value::String(printed))
}

/// `None`: no day that there is.
fn day_after(first: Date, days: i64) -> Option<String> {
    let span = Span::new().try_days(days).ok()?;
    first.checked_add(span).ok().map(|day| day.to_string())
}

/// The time of day after so many seconds.
fn seconds(all: u64) -> String {
    format!("{:02}:{:02}:{:02}", all / 3_600, all / 60 % 60, all % 60)
}

fn datetime(at: time::DateTime) -> Option<String> {
    let day = day_after(date(1900, 1, 1), at.days().into())?;
    let fragments = u64::from(at.seconds_fragments());
    let milliseconds = (fragments % FRACTIONS * 1_000 + FRACTIONS / 2) / FRACTIONS;
    Some(format!("{day} {}.{milliseconds:03}", seconds(fragments / FRACTIONS)))
}

/// To the minute.
fn small(at: time::SmallDateTime) -> Option<String> {
    let day = day_after(date(1900, 1, 1), at.days().into())?;
    Some(format!("{day} {}", seconds(u64::from(at.seconds_fragments()) * 60)))
}

fn clock(at: time::Time) -> Option<String> {
    let scale = usize::from(at.scale());
    let part = 10_u64.checked_pow(at.scale().into())?;
    let whole = seconds(at.increments() / part);
    Some(if scale == 0 { whole } else { format!("{whole}.{:0scale$}", at.increments() % part) })
}

/// A point in time, so many minutes later.
fn precise(at: time::DateTime2, minutes: i64) -> Option<String> {
    let scale = at.time().scale();
    let part = 10_i64.checked_pow(scale.into())?;
    let day = i64::try_from(at.time().increments()).ok()?.checked_add(minutes.checked_mul(60)?.checked_mul(part)?)?;
    let whole_day = part.checked_mul(86_400)?;
    let days = i64::from(at.date().days()) + day.div_euclid(whole_day);
    let time = time::Time::new(u64::try_from(day.rem_euclid(whole_day)).ok()?, scale);
    Some(format!("{} {}", day_after(date(1, 1, 1), days)?, clock(time)?))
}

/// It comes as UTC, with the minutes that the zone is ahead.
fn with_offset(at: time::DateTimeOffset) -> Option<String> {
    let ahead = i64::from(at.offset());
    let sign = if ahead < 0 { '-' } else { '+' };
    let minutes = ahead.unsigned_abs();
    Some(format!("{} {sign}{:02}:{:02}", precise(at.datetime2(), ahead)?, minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_the_server_prints() {
        let day = time::Date::new(739_646);
        let at = |increments, scale| time::DateTime2::new(day, time::Time::new(increments, scale));
        for (data, expected) in [
            (ColumnData::I64(Some(9_007_199_254_740_993)), json!(9_007_199_254_740_993_i64)),
            (ColumnData::I32(None), Value::Null),
            (ColumnData::F32(Some(0.1)), json!(0.1)),
            (ColumnData::F64(Some(f64::NAN)), Value::Null),
            (ColumnData::Bit(Some(true)), json!(true)),
            (ColumnData::String(Some("é".into())), json!("é")),
            (ColumnData::Binary(Some(vec![0xFF, 0].into())), json!("0xFF00")),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(1_250, 2))), json!(12.5)),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 3))), json!(-0.005)),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(i128::MIN, 0))), json!(i128::MIN.to_string())),
            (ColumnData::Date(Some(day)), json!("2026-01-31")),
            (ColumnData::Date(Some(time::Date::new(0xFF_FFFF))), Value::Null),
            (ColumnData::Time(Some(time::Time::new(450_001_234_567, 7))), json!("12:30:00.1234567")),
            (ColumnData::Time(Some(time::Time::new(5, 0))), json!("00:00:05")),
            (ColumnData::Time(Some(time::Time::new(u64::MAX, 255))), Value::Null),
            (ColumnData::DateTime2(Some(at(45_000_123, 3))), json!("2026-01-31 12:30:00.123")),
            (ColumnData::DateTime2(Some(at(u64::MAX, 9))), Value::Null),
            (
                ColumnData::DateTimeOffset(Some(time::DateTimeOffset::new(at(84_600, 0), 120))),
                json!("2026-02-01 01:30:00 +02:00"),
            ),
            (
                ColumnData::DateTimeOffset(Some(time::DateTimeOffset::new(at(0, 0), -330))),
                json!("2026-01-30 18:30:00 -05:30"),
            ),
            (ColumnData::DateTime(Some(time::DateTime::new(46_051, 13_500_037))), json!("2026-01-31 12:30:00.123")),
            (ColumnData::SmallDateTime(Some(time::SmallDateTime::new(46_051, 750))), json!("2026-01-31 12:30:00")),
        ] {
            assert_eq!(value(&data), expected, "{data:?}");
        }
    }
}
