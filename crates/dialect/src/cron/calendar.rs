//! Which local minutes match: sets of values per field and the search through them, year by year down to the minute.

use jiff::civil::{Date, DateTime, Weekday, date};

/// The first year a field may name.
pub(super) const FIRST_YEAR: i16 = 1970;
/// The last year a field may name.
pub(super) const LAST_YEAR: i16 = 2199;
/// Where a search over all years starts.
pub(super) const EARLIEST: DateTime = date(FIRST_YEAR, 1, 1).at(0, 0, 0, 0);

/// Values of all fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calendar {
    /// Bit n: minute n.
    pub(super) minutes: u64,
    /// Bit n: hour n.
    pub(super) hours: u64,
    pub(super) days: Days,
    /// Bit n: month n, January is 1.
    pub(super) months: u64,
    /// Sorted.
    pub(super) years: Vec<i16>,
}

/// The day field that is not `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Days {
    OfMonth {
        /// Bit n: day n.
        set: u64,
        /// `L`: the last day.
        last: bool,
        /// `nW`: the weekday nearest to day n within the month.
        nearest_weekday: Vec<i8>,
    },
    OfWeek {
        /// Bit n: weekday n, Sunday is 1.
        set: u64,
        /// `nL`: the last such weekday of the month.
        last: Vec<i8>,
        /// `n#k`: the k-th such weekday of the month.
        nth: Vec<(i8, i8)>,
    },
    /// Both day fields of Unix cron.
    Unix {
        /// Bit n: day n.
        of_month: u64,
        /// Bit n: weekday n, Sunday is 1.
        of_week: u64,
        /// A day of either kind matches; otherwise it must be of both.
        either: bool,
    },
}

impl Calendar {
    /// The first matching minute at or after `from`.
    pub(super) fn first_slot_from(&self, from: DateTime) -> Option<DateTime> {
        let from = round_up_to_minute(from)?;
        let first_year = self.years.partition_point(|year| *year < from.year());
        for year in self.years.get(first_year..)? {
            for month in 1..=12 {
                if self.months & bit(month) == 0 || (*year == from.year() && month < from.month()) {
                    continue;
                }
                let Ok(first_of_month) = Date::new(*year, month, 1) else { continue };
                if let Some(slot) = self.first_slot_of_month(first_of_month, from) {
                    return Some(slot);
                }
            }
        }
        None
    }

    fn first_slot_of_month(&self, first_of_month: Date, from: DateTime) -> Option<DateTime> {
        let days = self.days.in_month(first_of_month);
        for day in 1..=first_of_month.days_in_month() {
            if days & bit(day) == 0 {
                continue;
            }
            let Ok(date) = Date::new(first_of_month.year(), first_of_month.month(), day) else { continue };
            if date < from.date() {
                continue;
            }
            let (hour, minute) = if date == from.date() { (from.hour(), from.minute()) } else { (0, 0) };
            if let Some((hour, minute)) = self.first_time_from(hour, minute) {
                return Some(date.at(hour, minute, 0, 0));
            }
        }
        None
    }

    fn first_time_from(&self, hour: i8, minute: i8) -> Option<(i8, i8)> {
        if self.hours & bit(hour) != 0
            && let Some(minute) = first_bit_from(self.minutes, minute)
        {
            return Some((hour, minute));
        }
        Some((first_bit_from(self.hours, hour + 1)?, first_bit_from(self.minutes, 0)?))
    }
}

impl Days {
    /// Bit n: day n of this month matches.
    fn in_month(&self, first_of_month: Date) -> u64 {
        let length = first_of_month.days_in_month();
        let first_weekday = first_of_month.weekday().to_sunday_one_offset();
        let weekday_of = |day: i8| (first_weekday - 1 + day - 1) % 7 + 1;
        let mut days = 0;
        match self {
            Days::Unix { of_month, of_week, either } => {
                for day in 1..=length {
                    let (in_month, in_week) = (of_month & bit(day) != 0, of_week & bit(weekday_of(day)) != 0);
                    if (in_month && in_week) || (*either && (in_month || in_week)) {
                        days |= bit(day);
                    }
                }
            }
            Days::OfMonth { set, last, nearest_weekday } => {
                days |= set;
                if *last {
                    days |= bit(length);
                }
                for day in nearest_weekday.iter().filter(|day| **day <= length) {
                    days |= bit(nearest(first_of_month, *day, length));
                }
            }
            Days::OfWeek { set, last, nth } => {
                for day in 1..=length {
                    let weekday = weekday_of(day);
                    let is_last = day + 7 > length && last.contains(&weekday);
                    if set & bit(weekday) != 0 || is_last || nth.contains(&(weekday, (day - 1) / 7 + 1)) {
                        days |= bit(day);
                    }
                }
            }
        }
        days
    }
}

/// The weekday nearest to a day, without leaving the month.
fn nearest(first_of_month: Date, day: i8, length: i8) -> i8 {
    let Ok(date) = Date::new(first_of_month.year(), first_of_month.month(), day) else { return day };
    match date.weekday() {
        Weekday::Saturday if day > 1 => day - 1,
        Weekday::Saturday => day + 2,
        Weekday::Sunday if day < length => day + 1,
        Weekday::Sunday => day - 2,
        _ => day,
    }
}

fn round_up_to_minute(from: DateTime) -> Option<DateTime> {
    let floor = from.date().at(from.hour(), from.minute(), 0, 0);
    if floor == from {
        return Some(floor);
    }
    floor.checked_add(jiff::SignedDuration::from_mins(1)).ok()
}

pub(super) fn bit(value: i8) -> u64 {
    1 << value.clamp(0, 63)
}

fn first_bit_from(set: u64, from: i8) -> Option<i8> {
    let rest = set & (u64::MAX << from.clamp(0, 63));
    i8::try_from(rest.trailing_zeros()).ok().filter(|value| *value < 64)
}
