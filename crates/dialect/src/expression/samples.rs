//! Values of a reading with samples, and what operators make of them. Where there is no value, the answer is none.

use serde_json::Value;

use super::{
    ast::{Arithmetic, Comparison},
    text,
};

/// A value of the language, or one that only a run knows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sample {
    /// What only a run knows.
    Open,
    Null,
    Bool(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    List(Vec<Sample>),
    Dict(Vec<(String, Sample)>),
    /// The members of `list.all()` (true) or `list.any()`.
    Members(Vec<Sample>, bool),
}

const ID: &str = "00000000-0000-0000-0000-000000000000";
/// Tasks in every group of the samples.
const TASKS_OF_GROUP: usize = 2;

impl Sample {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                (None, Some(decimal)) => Self::Decimal(decimal),
                (None, None) => Self::Open,
            },
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(fields) => {
                Self::Dict(fields.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect())
            }
        }
    }

    /// A task run that has succeeded and has no outputs yet.
    pub(super) fn task() -> Self {
        Self::Dict(vec![
            ("status".to_owned(), Self::Text("SUCCEEDED".to_owned())),
            ("task_run_id".to_owned(), Self::Text(ID.to_owned())),
            ("run_parameters".to_owned(), Self::Dict(Vec::new())),
        ])
    }

    /// The task runs of a group.
    pub(super) fn task_group() -> Self {
        Self::List(vec![Self::task(); TASKS_OF_GROUP])
    }

    /// What a fixed field of `ORCHESTRA` holds: a text; a date, so that the functions of dates take it.
    pub(super) fn moment() -> Self {
        Self::Text("2024-01-01T00:00:00Z".to_owned())
    }

    /// A namespace without a name: a map that may have something in it.
    pub(super) fn names(any: bool) -> Self {
        Self::Dict(if any { vec![(String::new(), Self::Open)] } else { Vec::new() })
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Open => "a value that only a run knows",
            Self::Null => "None",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Decimal(_) => "a decimal",
            Self::Text(_) => "a text",
            Self::List(_) | Self::Members(..) => "a list",
            Self::Dict(_) => "a dict",
        }
    }

    pub(super) fn truthy(&self) -> bool {
        match self {
            Self::Open | Self::Members(..) => true,
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Integer(number) => *number != 0,
            Self::Decimal(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dict(fields) => !fields.is_empty(),
        }
    }

    /// The text form. Of what only a run knows, some text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Null => text::of(&Value::Null),
            Self::Bool(flag) => text::of(&Value::Bool(*flag)),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => text::of(&Value::from(*number)),
            Self::Open | Self::List(_) | Self::Dict(_) | Self::Members(..) => self.kind().to_owned(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as the language converts whole numbers")]
    fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Self::Integer(number) => Some(*number as f64),
            Self::Decimal(number) => Some(*number),
            _ => None,
        }
    }
}

pub(super) fn arithmetic(operator: Arithmetic, left: &Sample, right: &Sample) -> Option<Sample> {
    match (left, right) {
        (Sample::Open, _) | (_, Sample::Open) => Some(Sample::Open),
        (Sample::Text(left), Sample::Text(right)) if operator == Arithmetic::Add => {
            Some(Sample::Text(format!("{left}{right}")))
        }
        (Sample::List(left), Sample::List(right)) if operator == Arithmetic::Add => {
            Some(Sample::List(left.iter().chain(right).cloned().collect()))
        }
        (Sample::Integer(left), Sample::Integer(right)) => integers(operator, *left, *right),
        _ => decimals(operator, left.number()?, right.number()?).map(Sample::Decimal),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "shifts wrap around and numbers saturate here")]
#[expect(clippy::cast_precision_loss, reason = "only the size counts")]
#[expect(clippy::cast_sign_loss, reason = "shifts take the lowest bits")]
fn integers(operator: Arithmetic, left: i64, right: i64) -> Option<Sample> {
    let exact = match operator {
        Arithmetic::BitOr => Some(left | right),
        Arithmetic::BitXor => Some(left ^ right),
        Arithmetic::BitAnd => Some(left & right),
        Arithmetic::ShiftLeft => Some(left.wrapping_shl(right as u32)),
        Arithmetic::ShiftRight => Some(left.wrapping_shr(right as u32)),
        Arithmetic::Add => Some(left.saturating_add(right)),
        Arithmetic::Subtract => Some(left.saturating_sub(right)),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::FloorDivide | Arithmetic::Remainder if right == 0 => return None,
        Arithmetic::FloorDivide => Some(left.wrapping_div_euclid(right)),
        Arithmetic::Remainder => Some(left.wrapping_rem_euclid(right)),
        Arithmetic::Power if right >= 0 => u32::try_from(right).ok().and_then(|right| left.checked_pow(right)),
        Arithmetic::Divide | Arithmetic::Power => None,
    };
    if let Some(exact) = exact {
        return Some(Sample::Integer(exact));
    }
    let decimal = decimals(operator, left as f64, right as f64)?;
    let whole = operator == Arithmetic::Multiply || (operator == Arithmetic::Power && right >= 0);
    // The greatest whole number is what a product just beyond it becomes.
    Some(if whole && decimal.abs() <= i64::MAX as f64 {
        Sample::Integer(decimal as i64)
    } else {
        Sample::Decimal(decimal)
    })
}

