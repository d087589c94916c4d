//! How many messages of one subject are let through in a second. What is more is told when to come again, one place behind the
//! other, so that a flood is slowed down and nothing of it is lost. Pure.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

use std::{collections::BTreeMap, time::Duration};

use crate::limits;

/// Per subject, when its next message may pass.
#[derive(Debug)]
pub(super) struct Floods {
    /// Between two messages of one subject.
    interval: Duration,
    subjects: BTreeMap<String, Subject>,
    /// Messages that were told when to come again, by their place in the stream.
    places: BTreeMap<u64, Duration>,
}

#[derive(Debug, Default)]
struct Subject {
    /// When the next message is due; it may pass a burst earlier.
    next: Duration,
    /// Messages that were told to come later, since it was last reported.
    slowed: u64,
}

impl Floods {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / per_second.max(1),
            subjects: BTreeMap::new(),
            places: BTreeMap::new(),
        }
    }

    /// `None` = it may pass; else how long it is to wait. `now` counts from any fixed moment on.
    pub(super) fn slow_down(&mut self, subject: &str, sequence: u64, now: Duration) -> Option<Duration> {
        // It has waited for its place.
        if let Some(place) = self.places.get(&sequence) {
            let early = place.saturating_sub(now);
            if early > limits::FLOOD_TOLERANCE {
                return Some(early);
            }
            self.places.remove(&sequence);
            return None;
        }
        if !self.subjects.contains_key(subject) {
            self.make_room(now);
        }
        let state = self.subjects.entry(subject.to_owned()).or_default();
        let due = state.next.max(now);
        state.next = due + self.interval;
        let wait = (due - now).saturating_sub(limits::FLOOD_BURST);
        if wait.is_zero() {
            return None;
        }
        state.slowed += 1;
        if self.places.len() < limits::FLOOD_PLACES_MAX {
            self.places.insert(sequence, now + wait);
        }
        Some(wait)
    }

    /// Subjects that are quiet again need no memory.
    fn make_room(&mut self, now: Duration) {
        if self.subjects.len() >= limits::FLOOD_SUBJECTS_MAX {
            self.subjects.retain(|_, subject| subject.next > now || subject.slowed > 0);
        }
        if self.subjects.len() >= limits::FLOOD_SUBJECTS_MAX {
            self.subjects.clear();
        }
    }

    /// Subjects that flooded since this was asked last, with how many of their messages had to wait.
    pub(super) fn report(&mut self) -> Vec<(String, u64)> {
        let slowed = self.subjects.iter_mut().filter(|(_, subject)| subject.slowed > 0);
        slowed.map(|(name, subject)| (name.clone(), std::mem::take(&mut subject.slowed))).collect()
    }

    /// Places of messages that went to another scheduler, or never came again.
    pub(super) fn forget_old_places(&mut self, now: Duration) {
        self.places.retain(|_, place| now.saturating_sub(*place) < limits::FLOOD_PLACE_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_messages_passes_at_once_and_the_rest_in_order_at_the_allowed_rate() {
        let mut floods = Floods::new(100);
        let now = Duration::from_secs(50);
        let waits: Vec<Option<Duration>> = (1..=250).map(|at| floods.slow_down("a", at, now)).collect();
        assert!(waits[..=100].iter().all(Option::is_none));
        assert_eq!(waits[101], Some(Duration::from_millis(10)));
        assert_eq!(waits[249], Some(Duration::from_millis(1_490)));
        assert_eq!(floods.slow_down("b", 300, now), None, "other subjects go on");
        // Each passes when its place has come, and takes no other one.
        assert_eq!(floods.slow_down("a", 250, now + Duration::from_millis(1_490)), None);
        assert_eq!(floods.report(), [("a".to_owned(), 149)]);
        assert_eq!(floods.report(), []);
    }

    #[test]
    fn a_quiet_subject_has_its_burst_again() {
        let mut floods = Floods::new(10);
        let at = |seconds| Duration::from_secs(seconds);
        let slowed = (1..=20).filter(|message| floods.slow_down("a", *message, at(1)).is_some()).count();
        assert_eq!(slowed, 9);
        assert!(floods.slow_down("a", 21, at(1)).is_some());
        assert_eq!(floods.slow_down("a", 22, at(10)), None);
    }
}
