//! INV-05 for ends of runs: what the end of a run starts is decided once per pipeline, after that end, and of all that is decided so
//! something was due.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{Event, PipelineId, RunId, Trigger};

use super::{Check, Record, Violation};

/// The rule, and what is still to be decided.
#[derive(Debug, Default)]
pub struct Followers {
    due: BTreeMap<RunId, BTreeSet<PipelineId>>,
    ended: BTreeSet<RunId>,
}

impl Followers {
    /// Pipelines that the ends of runs should have started by now.
    pub fn left(&self) -> usize {
        self.due.values().map(BTreeSet::len).sum()
    }

    fn decided(&mut self, run: RunId, pipeline: PipelineId) -> Option<String> {
        let due = self.due.get_mut(&run).is_some_and(|left| left.remove(&pipeline));
        if !due {
            return Some(format!("the end of run {run} does not start pipeline {pipeline}, or has before"));
        }
        (!self.ended.contains(&run)).then(|| format!("pipeline {pipeline} follows run {run}, which has not ended"))
    }
}

impl Check for Followers {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let what = match event {
                Event::RunFinished { run, .. } => {
                    self.ended.insert(*run);
                    None
                }
                Event::FollowersDue { run, followers, .. } => {
                    let pipelines = followers.iter().map(|follower| follower.pipeline).collect();
                    let again = self.due.insert(*run, pipelines);
                    again.map(|_| format!("what the end of run {run} starts is said twice"))
                }
                Event::RunCreated(created) => match &created.trigger {
                    Trigger::PipelineEnded { run, .. } => self.decided(*run, created.pipeline),
                    _ => None,
                },
                Event::FollowerDeclined { ended, pipeline, .. } => self.decided(*ended, *pipeline),
                _ => None,
            };
            found.extend(what.map(|what| Violation { invariant: "INV-05", sequence: record.sequence, what }));
        }
    }
}
