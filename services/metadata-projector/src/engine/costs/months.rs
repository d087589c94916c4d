//! Sums by month, one for each thing that costs are usually asked by: a year of a large installation is read in some thousand rows, and not in
//! as many as there are days and tasks. Whatever is asked by two things at once is added up from days.

use jiff::{Span, civil::Date};

use super::rows::For;

/// Something that sums are kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Dimension {
    /// Nothing but the currency.
    All = b'-',
    /// The pipeline.
    Pipeline = b'p',
    /// The task, with its pipeline.
    Task = b't',
    /// The asset.
    Asset = b'a',
    /// The owner.
    Owner = b'o',
    /// The unit.
    Unit = b'u',
    /// The integration.
    Integration = b'i',
}

impl Dimension {
    /// Every one; those that tell less apart come first.
    pub const ALL: [Dimension; 7] = [
        Dimension::All,
        Dimension::Integration,
        Dimension::Unit,
        Dimension::Owner,
        Dimension::Pipeline,
        Dimension::Task,
        Dimension::Asset,
    ];

    /// Its letter in keys.
    pub fn letter(self) -> u8 {
        self as u8
    }

    /// What a sum of this dimension is for: the rest is left out.
    pub fn of(self, what: &For) -> For {
        let all = For { currency: what.currency.clone(), ..For::default() };
        match self {
            Dimension::All => all,
            Dimension::Pipeline => For { pipeline_id: what.pipeline_id.clone(), ..all },
            Dimension::Task => For { pipeline_id: what.pipeline_id.clone(), task: what.task.clone(), ..all },
            Dimension::Asset => For { asset: what.asset.clone(), ..all },
            Dimension::Owner => For { owner: what.owner.clone(), ..all },
            Dimension::Unit => For { unit: what.unit.clone(), ..all },
            Dimension::Integration => For { integration: what.integration.clone(), ..all },
        }
    }
}

/// Months since January 1970, of a day since the epoch, UTC.
pub fn month_of(day: i32) -> i32 {
    match date_of(day) {
        Some(date) => (i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1,
        None if day < 0 => i32::MIN,
        None => i32::MAX,
    }
}

/// The date of a day since the epoch. `None`: beyond all calendars.
pub fn date_of(day: i32) -> Option<Date> {
    let days = Span::new().try_days(i64::from(day)).ok()?;
    Date::constant(1970, 1, 1).checked_add(days).ok()
}

/// The first day of a month, days since the epoch. `None`: beyond all calendars.
pub fn first_day(month: i32) -> Option<i32> {
    let year = i16::try_from(1970 + i64::from(month.div_euclid(12))).ok()?;
    let date = Date::new(year, i8::try_from(month.rem_euclid(12)).ok()? + 1, 1).ok()?;
    let days = Date::constant(1970, 1, 1).until(date).ok()?.get_days();
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_with_their_first_day() {
        let day = |text: &str| Date::constant(1970, 1, 1).until(text.parse::<Date>().unwrap()).unwrap().get_days();
        let cases = [
            ("1970-01-01", 0, "1970-01-01"),
            ("1970-01-31", 0, "1970-01-01"),
            ("1969-12-31", -1, "1969-12-01"),
            ("2024-02-29", 649, "2024-02-01"),
            ("2026-11-27", 682, "2026-11-01"),
        ];
        for (date, month, first) in cases {
            assert_eq!(month_of(day(date)), month, "{date}");
            assert_eq!(first_day(month), Some(day(first)), "{date}");
        }
        assert_eq!((month_of(i32::MIN), month_of(i32::MAX)), (i32::MIN, i32::MAX));
        assert_eq!((first_day(i32::MIN), first_day(i32::MAX)), (None, None));
    }

    #[test]
    fn a_dimension_keeps_what_it_is_of_and_the_currency() {
        let what = For {
            pipeline_id: vec![1],
            task: "t".into(),
            asset: "a".into(),
            owner: "o".into(),
            unit: "u".into(),
            integration: "i".into(),
            currency: "EUR".into(),
        };
        let kept = |dimension: Dimension| {
            let For { pipeline_id, task, asset, owner, unit, integration, currency } = dimension.of(&what);
            assert_eq!(currency, "EUR");
            let pipeline = if pipeline_id.is_empty() { "" } else { "p" };
            [pipeline, &task, &asset, &owner, &unit, &integration].concat()
        };
        let found: Vec<String> = Dimension::ALL.map(kept).to_vec();
        assert_eq!(found, ["", "i", "u", "o", "p", "pt", "a"]);
        let mut letters: Vec<u8> = Dimension::ALL.map(Dimension::letter).to_vec();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), Dimension::ALL.len());
    }
}
