//! Arithmetic and comparisons on values, as in Python within 64 bits. Errors are messages with the operands.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{
    ast::{Arithmetic, Comparison},
    shown::Shown,
};

/// A number; booleans count as 0 and 1.
#[derive(Clone, Copy)]
pub(super) enum Numeric {
    Integer(i64),
    Decimal(f64),
}

impl Numeric {
    pub(super) fn of(value: &Value) -> Option<Numeric> {
        match value {
            Value::Bool(flag) => Some(Numeric::Integer(i64::from(*flag))),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Some(Numeric::Integer(integer)),
                None => number.as_f64().map(Numeric::Decimal),
            },
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "Python converts integers to decimals in the same way")]
    pub(super) fn decimal(self) -> f64 {
        match self {
            Numeric::Integer(integer) => integer as f64,
            Numeric::Decimal(decimal) => decimal,
        }
    }
}

fn no_value(symbol: &str, left: &Value, right: &Value, shown: Shown<'_>) -> String {
    format!("`{symbol}` has no value for {} and {}", shown.value(left), shown.value(right))
}

fn decimal_value(decimal: f64, symbol: &str, operands: impl FnOnce() -> String) -> Result<Value, String> {
    let number = Number::from_f64(decimal).map(Value::Number);
    number.ok_or_else(|| format!("the result of `{symbol}` is no finite number for {}", operands()))
}

pub(super) fn negate(value: &Value, shown: Shown<'_>) -> Result<Value, String> {
    match Numeric::of(value) {
        Some(Numeric::Integer(integer)) => {
            let too_large = || format!("the result of `-` does not fit into 64 bits for {}", shown.value(value));
            integer.checked_neg().map(Value::from).ok_or_else(too_large)
        }
        Some(Numeric::Decimal(decimal)) => Ok(Value::from(-decimal)),
        None => Err(format!("`-` has no value for {}", shown.value(value))),
    }
}

pub(super) fn arithmetic(operator: Arithmetic, left: &Value, right: &Value, shown: Shown<'_>) -> Result<Value, String> {
    if operator == Arithmetic::Add {
        match (left, right) {
            (Value::String(left), Value::String(right)) => return Ok(Value::String(format!("{left}{right}"))),
            (Value::Array(left), Value::Array(right)) => {
                return Ok(Value::Array(left.iter().chain(right).cloned().collect()));
            }
            _ => {}
        }
    }
    let symbol = operator.symbol();
    let operands = || format!("{} and {}", shown.value(left), shown.value(right));
    let (Some(left_number), Some(right_number)) = (Numeric::of(left), Numeric::of(right)) else {
        return Err(no_value(symbol, left, right, shown));
    };
    let divides = matches!(operator, Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Remainder);
    let inverts = operator == Arithmetic::Power && left_number.decimal() == 0.0 && right_number.decimal() < 0.0;
    if (divides && right_number.decimal() == 0.0) || inverts {
        return Err(format!("division by zero: `{symbol}` with {}", operands()));
    }
    match (left_number, right_number) {
        (Numeric::Integer(a), Numeric::Integer(b)) => match integers(operator, a, b) {
            Integers::Value(value) => Ok(Value::from(value)),
            Integers::Overflow => Err(format!("the result of `{symbol}` does not fit into 64 bits for {}", operands())),
            Integers::Decimal => {
                let decimal = decimals(operator, left_number.decimal(), right_number.decimal());
                decimal_value(decimal.unwrap_or(f64::NAN), symbol, operands)
            }
        },
        (a, b) => match decimals(operator, a.decimal(), b.decimal()) {
            Some(decimal) => decimal_value(decimal, symbol, operands),
            None => Err(no_value(symbol, left, right, shown)),
        },
    }
}

enum Integers {
    Value(i64),
    Overflow,
    /// The operator yields a decimal for these integers.
    Decimal,
}

