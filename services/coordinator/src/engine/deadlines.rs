//! When time alone changes something: an index over what the state says, and what is asked of the core then.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    Caller, Command, Event, PipelineId, RunId,
    cost::{self, CostCommand},
    effects,
};
use jiff::Timestamp;

use super::{Engine, Moment};

/// Whom a deadline wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sleeper {
    Run(RunId),
    /// Apart from its runs.
    Pipeline(PipelineId),
    /// Budgets that hold runs back.
    Budgets,
}

/// The earliest deadline of each that has one, and the same by instant.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    of: BTreeMap<Sleeper, Timestamp>,
    order: BTreeSet<(Timestamp, Sleeper)>,
}

impl Deadlines {
    fn set(&mut self, sleeper: Sleeper, due: Option<Timestamp>) {
        if self.of.get(&sleeper).copied() == due {
            return;
        }
        if let Some(before) = self.of.remove(&sleeper) {
            self.order.remove(&(before, sleeper));
        }
        if let Some(due) = due {
            self.of.insert(sleeper, due);
            self.order.insert((due, sleeper));
        }
    }

    pub(super) fn first(&self) -> Option<Timestamp> {
        self.order.first().map(|(due, _)| *due)
    }
}

impl Engine {
    /// Keeps the index true for everything that these events are about.
    pub(super) fn index_events(&mut self, events: &[Event]) {
        let runs: BTreeSet<RunId> = events.iter().filter_map(Event::run).collect();
        runs.into_iter().for_each(|run| self.index_run(run));
        let mut pipelines: BTreeSet<PipelineId> = events.iter().filter_map(Event::timed_pipeline).collect();
        for event in events {
            if let Event::AssetsMaterialised(done) = event {
                pipelines.extend(self.partition.asking_for(&done.assets));
            }
        }
        pipelines.into_iter().for_each(|pipeline| self.index_pipeline(pipeline));
        self.index_budgets();
    }

    pub(super) fn index_budgets(&mut self) {
        self.deadlines.set(Sleeper::Budgets, cost::next_deadline(&self.partition));
    }

    pub(super) fn index_run(&mut self, id: RunId) {
        let due = self.partition.runs.get(&id).and_then(effects::next_deadline);
        self.deadlines.set(Sleeper::Run(id), due);
    }

    pub(super) fn index_pipeline(&mut self, id: PipelineId) {
        let due = self.partition.pipelines.get(&id).and_then(effects::next_deadline_of_pipeline);
        self.deadlines.set(Sleeper::Pipeline(id), due);
    }

    /// Wakes everything that is due.
    pub(super) fn wake(&mut self, now: Moment) {
        while let Some((_, sleeper)) = self.deadlines.order.first().copied().filter(|(due, _)| *due <= now.wall) {
            let command = match sleeper {
                Sleeper::Run(run) => Command::WakeRun { run },
                Sleeper::Pipeline(pipeline) => Command::WakePipeline { pipeline },
                Sleeper::Budgets => Command::Cost(CostCommand::WakeBudgets),
            };
            let woken = self.decide(now, &command, Caller::named("coordinator"), None);
            if woken.unwrap_or_default().events == 0 {
                // Nothing came of it: whatever the reason, it must not be asked again and again.
                self.deadlines.set(sleeper, None);
            }
        }
    }
}