fn decimals(operator: Arithmetic, left: f64, right: f64) -> Option<f64> {
    match operator {
        Arithmetic::Add => Some(left + right),
        Arithmetic::Subtract => Some(left - right),
        Arithmetic::Multiply => Some(left * right),
        Arithmetic::Power => Some(left.powf(right)),
        Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Remainder if right == 0.0 => None,
        Arithmetic::Divide => Some(left / right),
        Arithmetic::FloorDivide => Some((left / right).floor()),
        Arithmetic::Remainder => Some(left - right * (left / right).floor()),
        Arithmetic::BitOr
        | Arithmetic::BitXor
        | Arithmetic::BitAnd
        | Arithmetic::ShiftLeft
        | Arithmetic::ShiftRight => None,
    }
}

pub(super) fn compare(comparison: Comparison, left: &Sample, right: &Sample) -> Option<bool> {
    if let Sample::Members(members, all) = left {
        for member in members {
            let holds = compare(comparison, member, right)?;
            if holds != *all {
                return Some(holds);
            }
        }
        return Some(*all);
    }
    match comparison {
        Comparison::Equal => Some(equal(left, right)),
        Comparison::NotEqual => Some(!equal(left, right)),
        Comparison::Is => Some(left == &Sample::Null && right == &Sample::Null),
        Comparison::IsNot => Some(left != &Sample::Null || right != &Sample::Null),
        Comparison::In => contains(left, right),
        Comparison::NotIn => contains(left, right).map(|found| !found),
        Comparison::Less => order(left, right).map(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => order(left, right).map(std::cmp::Ordering::is_le),
        Comparison::Greater => order(left, right).map(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => order(left, right).map(std::cmp::Ordering::is_ge),
    }
}

/// What is open equals nothing, nor do dicts.
fn equal(left: &Sample, right: &Sample) -> bool {
    match (left, right) {
        (Sample::Null, Sample::Null) => true,
        (Sample::Text(left), Sample::Text(right)) => left == right,
        (Sample::List(left), Sample::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        _ => left.number().zip(right.number()).is_some_and(|(left, right)| left == right),
    }
}

fn contains(item: &Sample, container: &Sample) -> Option<bool> {
    match container {
        Sample::Text(whole) => Some(matches!(item, Sample::Text(part) if whole.contains(part.as_str()))),
        Sample::List(items) => Some(items.iter().any(|candidate| equal(candidate, item))),
        Sample::Dict(fields) => Some(matches!(item, Sample::Text(name) if fields.iter().any(|(key, _)| key == name))),
        _ => None,
    }
}

fn order(left: &Sample, right: &Sample) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Sample::Text(left), Sample::Text(right)) => Some(left.cmp(right)),
        (Sample::Integer(left), Sample::Integer(right)) => Some(left.cmp(right)),
        _ => left.number()?.partial_cmp(&right.number()?),
    }
}

/// `int(value)`.
pub(super) fn integer(value: &Sample) -> Option<Sample> {
    match value {
        Sample::Text(text) => text.trim().parse().ok().map(Sample::Integer),
        #[expect(clippy::cast_possible_truncation, reason = "cutting off is what `int` does")]
        _ => value.number().map(|number| Sample::Integer(number as i64)),
    }
}

/// `len(value)`.
pub(super) fn length(value: &Sample) -> Option<Sample> {
    let length = match value {
        Sample::Text(text) => text.chars().count(),
        Sample::List(items) => items.len(),
        Sample::Dict(fields) => fields.len(),
        _ => return None,
    };
    i64::try_from(length).ok().map(Sample::Integer)
}

/// Whether the functions of dates take the text: `2024-01-31`, or that and `T01:02:03`, with anything behind it.
pub(super) fn is_date(text: &str) -> bool {
    let digits_as = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    let text = text.trim();
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let time_fits = time.is_none_or(|time| time.get(..8).is_some_and(|time| digits_as(time, "00:00:00")));
    digits_as(date, "0000-00-00") && time_fits
}
