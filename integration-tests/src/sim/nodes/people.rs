//! What people do with what they see: approve, decide outcomes by hand, run again what has ended. They see what the log says.

use std::sync::Arc;

use downbeat_domain::{
    Command, Mark, PipelineId, PriorRun, Replay, RestartMode, RestartRun, RunId, id::with_version_4,
};
use serde_json::Map;

use crate::sim::{
    checks::Record,
    network::Request,
    nodes::{client::ClientEvent, spending},
    time::SECOND,
    world::{Happening, World},
};

/// Every approval that waits is decided by somebody who comes by; after the faults always with a yes.
pub(super) fn look_for_approvals(world: &mut World) {
    let pause = world.dice.between(2, 20) * SECOND;
    world.queue.push(world.now + pause, Happening::Client(ClientEvent::LookForApprovals));
    if world.healed.is_some() {
        open_gates(world);
    }
    let waiting: Vec<(RunId, u32)> = world.census.approvals().collect();
    for (run, task) in waiting {
        let approved = world.healed.is_some() || world.dice.per_mille(850);
        if world.healed.is_some() || world.dice.per_mille(600) {
            let (by, comment) = ("ada".to_owned(), String::new());
            world.wants(Request::Other(Box::new(Command::DecideApproval { run, task, approved, by, comment })));
        }
    }
}

/// After the faults nothing stays closed by hand: what was paused is resumed, and the shared pool has room for everybody.
fn open_gates(world: &mut World) {
    let paused: Vec<PipelineId> = world.census.paused.iter().copied().collect();
    for pipeline in paused {
        world.wants(Request::Other(Box::new(Command::ResumePipeline { pipeline })));
    }
    if world.census.paused.is_empty() {
        world.replay_dead_letters();
    }
    spending::release_all(world);
    if world.census.pool.is_some_and(|slots| slots < 2) {
        world.wants(Request::Other(Box::new(Command::SetPool { name: "shared".to_owned(), slots: Some(3) })));
    }
}

/// Decides the outcome of some task of a run that lives.
pub(super) fn mark_some(world: &mut World) -> Option<Request> {
    let living: Vec<RunId> = world.census.living().collect();
    if living.is_empty() {
        return None;
    }
    let run = *world.dice.pick(&living);
    let (task, mark) = (world.dice.below(8) as u32, *world.dice.pick(Mark::ALL));
    let (reason, by) = (String::new(), "ada".to_owned());
    Some(Request::Other(Box::new(Command::MarkTask { run, task, mark, outputs: Map::new(), reason, by })))
}

/// Runs some run that has ended again, in one of the ways in which that is done.
pub(super) fn restart_some(world: &mut World) -> Option<Request> {
    let ended: Vec<(RunId, PipelineId)> = world.census.ended().collect();
    if ended.is_empty() {
        return None;
    }
    let (run, pipeline) = *world.dice.pick(&ended);
    let prior = prior(world, run, pipeline)?;
    let mode = *world.dice.pick(RestartMode::ALL);
    let tasks = match mode {
        RestartMode::FromTasks | RestartMode::FromSelected => vec![world.dice.pick(&prior.tasks).id.clone()],
        RestartMode::All | RestartMode::FromFailed => Vec::new(),
    };
    let id = RunId(with_version_4(world.dice.bytes()));
    let restart =
        RestartRun { run: id, prior: Arc::new(prior), mode, tasks, inputs: Map::new(), user: "ada".to_owned() };
    Some(Request::Restart(Box::new(restart)))
}

/// A run that has ended, read back from the log as a coordinator does it.
pub(super) fn prior(world: &World, run: RunId, pipeline: PipelineId) -> Option<PriorRun> {
    let mut replay = Replay::new(run, pipeline);
    for record in world.log.entries.iter().filter_map(|entry| Record::read(entry).ok()) {
        record.events().for_each(|event| replay.fold(event));
    }
    replay.prior().filter(|prior| !prior.tasks.is_empty())
}
