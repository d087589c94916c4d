//! What a run owes the world now. Recomputable from the state at any time: a crash between a decision and its effect loses nothing
//! (INV-09).

use jiff::Timestamp;

use crate::{
    event::{AttemptRef, Trigger},
    id::{RunId, WorkerId},
    state::{Partition, Phase, PipelineState, RunState},
    status::StopReason,
};

/// A debt to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A task waits for a worker.
    FindWorker {
        /// Place of the task.
        task: u32,
    },
    /// The worker must hear of its attempt.
    Offer {
        /// Who.
        worker: WorkerId,
        /// What.
        attempt: AttemptRef,
    },
    /// The worker has begun and will report; nothing to send.
    AwaitReport {
        /// Who.
        worker: WorkerId,
        /// What.
        attempt: AttemptRef,
    },
    /// A restart waits for what it takes over from the run before: read that run, then say [`crate::Command::CarryOver`].
    ReadPrior {
        /// The run before.
        prior: RunId,
    },
    /// The worker must stop its attempt and confirm.
    Stop {
        /// Who.
        worker: WorkerId,
        /// What.
        attempt: AttemptRef,
        /// Why.
        reason: StopReason,
    },
}

/// Everything that the run owes now.
pub fn outstanding(run: &RunState) -> Vec<Effect> {
    if run.awaits_carry {
        return prior_of(run).map(|prior| Effect::ReadPrior { prior }).into_iter().collect();
    }
    let waiting = run.ready.iter().map(|task| Effect::FindWorker { task: *task });
    waiting.chain(run.held.iter().filter_map(|task| owed_to_holder(run, *task))).collect()
}

/// The run that a restart takes over from, as long as it waits for that.
pub fn prior_of(run: &RunState) -> Option<RunId> {
    match run.trigger {
        Trigger::Restart { run: prior, .. } if run.awaits_carry => Some(prior),
        _ => None,
    }
}

/// What is owed to the worker that holds this task, if one does.
pub fn owed_to_holder(run: &RunState, task: u32) -> Option<Effect> {
    let state = run.tasks.get(task as usize)?;
    let attempt = AttemptRef { run: run.id, task, number: state.attempt };
    match state.phase {
        Phase::Leased(worker) => Some(Effect::Offer { worker, attempt }),
        Phase::Running(worker) => Some(Effect::AwaitReport { worker, attempt }),
        Phase::Stopping(worker, reason) => Some(Effect::Stop { worker, attempt, reason }),
        _ => None,
    }
}

/// When time alone will next change this run: ask for [`crate::Command::WakeRun`] then.
pub fn next_deadline(run: &RunState) -> Option<Timestamp> {
    run.deadlines.first().map(|(due, _)| *due)
}

/// When time alone will next change this pipeline, apart from its runs: ask for [`crate::Command::WakePipeline`] then.
pub fn next_deadline_of_pipeline(pipeline: &PipelineState) -> Option<Timestamp> {
    let windows = pipeline.windows.values().map(|window| window.closes).min();
    // What a pipeline that is gone asked for is nobody's business.
    let assets = pipeline.assets.next_deadline(&pipeline.plan.plan).filter(|_| !pipeline.deleted);
    windows.into_iter().chain(assets).min()
}

/// The earliest deadline of all runs, pipelines and alerts.
pub fn next_deadline_of(partition: &Partition) -> Option<Timestamp> {
    let runs = partition.runs.values().filter_map(next_deadline);
    let pipelines = partition.pipelines.values().filter_map(next_deadline_of_pipeline);
    runs.chain(pipelines).chain(partition.alerts.next_due()).chain(crate::cost::next_deadline(partition)).min()
}
