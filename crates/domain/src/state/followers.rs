//! Which pipelines are started by the end of a run, and the runs that have ended and of which some are left to be started.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{
    event::Follower,
    id::{PipelineId, RunId},
    plan::Plan,
    state::RunState,
    status::RunStatus,
};

/// Both, of one partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followers {
    /// Per pipeline the pipelines that name it in a trigger; under `None` those that name any. An index over the current versions.
    pub(crate) named: BTreeMap<Option<PipelineId>, BTreeSet<PipelineId>>,
    /// Runs that have ended, until every pipeline that they start was decided on.
    pub due: BTreeMap<RunId, Followed>,
}

/// What is kept of a run for those that its end starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// How it ended.
    pub status: RunStatus,
    /// Pipelines of the runs that led here; its own is the last.
    pub chain: Vec<PipelineId>,
    /// What its tasks set, by task id; what stands under `outputs`.
    pub outputs: BTreeMap<String, Map<String, Value>>,
    /// Those that were not decided on yet, with the place of the trigger.
    pub left: BTreeMap<PipelineId, u32>,
}

impl Followers {
    /// The pipeline has this plan from now on; `None` = it is gone.
    pub(crate) fn replace(&mut self, pipeline: PipelineId, before: Option<&Plan>, plan: Option<&Plan>) {
        for trigger in before.into_iter().flat_map(|plan| &plan.pipeline_triggers) {
            if let Some(named) = self.named.get_mut(&trigger.pipeline) {
                named.remove(&pipeline);
                if named.is_empty() {
                    self.named.remove(&trigger.pipeline);
                }
            }
        }
        for trigger in plan.into_iter().flat_map(|plan| &plan.pipeline_triggers) {
            self.named.entry(trigger.pipeline).or_default().insert(pipeline);
        }
    }

    /// Pipelines that may be started by the end of a run of this one.
    pub(crate) fn of(&self, pipeline: PipelineId) -> impl Iterator<Item = PipelineId> + '_ {
        let named = self.named.get(&Some(pipeline)).into_iter().flatten();
        let any = self.named.get(&None).into_iter().flatten().filter(move |other| **other != pipeline);
        let twice = move |other: &&PipelineId| !self.names(Some(pipeline), **other);
        named.chain(any.filter(twice)).copied()
    }

    /// Pipelines that name this one, or any.
    pub(crate) fn count(&self, named: Option<PipelineId>) -> usize {
        self.named.get(&named).map_or(0, BTreeSet::len)
    }

    /// Pipelines that name this one.
    pub(crate) fn naming(&self, pipeline: PipelineId) -> impl Iterator<Item = PipelineId> + '_ {
        self.named.get(&Some(pipeline)).into_iter().flatten().copied()
    }

    /// How many name one pipeline, where it is most.
    pub(crate) fn most_named(&self) -> usize {
        self.named.iter().filter(|(named, _)| named.is_some()).map(|(_, followers)| followers.len()).max().unwrap_or(0)
    }

    fn names(&self, named: Option<PipelineId>, follower: PipelineId) -> bool {
        self.named.get(&named).is_some_and(|followers| followers.contains(&follower))
    }

    /// The run is about to end; what those need that it starts is kept.
    pub(crate) fn keep(&mut self, run: &RunState, status: RunStatus, chain: &[PipelineId], followers: &[Follower]) {
        let outputs = (0u32..).zip(&run.tasks).filter_map(|(place, task)| {
            let id = &run.plan.plan.tasks.get(place as usize)?.id;
            task.outputs.as_ref().map(|outputs| (id.clone(), (**outputs).clone()))
        });
        let left = followers.iter().map(|follower| (follower.pipeline, follower.trigger)).collect();
        self.due.insert(run.id, Followed { status, chain: chain.to_vec(), outputs: outputs.collect(), left });
    }

    /// It was decided whether this pipeline is started; `true` = nothing is left to decide.
    pub(crate) fn decided(&mut self, ended: RunId, pipeline: PipelineId) -> bool {
        let Some(followed) = self.due.get_mut(&ended) else { return true };
        followed.left.remove(&pipeline);
        let done = followed.left.is_empty();
        if done {
            self.due.remove(&ended);
        }
        done
    }
}
