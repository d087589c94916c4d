//! Random backfills, and their ends.

use downbeat_domain::{BackfillId, Command, CreateBackfill};
use jiff::{SignedDuration, Timestamp};

use super::{MAIN, World};

impl World {
    /// A backfill of a few instants of the one schedule, or the end of one. Some instants are those that it fires for.
    pub(super) fn backfill(&self, which: u8, detail: u8) -> Command {
        if detail.is_multiple_of(5) {
            let open: Vec<BackfillId> = self.partition.backfills.open.keys().copied().collect();
            let known = open.get(usize::from(which) % open.len().max(1)).copied();
            let backfill = known.unwrap_or(BackfillId([which; 16]));
            return Command::CancelBackfill { backfill, reason: "enough".to_owned() };
        }
        let first = Timestamp::from_second(super::START_SECOND - 1_000 + i64::from(detail)).unwrap();
        let at = |second: u8| first.checked_add(SignedDuration::from_secs(i64::from(second))).unwrap();
        let count = 1 + which % 5;
        Command::CreateBackfill(Box::new(CreateBackfill {
            backfill: BackfillId([(self.history.len() % 250) as u8; 16]),
            pipeline: MAIN,
            schedule: "daily".to_owned(),
            from: at(0),
            to: at(count),
            instants: (0..count).map(at).collect(),
            max_active: 1 + u32::from(which % 3),
            force: detail % 4 == 1,
            user: "ada".to_owned(),
        }))
    }
}
