//! Levels of the log: how new whoever acts on its events has to be.
//!
//! Promises: nothing is decided whose events a reader of the log's level would not know, so that an older version can go on with the log
//! until somebody raises its level, and meets no event that it cannot fold before. What exists never changes its level; a new kind of
//! event belongs to the level after the newest that was released. Knows nothing about the numbers that kinds have on the wire.
//!
//! What is asked for is refused where the level is too low ([`crate::execute`]). What follows by itself cannot be refused: a decision of
//! that kind looks at [`Partition::level`] first, and takes the older way where there is one.

use std::fmt;

use crate::{
    audit::CommandKind,
    command::{Context, Rejection},
    event::Event,
    state::Partition,
};

/// A level; the default is that of logs that say nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub u32);

impl Level {
    /// Of every log that nobody has raised.
    pub const FIRST: Self = Self(1);
    /// The newest that this version reads and writes.
    pub const NEWEST: Self = Self(2);
}

impl Default for Level {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The lowest level at which everybody knows this event.
pub fn needed(event: &Event) -> Level {
    match event {
        Event::LevelRaised { .. } | Event::FileCommit(_) => Level(2),
        // Who does not know what was asked for cannot read that it was refused.
        Event::CommandRejected(rejected) if rejected.command == CommandKind::CommitPipelineFile => Level(2),
        _ => Level::FIRST,
    }
}

/// Whether a log of this level may hold what was decided. What raises the level may always be there.
pub(crate) fn permits(level: Level, events: &[Event]) -> Result<(), Rejection> {
    let raises = |event: &&Event| matches!(event, Event::LevelRaised { .. });
    match events.iter().filter(|event| !raises(event)).map(needed).max() {
        Some(needed) if needed > level => Err(Rejection::LevelTooLow { needed, level }),
        _ => Ok(()),
    }
}

/// Raises the level to the newest, if it is lower.
pub(crate) fn raise(partition: &Partition, context: &Context) -> Vec<Event> {
    let before = partition.level;
    if before >= Level::NEWEST {
        return Vec::new();
    }
    vec![Event::LevelRaised { before: before.0, level: Level::NEWEST.0, at: context.now }]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{command::Command, execute};

    const THEN: Context = Context { now: Timestamp::UNIX_EPOCH, random: 0 };

    fn of_level(level: u32) -> Partition {
        Partition { level: Level(level), ..Partition::default() }
    }

    #[test]
    fn what_the_level_does_not_permit_is_refused_and_changes_nothing() {
        let note = Command::NoteTimeZones { release: "2026f".to_owned() };
        let mut low = of_level(0);
        let refused = execute(&mut low, &note, &THEN).unwrap_err();
        assert_eq!((refused.code(), low.time_zones.as_str()), ("LEVEL_TOO_LOW", ""));
        let words = "this needs level 1 of the log, which is at level 0";
        assert!(refused.to_string().contains(words) && refused.to_string().contains("log level --raise"), "{refused}");
        assert_eq!(execute(&mut of_level(1), &note, &THEN).unwrap().len(), 1);
    }

    #[test]
    fn the_level_is_raised_once_and_from_everywhere() {
        for (from, events) in [(0, 1), (1, 1), (Level::NEWEST.0, 0), (Level::NEWEST.0 + 1, 0)] {
            let mut partition = of_level(from);
            assert_eq!(execute(&mut partition, &Command::RaiseLevel, &THEN).unwrap().len(), events, "{from}");
            assert_eq!(partition.level, Level(from).max(Level::NEWEST), "{from}");
        }
    }
}
