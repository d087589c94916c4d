//! INV-03: a task begins only once everything that it depends on has ended (well, unless it has a condition of its own), its group
//! and its iteration are open and its run was let go; a run finishes only once all of its tasks have ended.

mod run;

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{Event, PipelineId, RunId, RunStatus, plan::Plan};

use self::run::Run;
use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Dependencies {
    plans: BTreeMap<(PipelineId, u32), Arc<Plan>>,
    runs: BTreeMap<RunId, Run>,
}

impl Check for Dependencies {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let what = self.event(event);
            found.extend(what.map(|what| Violation { invariant: "INV-03", sequence: record.sequence, what }));
        }
    }
}

impl Dependencies {
    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::PipelineApplied(applied) => {
                self.plans.insert((applied.pipeline, applied.version), Arc::new(applied.plan.clone()));
                None
            }
            Event::RunCreated(created) => {
                let Some(plan) = self.plans.get(&(created.pipeline, created.version)).cloned() else {
                    return Some(format!("run {} is of a version that was never applied", created.run));
                };
                self.runs.insert(created.run, Run::new(plan, created));
                None
            }
            Event::RunFinished { run, status, .. } => {
                let state = self.runs.remove(run)?;
                let refused = matches!(status, RunStatus::Skipped | RunStatus::Failed);
                let what = state.finishes(refused)?;
                Some(format!("run {run}: {what}"))
            }
            other => {
                let id = other.run()?;
                self.runs.get_mut(&id)?.event(other).map(|what| format!("run {id}: {what}"))
            }
        }
    }
}
