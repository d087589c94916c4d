//! The six functions of the language. Errors are messages with the arguments.

use serde_json::Value;

use super::{
    Names,
    ast::Function,
    dates::{self, NoDate},
    operators::Numeric,
    shown::Shown,
    text,
};

pub(super) fn call(
    function: Function,
    arguments: &[Value],
    names: &dyn Names,
    shown: Shown<'_>,
) -> Result<Value, String> {
    let wrong = |value: &Value, what: &str| no(function, value, what, shown);
    match (function, arguments) {
        (Function::Int, [value]) => integer(value, shown).map(Value::from),
        (Function::Len, [value]) => length(value, shown).map(Value::from),
        (Function::Str, [value]) => Ok(Value::String(text::of(value))),
        (Function::AddDays, [date, days]) => {
            let number = Numeric::of(days).ok_or_else(|| wrong(days, "number"))?;
            let moved = dates::add_days(text_of(function, date, "date", shown)?, number.decimal());
            moved.map(Value::String).map_err(|reason| no_date(function, reason, date, days, shown))
        }
        (Function::AddMonths, [date, months]) => {
            let Some(Numeric::Integer(number)) = Numeric::of(months) else { return Err(wrong(months, "whole number")) };
            let moved = dates::add_months(text_of(function, date, "date", shown)?, number);
            moved.map(Value::String).map_err(|reason| no_date(function, reason, date, months, shown))
        }
        (Function::FormatDate, [date, format, zone @ ..]) => {
            let written = text_of(function, format, "format", shown)?;
            let zone = match zone.first() {
                None | Some(Value::Null) => "UTC",
                Some(zone) => text_of(function, zone, "time zone", shown)?,
            };
            let no_zone = || format!("format_date: there is no time zone `{}`", shown.name(zone));
            let zone = names.time_zone(zone).ok_or_else(no_zone)?;
            let text = dates::format(text_of(function, date, "date", shown)?, written, zone);
            text.map(Value::String).map_err(|reason| no_date(function, reason, date, format, shown))
        }
        _ => Err(format!("`{}` does not take {} argument(s)", function.word(), arguments.len())),
    }
}

/// The argument is not what it should be.
fn no(function: Function, argument: &Value, what: &str, shown: Shown<'_>) -> String {
    format!("{}: {} is no {what}", function.word(), shown.value(argument))
}

fn text_of<'v>(function: Function, argument: &'v Value, what: &str, shown: Shown<'_>) -> Result<&'v str, String> {
    argument.as_str().ok_or_else(|| no(function, argument, what, shown))
}

fn no_date(function: Function, reason: NoDate, date: &Value, by: &Value, shown: Shown<'_>) -> String {
    match reason {
        NoDate::Unread => no(function, date, "date: write it as 2024-10-29 or 2024-10-29T12:01:02", shown),
        NoDate::Outside => {
            let (date, by) = (shown.value(date), shown.value(by));
            format!("{}: {by} from {date} is outside the calendar", function.word())
        }
    }
}

fn integer(value: &Value, shown: Shown<'_>) -> Result<i64, String> {
    let no_integer = || format!("int: {} is no integer", shown.value(value));
    if let Value::String(text) = value {
        return text.trim().parse().map_err(|_| no_integer());
    }
    match Numeric::of(value).ok_or_else(no_integer)? {
        Numeric::Integer(integer) => Ok(integer),
        #[expect(clippy::cast_possible_truncation, reason = "cutting the fraction off is what `int` does")]
        Numeric::Decimal(decimal) if decimal.abs() < 9.2e18 => Ok(decimal.trunc() as i64),
        Numeric::Decimal(_) => Err(format!("int: {} does not fit into 64 bits", shown.value(value))),
    }
}

fn length(value: &Value, shown: Shown<'_>) -> Result<usize, String> {
    match value {
        Value::String(text) => Ok(text.chars().count()),
        Value::Array(items) => Ok(items.len()),
        Value::Object(fields) => Ok(fields.len()),
        _ => Err(format!("len: {} has no length", shown.value(value))),
    }
}
