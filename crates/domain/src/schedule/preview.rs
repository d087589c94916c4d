//! The next firings of a schedule, with what the changes of the clock do to them.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use super::Timetable;
use crate::{id::PipelineId, limits};

/// A firing that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The instant that the schedule names.
    pub instant: Timestamp,
    /// What the wall clock of its zone shows then.
    pub local: DateTime,
    /// The zone's offset then, seconds east of UTC.
    pub offset_seconds: i32,
    /// When it is served: later by its jitter.
    pub due: Timestamp,
    /// What a change of the clock does to it.
    pub effect: Option<Effect>,
}

/// What a change of the clock does to a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Its time does not exist on that day: it fires at another one.
    Moved,
    /// The wall clock shows its time twice on that day; this is the first time.
    FirstOfTwo,
    /// The wall clock shows its time twice on that day; this is the second time.
    SecondOfTwo,
    /// The clock has changed since the firing before, so that the pause between them is another one.
    Changed,
}

impl Effect {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "MOVED",
            Self::FirstOfTwo => "FIRST_OF_TWO",
            Self::SecondOfTwo => "SECOND_OF_TWO",
            Self::Changed => "CHANGED",
        }
    }
}

/// The first `count` firings after `after`, at most [`limits::PREVIEW_FIRINGS_MAX`].
pub fn preview(
    table: &Timetable,
    (pipeline, schedule): (PipelineId, &str),
    after: Timestamp,
    count: usize,
) -> Vec<Firing> {
    let mut firings = Vec::new();
    let mut cursor = after;
    while firings.len() < count.min(limits::PREVIEW_FIRINGS_MAX)
        && let Some(instant) = table.next_after(cursor)
    {
        let offset = table.zone().to_offset(instant);
        firings.push(Firing {
            instant,
            local: offset.to_datetime(instant),
            offset_seconds: offset.seconds(),
            due: table.due(pipeline, schedule, instant),
            effect: effect(table, cursor, instant),
        });
        cursor = instant;
    }
    firings
}

fn effect(table: &Timetable, before: Timestamp, instant: Timestamp) -> Option<Effect> {
    let zone = table.zone();
    let local = zone.to_datetime(instant);
    if !table.shows(local) {
        return Some(Effect::Moved);
    }
    let ambiguous = zone.to_ambiguous_timestamp(local);
    if let jiff::tz::AmbiguousOffset::Fold { before: first, .. } = ambiguous.offset() {
        let is_first = first.to_timestamp(local).is_ok_and(|first| first == instant);
        return Some(if is_first { Effect::FirstOfTwo } else { Effect::SecondOfTwo });
    }
    let change = zone.preceding(instant.checked_add(SignedDuration::from_nanos(1)).ok()?).next()?.timestamp();
    (before < change && zone.to_offset(before) != zone.to_offset(instant)).then_some(Effect::Changed)
}
