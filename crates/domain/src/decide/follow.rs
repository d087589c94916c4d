//! `trigger_events`: the end of a run starts pipelines. Which ones is decided together with that end; each of them then on its own,
//! because every new run may be large. A pipeline that led to a run is not started by its end again.

use serde_json::Value;

use crate::{
    command::Context,
    decide::{brief, child, inputs, start_run},
    event::{Event, Follower, Trigger},
    id::{PipelineId, RunId},
    limits,
    state::{Followed, Partition, RunState},
    status::RunStatus,
};

/// The pipelines that are started when this run ends so; `None` where there are none.
pub(super) fn due(partition: &Partition, run: &RunState, status: RunStatus, context: &Context) -> Option<Event> {
    let mut candidates = partition.followers.of(run.pipeline).peekable();
    candidates.peek()?;
    let chain = chain_of(partition, run);
    let follower = |pipeline: PipelineId| {
        let state = partition.live_pipeline(pipeline).ok().filter(|_| !chain.contains(&pipeline))?;
        let triggers = (0u32..).zip(&state.plan.plan.pipeline_triggers);
        let mut answering = triggers.filter(|(_, trigger)| trigger.answers(run.pipeline, status));
        answering.next().map(|(trigger, _)| Follower { pipeline, trigger })
    };
    let followers: Vec<Follower> = candidates.filter_map(follower).collect();
    (!followers.is_empty()).then(|| Event::FollowersDue { run: run.id, status, chain, followers, at: context.now })
}

/// Pipelines of the runs that led to this one, whatever way; its own is the last.
pub(super) fn chain_of(partition: &Partition, run: &RunState) -> Vec<PipelineId> {
    let (mut path, top) = child::upwards(partition, run);
    if let Trigger::PipelineEnded { chain, .. } | Trigger::Asset { chain, .. } = &top.trigger {
        path.extend(chain.iter().rev());
    }
    path.truncate(limits::CHAIN_MAX);
    path.reverse();
    path
}

/// The next of the pipelines that are left.
pub(super) fn next(partition: &Partition, ended: RunId, context: &Context) -> Vec<Event> {
    let Some(followed) = partition.followers.due.get(&ended) else { return Vec::new() };
    let Some((pipeline, trigger)) = followed.left.first_key_value() else { return Vec::new() };
    let started = start(partition, ended, followed, (*pipeline, *trigger), context);
    vec![started.unwrap_or_else(|reason| Event::FollowerDeclined {
        ended,
        pipeline: *pipeline,
        reason: brief(&reason),
        at: context.now,
    })]
}

fn start(
    partition: &Partition,
    ended: RunId,
    followed: &Followed,
    (pipeline, place): (PipelineId, u32),
    context: &Context,
) -> Result<Event, String> {
    let state = start_run::startable(partition, pipeline).map_err(|rejection| rejection.to_string())?;
    let plan = &state.plan.plan;
    // A version that was applied in between may have other triggers.
    let trigger = plan.pipeline_triggers.get(place as usize).ok_or("a newer version has not that trigger")?;
    if followed.chain.len() >= limits::CHAIN_MAX {
        return Err(format!(
            "{} runs led here by their ends, and that is the most that is allowed",
            followed.chain.len()
        ));
    }
    let run = RunId::of_follower(ended, pipeline);
    if start_run::is_known(partition, run, pipeline).map_err(|rejection| rejection.to_string())? {
        return Err(format!("run {run} exists already"));
    }
    let used = partition.environments.used("").map_err(|rejection| rejection.to_string())?;
    let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
    let outputs = followed.outputs.iter().map(|(id, outputs)| (id.clone(), Value::Object(outputs.clone())));
    let given = inputs::of_trigger(&trigger.run_inputs, &of, Some(Value::Object(outputs.collect())), context);
    let inputs = given.and_then(|given| inputs::complete(&plan.inputs, &given, &of, context));
    let inputs = inputs.map_err(|rejection| rejection.to_string())?;
    let caused =
        Trigger::PipelineEnded { run: ended, status: followed.status, trigger: place, chain: followed.chain.clone() };
    let given = start_run::Given { inputs, environment: used.variables, environment_name: used.name, selection: None };
    Ok(start_run::created(partition, run, (pipeline, state), caused, given, context))
}
