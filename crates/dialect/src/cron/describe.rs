//! Cron expressions in words, from the values that they stand for: two spellings of the same firings read the same.

use super::calendar::{Calendar, Days, FIRST_YEAR, LAST_YEAR, bit};

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
/// Times of day that are listed one by one.
const LISTED_TIMES: usize = 6;
const ALL_WEEKDAYS: u64 = 0b1111_1110;

/// "at 07:30 on Monday to Friday in March".
pub(super) fn describe(calendar: &Calendar) -> String {
    let (times, repeated) = times(calendar.minutes, calendar.hours);
    let mut words = vec![times];
    match days(&calendar.days) {
        Some(days) => words.push(days),
        // "every hour every day" says nothing more than "every hour".
        None if repeated => {}
        None => words.push("every day".to_owned()),
    }
    let months = values(calendar.months, 1, 12);
    if months.len() < 12 {
        words.push(format!("in {}", runs(&months, |month| name(&MONTHS, month - 1))));
    }
    if calendar.years.len() <= usize::from((LAST_YEAR - FIRST_YEAR).unsigned_abs()) {
        words.push(format!("in {}", runs(&calendar.years, |year| year.to_string())));
    }
    words.join(" ")
}

/// The times of a day, and whether they go on all day.
fn times(minutes: u64, hours: u64) -> (String, bool) {
    let (minutes, hours) = (values(minutes, 0, 59), values(hours, 0, 23));
    let (Some(first_minute), Some(last_minute)) = (minutes.first().copied(), minutes.last().copied()) else {
        return ("never".to_owned(), false);
    };
    let (Some(first), Some(last)) = (hours.first().copied(), hours.last().copied()) else {
        return ("never".to_owned(), false);
    };
    let clock = |hour: i16, minute: i16| format!("{hour:02}:{minute:02}");
    if minutes.len() * hours.len() <= LISTED_TIMES {
        let times = hours.iter().flat_map(|hour| minutes.iter().map(|minute| clock(*hour, *minute)));
        return (format!("at {}", list(times.collect())), false);
    }
    let all_day = hours.len() == 24;
    let hour_step = step(&hours);
    let within = match hour_step {
        _ if all_day => String::new(),
        Some(1) => format!(" from {} to {}", clock(first, first_minute), clock(last, last_minute)),
        _ => format!(" in the hours {}", runs(&hours, |hour| hour.to_string())),
    };
    let often = match (minutes.as_slice(), step(&minutes)) {
        ([minute], _) => match hour_step {
            Some(1) if all_day && *minute == 0 => "every hour".to_owned(),
            Some(1) if all_day => format!("at minute {minute} of every hour"),
            Some(1) => "every hour".to_owned(),
            Some(step) => {
                return (
                    format!("every {step} hours from {} to {}", clock(first, *minute), clock(last, *minute)),
                    false,
                );
            }
            None => format!("at minute {minute}"),
        },
        (_, Some(1)) if minutes.len() == 60 => "every minute".to_owned(),
        // The next one is the first of the next hour.
        (_, Some(step)) if first_minute + 60 - last_minute == step => match first_minute {
            0 => format!("every {step} minutes"),
            _ if all_day => format!("every {step} minutes from minute {first_minute} of the hour"),
            _ => format!("every {step} minutes"),
        },
        _ => format!("at the minutes {}", runs(&minutes, |minute| minute.to_string())),
    };
    (often + &within, all_day)
}

/// The days, where they are not all.
fn days(days: &Days) -> Option<String> {
    match days {
        Days::OfMonth { set, last, nearest_weekday } => {
            let mut parts: Vec<String> = of_month(*set).into_iter().collect();
            parts.extend(last.then(|| "the last day".to_owned()));
            parts.extend(nearest_weekday.iter().map(|day| format!("the weekday nearest to day {day}")));
            let every = values(*set, 1, 31).len() == 31;
            (!every).then(|| format!("on {} of the month", list(parts)))
        }
        Days::OfWeek { set, last, nth } => {
            let mut parts: Vec<String> = of_week(*set).into_iter().collect();
            let weekday = |day: i8| name(&WEEKDAYS, i16::from(day) - 1);
            parts.extend(last.iter().map(|day| format!("the last {} of the month", weekday(*day))));
            parts.extend(nth.iter().map(|(day, which)| {
                format!("the {} {} of the month", name(&ORDINALS, i16::from(*which) - 1), weekday(*day))
            }));
            (set & ALL_WEEKDAYS != ALL_WEEKDAYS).then(|| format!("on {}", list(parts)))
        }
        Days::Unix { of_month: month_set, of_week: week_set, either } => {
            let of_month = of_month(*month_set).map(|days| format!("on {days} of the month"));
            let of_week = of_week(*week_set).filter(|_| week_set & ALL_WEEKDAYS != ALL_WEEKDAYS);
            match (of_month.filter(|_| values(*month_set, 1, 31).len() < 31), of_week) {
                // Of two alternatives one that is always there decides.
                (None, _) | (_, None) if *either => None,
                (Some(of_month), Some(of_week)) if *either => Some(format!("{of_month} or on {of_week}")),
                (Some(of_month), Some(of_week)) => Some(format!("{of_month} if it is {of_week}")),
                (of_month, of_week) => of_month.or_else(|| of_week.map(|days| format!("on {days}"))),
            }
        }
    }
}

fn of_month(set: u64) -> Option<String> {
    let days = values(set, 1, 31);
    match days.as_slice() {
        [] => None,
        [day] => Some(format!("day {day}")),
        days => Some(format!("days {}", runs(days, |day| day.to_string()))),
    }
}

fn of_week(set: u64) -> Option<String> {
    // Monday first, so that a week's end is one run.
    let monday_first = values(set, 1, 7).into_iter().map(|day| (day + 5) % 7);
    let mut days: Vec<i16> = monday_first.collect();
    days.sort_unstable();
    (!days.is_empty()).then(|| runs(&days, |day| name(&WEEKDAYS, (day + 1) % 7)))
}

fn values(set: u64, first: i8, last: i8) -> Vec<i16> {
    (first..=last).filter(|value| set & bit(*value) != 0).map(i16::from).collect()
}

/// The distance between neighbours, where it is the same everywhere.
fn step(values: &[i16]) -> Option<i16> {
    let mut distances = values.windows(2).map(|pair| pair[1] - pair[0]);
    let first = distances.next()?;
    distances.all(|distance| distance == first).then_some(first)
}

/// "1, 3 to 5 and 9".
fn runs(values: &[i16], shown: impl Fn(i16) -> String) -> String {
    let mut parts: Vec<(i16, i16)> = Vec::new();
    for value in values {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *value => *last = *value,
            _ => parts.push((*value, *value)),
        }
    }
    let part = |(first, last): (i16, i16)| match last - first {
        0 => vec![shown(first)],
        1 => vec![shown(first), shown(last)],
        _ => vec![format!("{} to {}", shown(first), shown(last))],
    };
    list(parts.into_iter().flat_map(part).collect())
}

/// "a, b and c".
fn list(mut parts: Vec<String>) -> String {
    let Some(last) = parts.pop() else { return String::new() };
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

fn name(names: &[&str], at: i16) -> String {
    usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default().to_owned()
}
