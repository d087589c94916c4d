//! When new work is refused because the log does not keep up, and when it is taken again.
//!
//! Promises: refused is only for what was measured here: appends that take long, storage that fills up, decisions that wait for the log. Each
//! begins above one bound and ends below a lower one, so that nobody is let in and out with every call. How far projectors are behind is not
//! known to a coordinator and refuses nothing: they read at their own speed, and their readers are told by the positions. Knows neither clock
//! nor log: whoever asks says what time it is.

use std::{fmt, time::Duration};

use downbeat_event_log::Room;

use crate::limits::{
    APPEND_SLOW, APPEND_SLOW_ENDS, APPENDS_SLOW_MIN, BACKLOG_BYTES_ENDS, BACKLOG_BYTES_MAX, PRESSURE_WINDOW_SECONDS,
    STORAGE_FULL, STORAGE_FULL_ENDS,
};

/// Why new work is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// One append in a hundred takes longer than it may.
    Slow,
    /// What has this limit is nearly full; per cent.
    Full {
        /// What.
        what: String,
        /// How full.
        percent: u64,
    },
    /// So many bytes of decisions wait for the log.
    Waiting(usize),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => write!(f, "the log is slow: appends take longer than {APPEND_SLOW:?}")?,
            Self::Full { what, percent } => write!(f, "{what} is full to {percent} %: somebody has to make room")?,
            Self::Waiting(bytes) => write!(f, "the log does not answer and {bytes} bytes of decisions wait for it")?,
        }
        f.write_str("; try again later (docs/runbooks.md#new-work-is-refused)")
    }
}

/// Appends that ended in one second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    all: u64,
    /// Those that took longer than [`APPEND_SLOW_ENDS`].
    slowish: u64,
    /// Those that took longer than [`APPEND_SLOW`].
    slow: u64,
}

/// What is known of the log's state.
#[derive(Debug)]
pub struct Pressure {
    seconds: [Second; PRESSURE_WINDOW_SECONDS],
    is_slow: bool,
    full: Option<(String, u64)>,
    backlog: usize,
    is_waiting: bool,
}

impl Default for Pressure {
    fn default() -> Self {
        let seconds = [Second::default(); PRESSURE_WINDOW_SECONDS];
        Self { seconds, is_slow: false, full: None, backlog: 0, is_waiting: false }
    }
}

impl Pressure {
    /// An append has ended, well or not; `now` is monotonic.
    pub fn appended(&mut self, now: Duration, took: Duration) {
        let number = now.as_secs();
        let second = &mut self.seconds[(number % PRESSURE_WINDOW_SECONDS as u64) as usize];
        if second.number != number {
            *second = Second { number, ..Second::default() };
        }
        second.all += 1;
        second.slowish += u64::from(took > APPEND_SLOW_ENDS);
        second.slow += u64::from(took > APPEND_SLOW);
    }

    /// How full the place of the log is; `None` = nobody knows of a limit.
    pub fn room(&mut self, room: Option<&Room>) {
        let bound = if self.full.is_some() { STORAGE_FULL_ENDS } else { STORAGE_FULL };
        let full = room.filter(|room| room.part() > bound);
        self.full = full.map(|room| (room.what.clone(), room.used.saturating_mul(100) / room.limit.max(1)));
    }

    /// Bytes of decisions that wait for the log.
    pub fn backlog(&mut self, bytes: usize) {
        self.backlog = bytes;
        self.is_waiting = bytes > if self.is_waiting { BACKLOG_BYTES_ENDS } else { BACKLOG_BYTES_MAX };
    }

    /// Why new work is refused now, if it is.
    pub fn refuses(&mut self, now: Duration) -> Option<Reason> {
        let oldest = (now.as_secs() + 1).saturating_sub(PRESSURE_WINDOW_SECONDS as u64);
        let seconds = self.seconds.iter().filter(|second| second.number >= oldest);
        let (all, slowish, slow) = seconds.fold((0, 0, 0), |(all, slowish, slow), second| {
            (all + second.all, slowish + second.slowish, slow + second.slow)
        });
        // More than one in a hundred is a 99th percentile beyond the bound.
        self.is_slow = match self.is_slow {
            true => slowish * 100 > all,
            false => slow >= APPENDS_SLOW_MIN && slow * 100 > all,
        };
        if self.is_waiting {
            return Some(Reason::Waiting(self.backlog));
        }
        if let Some((what, percent)) = &self.full {
            return Some(Reason::Full { what: what.clone(), percent: *percent });
        }
        self.is_slow.then_some(Reason::Slow)
    }

