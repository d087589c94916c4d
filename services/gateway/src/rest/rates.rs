//! How often somebody may ask for something: so many times in a minute. Who has shown no key is known by the address.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::limits;

/// What callers have used in the minute that goes on.
#[derive(Debug)]
pub(crate) struct Rates<Who>(Mutex<Used<Who>>);

#[derive(Debug)]
struct Used<Who> {
    /// Minutes since the process began.
    minute: u64,
    by_caller: HashMap<Who, u32>,
}

impl<Who> Default for Rates<Who> {
    fn default() -> Self {
        Self(Mutex::new(Used { minute: 0, by_caller: HashMap::new() }))
    }
}

impl<Who: Eq + Hash> Rates<Who> {
    /// Whether there is one left.
    ///
    /// # Errors
    /// There is none: seconds until there is.
    pub(crate) fn left(&self, who: &Who, now: Duration, most: u32) -> Result<(), u32> {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = used.by_caller.get(who).copied().unwrap_or_default();
        if used.minute == now.as_secs() / 60 && count >= most {
            return Err(u32::try_from(60 - now.as_secs() % 60).unwrap_or(60));
        }
        Ok(())
    }

    /// Takes one use.
    ///
    /// # Errors
    /// There is none left: seconds until there is.
    pub(crate) fn take(&self, who: Who, now: Duration, most: u32) -> Result<(), u32> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_secs() / 60;
        if used.minute != minute {
            used.minute = minute;
            used.by_caller.clear();
        }
        let wait = u32::try_from(60 - now.as_secs() % 60).unwrap_or(60);
        if used.by_caller.len() >= limits::CALLERS_REMEMBERED && !used.by_caller.contains_key(&who) {
            return Err(wait);
        }
        let count = used.by_caller.entry(who).or_default();
        if *count >= most {
            return Err(wait);
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_minute_and_then_again_in_the_next() {
        let (rates, one, other) = (Rates::default(), "one", "other");
        let at = Duration::from_secs;
        assert_eq!([0, 1, 2].map(|second| rates.take(one, at(second), 2)), [Ok(()), Ok(()), Err(58)]);
        assert_eq!((rates.left(&one, at(2), 2), rates.left(&one, at(60), 2)), (Err(58), Ok(())));
        assert_eq!(rates.left(&other, at(2), 2), Ok(()));
        assert_eq!(rates.take(other, at(2), 2), Ok(()), "others are not concerned");
        assert_eq!(rates.take(one, at(60), 2), Ok(()));
    }
}
