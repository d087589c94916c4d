//! Assets of the random world: they are materialised, become too old, start runs; and deadlines are looked at.

use downbeat_domain::{
    Command, Partition, Report, effects,
    metadata::{Collected, CostBasis, Operation, Quantity},
    plan::{PlanAsset, PlanAssetTrigger, PlanDeadline, PlanDeclared, PlanFreshness, PlanSchedule},
};
use jiff::{SignedDuration, Timestamp};

use super::{CHILD, FOLLOWER, MAIN, World, pick};

const KEYS: [&str; 3] = ["db/orders", "db/lines", "lake/raw"];

pub(super) fn triggers() -> Vec<PlanAssetTrigger> {
    let trigger = |name: &str, asset: &str, debounce_ms, input: &str| PlanAssetTrigger {
        name: name.to_owned(),
        assets: vec![asset.to_owned()],
        debounce_ms,
        run_inputs: vec![("n".to_owned(), input.to_owned())],
    };
    // What the second gives is no number where more than one asset came: then there is no run.
    vec![trigger("rows", "db/*", 4_000, "3"), trigger("raw", "lake/raw", 0, "event.data.asset")]
}

/// What a task says it reads and writes.
pub(super) fn declared(place: u32) -> PlanDeclared {
    let asset = |key: &str| PlanAsset {
        key: key.to_owned(),
        namespace: key.split('/').next().unwrap_or_default().to_owned(),
        name: key.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    let reads = if place.is_multiple_of(2) { vec![asset("lake/raw"), asset("db/lines")] } else { Vec::new() };
    let writes = if place % 5 == 4 { Vec::new() } else { vec![asset(KEYS[place as usize % KEYS.len()])] };
    PlanDeclared { reads, writes }
}

pub(super) fn freshness() -> Vec<PlanFreshness> {
    let rule = |asset: &str| PlanFreshness {
        name: asset.to_owned(),
        asset: asset.to_owned(),
        max_age_ms: 15_000,
        since: None,
    };
    KEYS[..2].iter().map(|asset| rule(asset)).collect()
}

pub(super) fn deadlines() -> Vec<PlanDeadline> {
    vec![PlanDeadline {
        name: "morning".to_owned(),
        schedule: PlanSchedule {
            name: PlanDeadline::schedule_name("morning"),
            cron: "0 9 * * ? *".to_owned(),
            timezone: "UTC".to_owned(),
            ..PlanSchedule::default()
        },
        within_ms: 60_000,
    }]
}

impl World {
    /// Something about assets and promises.
    pub(super) fn of_assets(&mut self, which: u8, detail: u8, more: u8) -> Command {
        match detail % 8 {
            0 | 1 => self.due_now(PlanDeadline::schedule_name("morning")),
            2..=4 => self.collect(which, more).unwrap_or_else(|| self.wake_next(which)),
            _ => self.wake_next(which),
        }
    }

    /// Time passes until a pipeline has something to say.
    fn wake_next(&mut self, which: u8) -> Command {
        let pipeline = [MAIN, MAIN, CHILD, FOLLOWER][usize::from(which % 4)];
        let due =
            |partition: &Partition| partition.pipelines.get(&pipeline).and_then(effects::next_deadline_of_pipeline);
        let most = self.now.checked_add(SignedDuration::from_secs(20)).unwrap_or(self.now);
        self.now = due(&self.partition).map_or(self.now, |due| due.min(most).max(self.now));
        Command::WakePipeline { pipeline }
    }

    /// A task that is held has written an asset.
    fn collect(&self, which: u8, more: u8) -> Option<Command> {
        let held = self.partition.runs.values().flat_map(|run| {
            run.held.iter().filter_map(|place| Some((run.attempt(*place)?, run.tasks.get(*place as usize)?.chunks)))
        });
        let (attempt, chunk) = pick(held.collect::<Vec<_>>().into_iter(), which)?;
        let operation = Operation {
            external_id: "model.x".to_owned(),
            kind: ["MATERIALISATION", "SEED", "SNAPSHOT", "TEST"][usize::from(more % 4)].to_owned(),
            status: ["SUCCEEDED", "WARNING", "SUCCEEDED", "FAILED"][usize::from(more / 4 % 4)].to_owned(),
            asset: KEYS[usize::from(more / 16) % KEYS.len()].to_owned(),
            ..Operation::default()
        };
        let collected = Collected { operations: vec![operation], ..Collected::default() };
        Some(Command::Report { attempt, report: Report::Collected { chunk, collected } })
    }
}

fn cost_basis(detail: u8) -> CostBasis {
    CostBasis {
        quantity: Quantity::new(u64::from(detail), u32::from(detail) * 250_000),
        unit: "dbu".to_owned(),
        attributes: (0..detail).map(|number| (format!("name-{number}"), "value".to_owned())).collect(),
    }
}

pub(super) fn collected(detail: u8) -> Collected {
    let operation = Operation {
        external_id: format!("model.{detail}"),
        name: "model".to_owned(),
        kind: "MATERIALISATION".to_owned(),
        status: ["SUCCEEDED", "FAILED"][usize::from(detail / 12) % 2].to_owned(),
        message: String::new(),
        started_at: Timestamp::from_second(1_000).ok(),
        completed_at: Timestamp::from_second(1_000 + i64::from(detail)).ok(),
        rows_affected: None,
        asset: "db/main.orders".to_owned(),
        failures: None,
        column: String::new(),
        bytes: [None, Some(u64::from(detail))][usize::from(detail) % 2],
        cost_basis: (0..detail % 3).map(cost_basis).collect(),
        ..Operation::default()
    };
    Collected { operations: vec![operation], assets: Vec::new(), edges: Vec::new() }
}
