//! Cron expressions of the language: six fields, minute first, one of the two day fields `?`; and the five of Unix for our additions.
//!
//! Promises: parsing tells the place of a fault; [`Cron::next_after`] is total, bounded and always answers strictly later. Knows
//! nothing about clocks: the instant and the zone come in.

mod calendar;
mod describe;
mod dst;
mod field;
mod next;
mod parse;
mod unix;

use std::{fmt, ops::Range};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

pub use dst::Dst;

/// A parsed cron expression. Prints as written, with single spaces between the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    calendar: calendar::Calendar,
    /// Whether the clock's changes concern it as little as the wall clock itself: minute or hour is `*`, `*/n` or `0/n`.
    wildcard: bool,
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CronError {
    /// What is wrong, in one line.
    pub message: String,
    /// Bytes of the text that are at fault.
    pub span: Range<usize>,
    /// What to write instead, if we know.
    pub help: Option<String>,
}

impl Cron {
    /// Reads six fields: minute, hour, day of month, month, day of week (1 is Sunday), year.
    pub fn parse(text: &str) -> Result<Cron, CronError> {
        parse::parse(text)
    }

    /// Reads the five fields of Unix cron: minute, hour, day of month, month, day of week (0 and 7 are Sunday), or a word such as
    /// `@daily`. Two day fields that are both restricted are alternatives.
    pub fn parse_unix(text: &str) -> Result<Cron, CronError> {
        unix::parse(text)
    }

    /// The firings in words: `at 07:30 on Monday to Friday in March`.
    pub fn describe(&self) -> String {
        describe::describe(&self.calendar)
    }

    /// [`Cron::describe`] with the zone: `at 01:00 every day, Europe/London`.
    pub fn describe_in(&self, zone: &str) -> String {
        format!("{}, {zone}", self.describe())
    }

    /// The first firing strictly after `after`, in the local time of `zone`; none when it never fires again (years end with 2199).
    ///
    /// Where the clock changes, [`Dst`] says what becomes of a fixed time. A wildcard slot (minute or hour is `*`, `*/n` or `0/n`)
    /// fires whenever the wall clock shows it, whatever the policy.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone, dst: Dst) -> Option<Timestamp> {
        if self.wildcard {
            next::wildcard(&self.calendar, after, zone)
        } else {
            next::fixed(&self.calendar, after, zone, dst)
        }
    }

    /// Whether it follows the wall clock (minute or hour is `*`, `*/n` or `0/n`), so that the DST policy does not concern it.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Whether a reading of the wall clock, to the minute, is one of its own.
    pub fn matches(&self, local: DateTime) -> bool {
        self.calendar.first_slot_from(local) == Some(local)
    }

    /// Whether any date matches at all (31 February never does).
    pub fn can_fire(&self) -> bool {
        self.calendar.first_slot_from(calendar::EARLIEST).is_some()
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
