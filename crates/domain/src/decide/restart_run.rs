//! A run that has ended is run again as a new run, with its inputs, wholly or in part: of the current version of its pipeline, or of the
//! one that it was started at where that was another one then.

use crate::{
    command::{Context, Rejection, RestartRun},
    decide::{inputs, select, start_run},
    event::{Event, Selection, Trigger},
    state::{Partition, Version},
    status::RestartMode,
};

pub(super) fn decide(partition: &Partition, restart: &RestartRun, context: &Context) -> Result<Vec<Event>, Rejection> {
    let prior = &restart.prior;
    if let Some(live) = partition.runs.get(&prior.run) {
        return Err(Rejection::RunLive { run: prior.run, status: live.status() });
    }
    if !partition.finished.contains_key(&prior.run) {
        return Err(Rejection::UnknownRun(prior.run));
    }
    if start_run::is_known(partition, restart.run, prior.pipeline)? {
        return Ok(Vec::new());
    }
    let pipeline = start_run::unpaused(partition, prior.pipeline)?;
    let version = start_run::version_of(pipeline, prior.version)?;
    let selection = match restart.mode {
        RestartMode::All | RestartMode::FromFailed if restart.tasks.is_empty() => None,
        RestartMode::All | RestartMode::FromFailed => {
            let mode = restart.mode;
            return Err(Rejection::InvalidInputs(format!("{mode} takes no tasks; {} does", RestartMode::FromTasks)));
        }
        RestartMode::FromTasks | RestartMode::FromSelected if restart.tasks.is_empty() => {
            return Err(Rejection::InvalidInputs(format!("{} needs at least one task", restart.mode)));
        }
        mode => Some(select::places(&pipeline.alias, &version.plan, &restart.tasks, mode == RestartMode::FromTasks)?),
    };
    // Inputs that the version does not declare any more are left behind; what is given now must be declared.
    let declared = |name: &str| version.plan.plan.inputs.iter().any(|input| input.name == name);
    let mut given = prior.inputs.clone();
    given.retain(|name, _| declared(name));
    given.extend(restart.inputs.clone());
    let of =
        inputs::Of { run: restart.run, environment: &prior.environment, environment_name: &prior.environment_name };
    let given = start_run::Given {
        inputs: inputs::complete(&version.plan.plan.inputs, &given, &of, context)?,
        environment: prior.environment.clone(),
        environment_name: prior.environment_name.clone(),
        selection: selection.or_else(|| prior_selection(&version, restart)),
    };
    let trigger = Trigger::Restart { user: restart.user.clone(), run: prior.run, mode: restart.mode };
    let of = (prior.pipeline, pipeline);
    Ok(vec![start_run::created_of(partition, restart.run, of, &version, trigger, given, context)])
}

/// A run of a part of the pipeline stays one of that part, as far as the version has it.
fn prior_selection(version: &Version, restart: &RestartRun) -> Option<Selection> {
    let ids = restart.prior.selected.as_ref()?;
    let tasks = ids.iter().filter_map(|id| version.plan.task_by_id.get(id).copied()).collect();
    Some(Selection { tasks, downstream: false })
}