    /// Whether even what ends work is refused: memory has an end, too.
    pub fn refuses_all(&self) -> Option<Reason> {
        (self.backlog > 2 * BACKLOG_BYTES_MAX).then_some(Reason::Waiting(self.backlog))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn slow_appends_refuse_new_work_until_they_are_quick_again() {
        let quick = Duration::from_millis(5);
        // Given so many appends that took so long at this second, new work is refused or not at that one.
        for (name, appends, asked, refused) in [
            ("nothing was appended", vec![], 100, false),
            ("all quick", vec![(100, 1_000, quick)], 100, false),
            ("a few slow ones are no rule", vec![(100, 4, seconds(2))], 100, false),
            ("exactly the bound is not beyond it", vec![(100, 50, seconds(1))], 100, false),
            ("one in a hundred", vec![(100, 495, quick), (100, 5, seconds(2))], 100, false),
            ("more than one in a hundred", vec![(100, 494, quick), (100, 6, seconds(2))], 100, true),
            ("still in the window", vec![(100, 6, seconds(2))], 129, true),
            ("out of the window", vec![(100, 6, seconds(2))], 130, false),
            ("half as slow as refuses", vec![(100, 6, Duration::from_millis(900))], 100, false),
        ] {
            let mut pressure = Pressure::default();
            for (at, count, took) in appends {
                (0..count).for_each(|_| pressure.appended(seconds(at), took));
            }
            assert_eq!(pressure.refuses(seconds(asked)).is_some(), refused, "{name}");
        }
    }

    #[test]
    fn what_was_slow_has_to_be_quicker_than_the_bound_before_it_is_trusted() {
        let mut pressure = Pressure::default();
        (0..6).for_each(|_| pressure.appended(seconds(100), seconds(2)));
        assert_eq!(pressure.refuses(seconds(100)), Some(Reason::Slow));
        (0..6).for_each(|_| pressure.appended(seconds(125), Duration::from_millis(700)));
        assert_eq!(pressure.refuses(seconds(140)), Some(Reason::Slow), "below the bound, and not far enough below it");
        assert_eq!(pressure.refuses(seconds(156)), None);
        (0..6).for_each(|_| pressure.appended(seconds(157), Duration::from_millis(700)));
        assert_eq!(pressure.refuses(seconds(157)), None, "which would not have begun it");
    }

    #[test]
    fn storage_refuses_above_one_bound_and_takes_again_below_a_lower_one() {
        let mut pressure = Pressure::default();
        let what = "the stream".to_owned();
        for (used, refused) in [(80, false), (81, true), (79, true), (76, true), (75, false), (79, false), (99, true)] {
            pressure.room(Some(&Room { used, limit: 100, what: what.clone() }));
            let expected = refused.then(|| Reason::Full { what: what.clone(), percent: used });
            assert_eq!(pressure.refuses(seconds(1)), expected, "{used}");
        }
        pressure.room(None);
        assert_eq!(pressure.refuses(seconds(1)), None, "the limit was taken away");
    }

    #[test]
    fn decisions_that_wait_refuse_new_work_first_and_all_work_at_twice_as_many() {
        let mut pressure = Pressure::default();
        for (bytes, new, all) in [
            (BACKLOG_BYTES_MAX, false, false),
            (BACKLOG_BYTES_MAX + 1, true, false),
            (BACKLOG_BYTES_ENDS + 1, true, false),
            (2 * BACKLOG_BYTES_MAX + 1, true, true),
            (BACKLOG_BYTES_ENDS, false, false),
            (BACKLOG_BYTES_MAX, false, false),
        ] {
            pressure.backlog(bytes);
            assert_eq!(pressure.refuses(seconds(1)), new.then_some(Reason::Waiting(bytes)), "{bytes}");
            assert_eq!(pressure.refuses_all().is_some(), all, "{bytes}");
        }
    }
}
