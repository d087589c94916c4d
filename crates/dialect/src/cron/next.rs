//! From matching local minutes to instants, across the changes of a zone's clock.

use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use super::calendar::Calendar;

/// A gap at least this long is a correction of the calendar, not daylight saving.
const CORRECTION: SignedDuration = SignedDuration::from_hours(3);

/// Slots with a fixed time, in the order of the wall clock: their instants never run backwards.
pub(super) fn fixed(calendar: &Calendar, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    // A slot that the wall clock showed at or before `after` has fired by then: in a repeated hour the first time counts, and
    // a gap's slots fire at its end. So the search starts at the wall clock's reading.
    let mut from = zone.to_datetime(after);
    loop {
        let slot = calendar.first_slot_from(from)?;
        if let Some(instant) = first_instant(slot, zone).filter(|instant| *instant > after) {
            return Some(instant);
        }
        from = slot.checked_add(SignedDuration::from_mins(1)).ok()?;
    }
}

/// When a fixed slot fires: none if it falls into a correction of the calendar or outside the calendar.
fn first_instant(slot: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(slot).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(slot).ok()
        }
        AmbiguousOffset::Gap { before, after } => {
            let gap = SignedDuration::from_secs(i64::from(after.seconds()) - i64::from(before.seconds()));
            if gap >= CORRECTION {
                return None;
            }
            // Read with the offset after the gap, the slot lies before the change: the next change is the gap's end.
            let before_change = after.to_timestamp(slot).ok()?;
            zone.following(before_change).next().map(|change| change.timestamp())
        }
    }
}

/// Slots that follow the wall clock: search each stretch of constant offset for itself.
pub(super) fn wildcard(calendar: &Calendar, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let nanosecond = SignedDuration::from_nanos(1);
    let mut start = after.checked_add(nanosecond).ok()?;
    loop {
        let offset: Offset = zone.to_offset(start);
        let change = zone.following(start).next().map(|change| change.timestamp());
        let slot = calendar.first_slot_from(offset.to_datetime(start));
        let instant = slot.and_then(|slot| offset.to_timestamp(slot).ok());
        match (instant, change) {
            (Some(instant), None) => return Some(instant),
            (Some(instant), Some(change)) if instant < change => return Some(instant),
            // Later changes cannot bring years back that are over.
            (None, _) if slot.is_none() && beyond(offset.to_datetime(start)) => return None,
            (_, Some(change)) => start = change,
            (None, None) => return None,
        }
    }
}

fn beyond(local: DateTime) -> bool {
    local.year() > super::calendar::LAST_YEAR + 1
}
