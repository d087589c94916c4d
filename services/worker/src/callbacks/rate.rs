//! How often a job may post: so many in a row, and so many in a second on the long run. Pure; instants come in.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::limits::{CALLBACK_RATES_MAX, CALLBACKS_IN_A_ROW, CALLBACKS_PER_SECOND};

/// What jobs have left.
#[derive(Debug, Default)]
pub(super) struct Rates {
    jobs: BTreeMap<Uuid, Left>,
}

#[derive(Debug)]
struct Left {
    posts: f64,
    at: Instant,
}

impl Left {
    /// What it has by now.
    fn by(&self, now: Instant) -> f64 {
        let gained = now.duration_since(self.at).as_secs_f64() * f64::from(CALLBACKS_PER_SECOND);
        (self.posts + gained).min(f64::from(CALLBACKS_IN_A_ROW))
    }
}

impl Rates {
    /// Takes a post of this job.
    ///
    /// # Errors
    /// It comes too early: how long to wait.
    pub(super) fn take(&mut self, job: Uuid, now: Instant) -> Result<(), Duration> {
        if self.jobs.len() >= CALLBACK_RATES_MAX && !self.jobs.contains_key(&job) {
            self.make_room(now);
        }
        let whole = Left { posts: f64::from(CALLBACKS_IN_A_ROW), at: now };
        let left = self.jobs.entry(job).or_insert(whole);
        (left.posts, left.at) = (left.by(now), now);
        if left.posts < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left.posts) / f64::from(CALLBACKS_PER_SECOND)));
        }
        left.posts -= 1.0;
        Ok(())
    }

    /// Forgets those who have all of it again, and if there are none, the one who posted longest ago.
    fn make_room(&mut self, now: Instant) {
        self.jobs.retain(|_, left| left.by(now) < f64::from(CALLBACKS_IN_A_ROW));
        if self.jobs.len() >= CALLBACK_RATES_MAX
            && let Some(oldest) = self.jobs.iter().min_by_key(|(_, left)| left.at).map(|(job, _)| *job)
        {
            self.jobs.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_may_post_many_in_a_row_and_then_so_many_in_a_second() {
        let (mut rates, job, start) = (Rates::default(), Uuid::from_u128(1), Instant::now());
        for _ in 0..CALLBACKS_IN_A_ROW {
            assert_eq!(rates.take(job, start), Ok(()));
        }
        let wait = rates.take(job, start).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1) / CALLBACKS_PER_SECOND);
        assert_eq!(rates.take(Uuid::from_u128(2), start), Ok(()), "others are not concerned");
        assert_eq!(rates.take(job, start + wait), Ok(()));
        assert!(rates.take(job, start + wait).is_err());
        let later = start + Duration::from_secs(3_600);
        assert!((0..CALLBACKS_IN_A_ROW).all(|_| rates.take(job, later).is_ok()) && rates.take(job, later).is_err());
    }

    #[test]
    fn what_is_kept_of_jobs_is_limited() {
        let (mut rates, start) = (Rates::default(), Instant::now());
        let job = |number: usize| Uuid::from_u128(number as u128);
        for number in 0..CALLBACK_RATES_MAX + 10 {
            assert_eq!(rates.take(job(number), start), Ok(()));
        }
        assert_eq!(rates.jobs.len(), CALLBACK_RATES_MAX);
        // All have all of it again.
        assert_eq!(rates.take(job(usize::MAX), start + Duration::from_secs(60)), Ok(()));
        assert_eq!(rates.jobs.len(), 1);
    }
}
