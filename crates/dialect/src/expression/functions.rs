//! The six functions of the language. Errors are messages with the arguments.

use serde_json::Value;

use super::{
    Names,
    ast::Function,
    dates,
    operators::{Numeric, describe},
    text,
};

pub(super) fn call(function: Function, arguments: &[Value], names: &dyn Names) -> Result<Value, String> {
    match (function, arguments) {
        (Function::Int, [value]) => integer(value).map(Value::from),
        (Function::Len, [value]) => length(value).map(Value::from),
        (Function::Str, [value]) => Ok(Value::String(text::of(value))),
        (Function::AddDays, [date, days]) => {
            let days = Numeric::of(days).ok_or_else(|| format!("add_days: {} is no number", describe(days)))?;
            dates::add_days(date_text(function, date)?, days.decimal()).map(Value::String)
        }
        (Function::AddMonths, [date, months]) => {
            let Some(Numeric::Integer(months)) = Numeric::of(months) else {
                return Err(format!("add_months: {} is no whole number", describe(months)));
            };
            dates::add_months(date_text(function, date)?, months).map(Value::String)
        }
        (Function::FormatDate, [date, format, zone @ ..]) => {
            let format = format.as_str().ok_or_else(|| format!("format_date: {} is no format", describe(format)))?;
            let zone = match zone.first() {
                None | Some(Value::Null) => "UTC",
                Some(Value::String(zone)) => zone,
                Some(other) => return Err(format!("format_date: {} is no time zone", describe(other))),
            };
            let zone = names.time_zone(zone).ok_or_else(|| format!("format_date: there is no time zone `{zone}`"))?;
            dates::format(date_text(function, date)?, format, zone).map(Value::String)
        }
        _ => Err(format!("`{}` does not take {} argument(s)", function.word(), arguments.len())),
    }
}

fn date_text(function: Function, value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{}: {} is no date", function.word(), describe(value)))
}

fn integer(value: &Value) -> Result<i64, String> {
    let no_integer = || format!("int: {} is no integer", describe(value));
    if let Value::String(text) = value {
        return text.trim().parse().map_err(|_| no_integer());
    }
    match Numeric::of(value).ok_or_else(no_integer)? {
        Numeric::Integer(integer) => Ok(integer),
        #[expect(clippy::cast_possible_truncation, reason = "cutting the fraction off is what `int` does")]
        Numeric::Decimal(decimal) if decimal.abs() < 9.2e18 => Ok(decimal.trunc() as i64),
        Numeric::Decimal(_) => Err(format!("int: {} does not fit into 64 bits", describe(value))),
    }
}

fn length(value: &Value) -> Result<usize, String> {
    match value {
        Value::String(text) => Ok(text.chars().count()),
        Value::Array(items) => Ok(items.len()),
        Value::Object(fields) => Ok(fields.len()),
        _ => Err(format!("len: {} has no length", describe(value))),
    }
}