fn integers(operator: Arithmetic, left: i64, right: i64) -> Integers {
    let result = match operator {
        Arithmetic::BitOr => Some(left | right),
        Arithmetic::BitXor => Some(left ^ right),
        Arithmetic::BitAnd => Some(left & right),
        Arithmetic::ShiftLeft => shift_left(left, right),
        Arithmetic::ShiftRight => shift_right(left, right),
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => return Integers::Decimal,
        // Rust rounds towards zero, Python downwards.
        Arithmetic::FloorDivide => {
            left.checked_div(right).map(|quotient| quotient - i64::from(left % right != 0 && (left < 0) != (right < 0)))
        }
        Arithmetic::Remainder => {
            left.checked_rem(right).map(|rest| if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
        Arithmetic::Power if right < 0 => return Integers::Decimal,
        Arithmetic::Power => power(left, right),
    };
    result.map_or(Integers::Overflow, Integers::Value)
}

/// No bit may be lost: the result of a shift to the left is a multiplication.
fn shift_left(value: i64, places: i64) -> Option<i64> {
    let places = u32::try_from(places).ok()?;
    let shifted = value.checked_shl(places)?;
    (shifted >> places == value).then_some(shifted)
}

/// Beyond all bits, only the sign is left.
fn shift_right(value: i64, places: i64) -> Option<i64> {
    let places = u32::try_from(places).ok()?;
    Some(value >> places.min(i64::BITS - 1))
}

fn power(base: i64, exponent: i64) -> Option<i64> {
    // These do not grow, whatever the exponent.
    match base {
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

fn decimals(operator: Arithmetic, left: f64, right: f64) -> Option<f64> {
    match operator {
        Arithmetic::BitOr
        | Arithmetic::BitXor
        | Arithmetic::BitAnd
        | Arithmetic::ShiftLeft
        | Arithmetic::ShiftRight => None,
        Arithmetic::Add => Some(left + right),
        Arithmetic::Subtract => Some(left - right),
        Arithmetic::Multiply => Some(left * right),
        Arithmetic::Divide => Some(left / right),
        Arithmetic::FloorDivide => Some((left / right).floor()),
        Arithmetic::Remainder => {
            let rest = left % right;
            Some(if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest })
        }
        Arithmetic::Power => Some(left.powf(right)),
    }
}

pub(super) fn compare(comparison: Comparison, left: &Value, right: &Value, shown: Shown<'_>) -> Result<bool, String> {
    match comparison {
        Comparison::Equal => Ok(equal(left, right)),
        Comparison::NotEqual => Ok(!equal(left, right)),
        Comparison::Less => order(comparison, left, right, shown).map(Ordering::is_lt),
        Comparison::LessOrEqual => order(comparison, left, right, shown).map(Ordering::is_le),
        Comparison::Greater => order(comparison, left, right, shown).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(comparison, left, right, shown).map(Ordering::is_ge),
        Comparison::In => contains(comparison, left, right, shown),
        Comparison::NotIn => contains(comparison, left, right, shown).map(|found| !found),
        Comparison::Is => Ok(identical(left, right)),
        Comparison::IsNot => Ok(!identical(left, right)),
    }
}

/// `is`: only None and booleans have an identity in the language.
fn identical(left: &Value, right: &Value) -> bool {
    matches!(left, Value::Null | Value::Bool(_)) && left == right
}

/// Equality by value; numbers and booleans compare across their types.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => match (Numeric::of(left), Numeric::of(right)) {
            (Some(left), Some(right)) => numeric_order(left, right) == Some(Ordering::Equal),
            _ => left == right,
        },
    }
}

fn numeric_order(left: Numeric, right: Numeric) -> Option<Ordering> {
    match (left, right) {
        (Numeric::Integer(left), Numeric::Integer(right)) => Some(left.cmp(&right)),
        _ => left.decimal().partial_cmp(&right.decimal()),
    }
}

fn order(comparison: Comparison, left: &Value, right: &Value, shown: Shown<'_>) -> Result<Ordering, String> {
    let ordering = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => Numeric::of(left).zip(Numeric::of(right)).and_then(|(left, right)| numeric_order(left, right)),
    };
    ordering.ok_or_else(|| no_value(comparison.symbol(), left, right, shown))
}

fn contains(comparison: Comparison, item: &Value, container: &Value, shown: Shown<'_>) -> Result<bool, String> {
    match (container, item) {
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (Value::Array(items), _) => Ok(items.iter().any(|candidate| equal(candidate, item))),
        (Value::Object(fields), Value::String(name)) => Ok(fields.contains_key(name)),
        (Value::Object(_), _) => Ok(false),
        _ => Err(no_value(comparison.symbol(), item, container, shown)),
    }
}
