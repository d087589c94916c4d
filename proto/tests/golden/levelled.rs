//! Levels of the log: the event that raises one, and which kinds each has.

use downbeat_domain::{Event, Level, level};
use downbeat_proto::event;

use crate::samples::at;

/// Numbers of the kinds that versions know which know nothing of levels. This never changes: a new kind belongs to a new level.
const FIRST: &[i32] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35, 36,
    37, 38, 39, 40, 41, 42, 50, 51, 52, 53, 60, 61, 62, 63, 64, 70, 71, 72, 73, 80, 81, 82, 83, 84, 85, 90, 91, 92, 93,
    100, 110, 111, 112, 113, 114, 120, 130, 131, 132, 140, 141, 142, 150, 151, 152, 153, 154, 155, 156, 160, 161, 162,
    163, 170, 171, 172, 173, 174, 175, 177,
];

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("LEVEL_RAISED", Event::LevelRaised { before: 1, level: 2, at: at(14) }),
        ("LEVEL_RAISED.new", Event::LevelRaised { before: 0, level: 2, at: at(15) }),
    ]
}

/// A kind without a level of its own would reach versions that do not know it.
pub(crate) fn check(fact: &Event) {
    let (kind, needed) = (event::encode(fact).kind, level::needed(fact));
    let name = event::name_of(kind);
    assert_eq!(FIRST.contains(&kind), needed == Level::FIRST, "{name}: its level stands in crates/domain/src/level.rs");
    assert!(needed <= Level::NEWEST, "{name} is of level {needed}, and the newest is {}", Level::NEWEST);
}
