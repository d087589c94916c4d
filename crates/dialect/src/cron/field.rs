//! One field of a cron expression: values, ranges, lists and steps.

use super::CronError;

/// What a field may hold.
pub(super) struct Field {
    /// For messages.
    pub(super) name: &'static str,
    pub(super) minimum: i16,
    pub(super) maximum: i16,
    /// Three-letter names of the values from the minimum on.
    pub(super) names: &'static [&'static str],
}

pub(super) const MINUTE: Field = Field { name: "minute", minimum: 0, maximum: 59, names: &[] };
pub(super) const HOUR: Field = Field { name: "hour", minimum: 0, maximum: 23, names: &[] };
pub(super) const DAY_OF_MONTH: Field = Field { name: "day-of-month", minimum: 1, maximum: 31, names: &[] };
pub(super) const MONTH: Field = Field {
    name: "month",
    minimum: 1,
    maximum: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
pub(super) const DAY_OF_WEEK: Field =
    Field { name: "day-of-week", minimum: 1, maximum: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };
pub(super) const YEAR: Field = Field { name: "year", minimum: 1970, maximum: 2199, names: &[] };

/// A part of a field with its place in the whole expression.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn error(self, message: impl Into<String>) -> CronError {
        CronError { message: message.into(), span: self.start..self.start + self.text.len(), help: None }
    }

    /// The pieces between separators.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Piece<'a>> {
        let mut start = self.start;
        self.text.split(separator).map(move |text| {
            let piece = Piece { text, start };
            start += text.len() + separator.len_utf8();
            piece
        })
    }

    /// The pieces before and after the first separator.
    pub(super) fn split_once(self, separator: char) -> Option<(Piece<'a>, Piece<'a>)> {
        let (before, after) = self.text.split_once(separator)?;
        let after_start = self.start + before.len() + separator.len_utf8();
        Some((Piece { text: before, start: self.start }, Piece { text: after, start: after_start }))
    }

    /// The piece without its last character, if that is `letter` in any case.
    pub(super) fn without_suffix(self, letter: char) -> Option<Piece<'a>> {
        let text = self.text.strip_suffix(|last: char| last.eq_ignore_ascii_case(&letter))?;
        Some(Piece { text, start: self.start })
    }
}

impl Field {
    /// A single value: a number or a name.
    pub(super) fn value(&self, piece: Piece<'_>) -> Result<i16, CronError> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(piece.text));
        if let Some(position) = named.and_then(|position| i16::try_from(position).ok()) {
            return Ok(self.minimum + position);
        }
        let Field { name, minimum, maximum, names } = self;
        let allowed = match (names.first(), names.last()) {
            (Some(first), Some(last)) => format!("{minimum} to {maximum} or {first} to {last}"),
            _ => format!("{minimum} to {maximum}"),
        };
        let number = number(piece.text).filter(|number| (i64::from(*minimum)..=i64::from(*maximum)).contains(number));
        let number = number.and_then(|number| i16::try_from(number).ok());
        number.ok_or_else(|| match piece.text {
            "" => piece.error(format!("the {name} is incomplete: expected {allowed}")),
            "?" => piece.error(format!("`?` cannot stand here: the {name} takes {allowed}")),
            text => piece.error(format!("`{}` is no {name}: expected {allowed}", shorten(text))),
        })
    }

    /// `*`, `a`, `a-b`, `*/n`, `a/n`, `a-b/n`: all values it stands for. Ranges may wrap.
    pub(super) fn values(&self, piece: Piece<'_>) -> Result<Vec<i16>, CronError> {
        let (base, step) = match piece.split_once('/') {
            Some((base, step)) => (base, Some(self.step(step)?)),
            None => (piece, None),
        };
        let count = self.maximum - self.minimum + 1;
        let (first, length) = match base.split_once('-') {
            _ if base.text == "*" => (self.minimum, count),
            Some((first, last)) => {
                let (first, last) = (self.value(first)?, self.value(last)?);
                (first, (last - first).rem_euclid(count) + 1)
            }
            None => {
                let first = self.value(base)?;
                (first, if step.is_some() { self.maximum - first + 1 } else { 1 })
            }
        };
        let step = step.unwrap_or(1);
        let offsets = (0..length).step_by(step);
        Ok(offsets.map(|offset| self.minimum + (first - self.minimum + offset).rem_euclid(count)).collect())
    }

    fn step(&self, piece: Piece<'_>) -> Result<usize, CronError> {
        let step = number(piece.text).filter(|step| *step >= 1).and_then(|step| usize::try_from(step).ok());
        step.ok_or_else(|| piece.error(format!("`{}` is no step: expected 1 or more", shorten(piece.text))))
    }
}

/// Digits only: no sign, no white space.
fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn shorten(text: &str) -> String {
    text.chars().take(20).collect()
}
