//! From matching local minutes to instants, across the changes of a zone's clock.

use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use super::{calendar::Calendar, dst::Dst};

/// A gap at least this long is a correction of the calendar, not daylight saving.
const CORRECTION: SignedDuration = SignedDuration::from_hours(3);
/// No change of a clock is larger (a day at the date line).
const LARGEST_CHANGE: SignedDuration = SignedDuration::from_hours(26);
const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The first instant after `after` at which a slot with a fixed time fires.
pub(super) fn fixed(calendar: &Calendar, after: Timestamp, zone: &TimeZone, dst: Dst) -> Option<Timestamp> {
    match dst {
        Dst::Vixie | Dst::Skip => in_order(calendar, after, zone, zone.to_datetime(after), dst),
        Dst::Shift => shifted(calendar, after, zone),
        Dst::Every => wildcard(calendar, after, zone),
    }
}

/// Slots in the order of the wall clock, where their instants never run backwards.
fn in_order(calendar: &Calendar, after: Timestamp, zone: &TimeZone, mut from: DateTime, dst: Dst) -> Option<Timestamp> {
    // A slot that the wall clock showed at or before `after` has fired by then: in a repeated hour the first time counts, and
    // a gap's slots fire at its end. So the search starts at the wall clock's reading.
    loop {
        let slot = calendar.first_slot_from(from)?;
        if let Some(instant) = instant_of(slot, zone, dst).filter(|instant| *instant > after) {
            return Some(instant);
        }
        from = slot.checked_add(MINUTE).ok()?;
    }
}

/// A slot that moves out of a gap may be overtaken by slots that follow the gap, and may lie behind the wall clock's reading.
fn shifted(calendar: &Calendar, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let regular = in_order(calendar, after, zone, zone.to_datetime(after), Dst::Skip);
    let moved = moved_after(calendar, after, zone, regular);
    regular.into_iter().chain(moved).min()
}

/// The first slot of a gap that fires after `after` and before `bound`. Gaps whose slots come later than that are not looked at.
fn moved_after(calendar: &Calendar, after: Timestamp, zone: &TimeZone, bound: Option<Timestamp>) -> Option<Timestamp> {
    let mut from = after.checked_sub(LARGEST_CHANGE).unwrap_or(Timestamp::MIN);
    let mut first: Option<Timestamp> = None;
    loop {
        let Some(change) = zone.following(from).next().map(|change| change.timestamp()) else { return first };
        if [bound, first].into_iter().flatten().any(|bound| change >= bound) {
            return first;
        }
        let before = zone.to_offset(change.checked_sub(NANOSECOND).ok()?);
        let (start, end) = (before.to_datetime(change), zone.to_datetime(change));
        if start < end {
            // Later gaps hold no slot either if nothing follows this one's start.
            let Some(slot) = calendar.first_slot_from(start) else { return first };
            let slots =
                std::iter::successors(Some(slot), |slot| calendar.first_slot_from(slot.checked_add(MINUTE).ok()?));
            let instants = slots.take_while(|slot| *slot < end).filter_map(|slot| before.to_timestamp(slot).ok());
            first = first.into_iter().chain(instants.filter(|instant| *instant > after).take(1)).min();
        }
        if beyond(end) {
            return first;
        }
        from = change;
    }
}

/// When a fixed slot fires: none if it is lost in a gap, or lies outside the calendar.
fn instant_of(slot: DateTime, zone: &TimeZone, dst: Dst) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(slot).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(slot).ok()
        }
        AmbiguousOffset::Gap { before, after } => {
            let gap = SignedDuration::from_secs(i64::from(after.seconds()) - i64::from(before.seconds()));
            if gap >= CORRECTION || dst == Dst::Skip {
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
    let mut start = after.checked_add(NANOSECOND).ok()?;
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
