//! How the runs of a pipeline stand: what the end of each does to what fails.

use std::collections::BTreeMap;

use downbeat_domain::{PipelineId, RunId, RunStatus};
use downbeat_proto::{convert::micros, metadata::v1 as wire};
use jiff::Timestamp;

use super::{
    classes::{self, How},
    rows::{FailedIn, FailingEntry, FailingRow, FailingTask, Lane, RunMark, Standing},
    tasks::cut,
};
use crate::{
    engine::{
        batch::Batch,
        keys::{
            self,
            answers::{self, Kept},
        },
        plans::Plans,
        rows::{Phase, Plan, RunHead, Selected, TaskRow},
    },
    error::Error,
    limits,
};

/// A task failed in a run that goes on.
pub(super) fn fails_live(run: RunId, head: &RunHead, task: FailingTask, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some(pipeline) = PipelineId::from_slice(&head.pipeline) else { return Ok(()) };
    let created: wire::Run = batch.get(&keys::run(run))?.unwrap_or_default();
    let gone: wire::Pipeline = batch.get(&keys::pipeline(pipeline))?.unwrap_or_default();
    if gone.deleted {
        return Ok(());
    }
    change(pipeline, &created.environment, batch, |lane| {
        let task = match lane.tasks.iter().position(|known| known.task == task.task) {
            Some(place) => goes_on(&lane.tasks.remove(place), task),
            None => task,
        };
        lane.tasks.push(task);
    })
}

/// It failed before, and does so again.
fn goes_on(before: &FailingTask, now: FailingTask) -> FailingTask {
    let same = |one: &FailingTask| one.latest.as_ref().map(|mark| mark.run.clone());
    let again = u32::from(same(before) != same(&now));
    FailingTask { first: before.first.clone(), failures: before.failures.saturating_add(again), ..now }
}

/// A run has ended.
pub(super) fn finish(
    (run, status, message, at): (RunId, RunStatus, &str, Timestamp),
    sequence: u64,
    plans: &mut Plans,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let Some(head) = batch.get::<RunHead>(&keys::run_head(run))? else { return Ok(()) };
    let Some(pipeline) = PipelineId::from_slice(&head.pipeline) else { return Ok(()) };
    let created: wire::Run = batch.get(&keys::run(run))?.unwrap_or_default();
    let gone: wire::Pipeline = batch.get(&keys::pipeline(pipeline))?.unwrap_or_default();
    if gone.deleted {
        return Ok(());
    }
    let mark = RunMark { run: run.0.to_vec(), version: head.version, at: micros(at), sequence };
    let ran = Ran::of(run, &head, pipeline, plans, batch)?;
    let now = match status {
        RunStatus::Failed => {
            let failed: FailedIn = batch.get(&answers::failed_in(run))?.unwrap_or_default();
            let mut tasks = failed.tasks;
            if tasks.is_empty() {
                let late = message.starts_with("took longer than its timeout");
                tasks.push(FailingTask {
                    class: classes::of(if late { How::RunTimedOut } else { How::Run }, message).name.to_owned(),
                    message: cut(message),
                    latest: Some(mark.clone()),
                    first: Some(mark.clone()),
                    failures: 1,
                    ..FailingTask::default()
                });
            }
            let plan = plans.get(batch, pipeline, head.version)?;
            relate(run, &head, &plan, &mut tasks, batch)?;
            tasks.iter_mut().for_each(|task| task.live = false);
            Some(tasks)
        }
        RunStatus::Succeeded | RunStatus::Warning => Some(Vec::new()),
        // Neither good nor bad.
        _ => None,
    };
    change(pipeline, &created.environment, batch, |lane| {
        if lane.last.as_ref().is_some_and(|last| last.run == run.0) {
            return;
        }
        let of_this = |mark: &Option<RunMark>| mark.as_ref().is_some_and(|mark| mark.run == run.0);
        let Some(now) = now else {
            // What failed before this run still does; what failed in it alone was cancelled with it.
            lane.tasks.retain(|task| !of_this(&task.first));
            lane.tasks.iter_mut().filter(|task| of_this(&task.latest)).for_each(|task| task.live = false);
            return;
        };
        let before = std::mem::take(&mut lane.tasks);
        lane.tasks = before
            .iter()
            .filter(|known| !ran.has(&known.task) && !now.iter().any(|task| task.task == known.task))
            .cloned()
            .collect();
        lane.tasks.extend(now.into_iter().map(|task| match before.iter().find(|known| known.task == task.task) {
            Some(known) => goes_on(known, task),
            None => task,
        }));
        lane.tasks.truncate(limits::FAILED_TASKS_PER_RUN_MAX);
        if lane.tasks.is_empty() {
            lane.good = Some(mark.clone());
        }
        lane.last = Some(mark);
    })
}

/// What a run was about.
enum Ran {
    All,
    /// Ids of tasks, without iterations.
    Only(Vec<String>),
}

impl Ran {
    fn of(
        run: RunId,
        head: &RunHead,
        pipeline: PipelineId,
        plans: &mut Plans,
        batch: &Batch<'_>,
    ) -> Result<Self, Error> {
        if !head.selects {
            return Ok(Self::All);
        }
        let selected: Selected = batch.get(&keys::selected(run))?.unwrap_or_default();
        let plan = plans.get(batch, pipeline, head.version)?;
        let id = |place: &u32| plan.tasks.get(*place as usize).map(|task| task.id.clone());
        Ok(Self::Only(selected.tasks.iter().filter_map(id).collect()))
    }

    fn has(&self, task: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => {
                let id = task.split_once('[').map_or(task, |(id, _)| id);
                // A run as a whole fails only as a whole, and any run that ends says so anew.
                task.is_empty() || ids.iter().any(|known| known == id)
            }
        }
    }
}

/// Which of the failing tasks of a run come after others of them, and what was skipped because of which.
fn relate(run: RunId, head: &RunHead, plan: &Plan, tasks: &mut [FailingTask], batch: &Batch<'_>) -> Result<(), Error> {
    let followers = followers(plan);
    let places: Vec<Option<u32>> = tasks.iter().map(|task| head.planned(plan, task.place)).collect();
    // Of iterations of the same task the first stands for all.
    let mut failing = BTreeMap::new();
    for (number, place) in places.iter().enumerate().filter_map(|(number, place)| Some((number, (*place)?))) {
        failing.entry(place).or_insert(number);
    }
    let mut looked_at = 0;
    for number in 0..tasks.len() {
        let Some(start) = places[number] else { continue };
        if tasks[number].task.is_empty() || failing.get(&start) != Some(&number) {
            continue;
        }
        let mut seen = std::collections::BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            for next in followers.get(&place).into_iter().flatten() {
                if !seen.insert(*next) {
                    continue;
                }
                if let Some(other) = failing.get(next) {
                    // The nearest one stands, and what follows from it is its own.
                    if tasks[*other].after.is_empty() {
                        tasks[*other].after = tasks[number].task.clone();
                    }
                    continue;
                }
                open.push(*next);
                if looked_at >= limits::SKIPPED_LOOKED_AT_MAX {
                    continue;
                }
                looked_at += 1;
                let row: TaskRow = batch.get(&keys::task_run(run, *next))?.unwrap_or_default();
                if row.phase() == Phase::Ended && row.shown.status == "SKIPPED" && row.shown.seen_as.is_empty() {
                    tasks[number].skipped += 1;
                    if tasks[number].skipped_names.len() < limits::SKIPPED_NAMED_MAX {
                        let id = plan.tasks.get(*next as usize).map(|task| task.id.clone()).unwrap_or_default();
                        tasks[number].skipped_names.push(id);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Places of tasks that wait for each task, whether by name or by their groups.
fn followers(plan: &Plan) -> BTreeMap<u32, Vec<u32>> {
    let members = |number: u32| match number % 2 {
        0 => vec![number / 2],
        _ => plan.members(number / 2),
    };
    let mut followers = BTreeMap::<u32, Vec<u32>>::new();
    for (place, task) in (0..).zip(&plan.tasks) {
        let group = task.group_plus_one.checked_sub(1).and_then(|group| plan.groups.get(group as usize));
        let after = task.after.iter().chain(group.into_iter().flat_map(|group| &group.after));
        for before in after.flat_map(|number| members(*number)) {
            followers.entry(before).or_default().push(place);
        }
    }
    followers
}

/// The pipeline is gone, and with it what failed of it.
pub(super) fn forget(pipeline: PipelineId, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = answers::standing(pipeline);
    let Some(before) = batch.get::<Standing>(&key)? else { return Ok(()) };
    batch.put(key, &Standing::default());
    show(pipeline, &before, &Standing::default(), batch)
}

fn change(
    pipeline: PipelineId,
    environment: &str,
    batch: &mut Batch<'_>,
    change: impl FnOnce(&mut Lane),
) -> Result<(), Error> {
    let key = answers::standing(pipeline);
    let before: Standing = batch.get(&key)?.unwrap_or_default();
    let mut after = before.clone();
    let place = match after.lanes.iter().position(|lane| lane.environment == environment) {
        Some(place) => place,
        None => {
            if after.lanes.len() >= limits::LANES_PER_PIPELINE_MAX {
                after.lanes.remove(0);
            }
            after.lanes.push(Lane { environment: environment.to_owned(), ..Lane::default() });
            after.lanes.len() - 1
        }
    };
    change(&mut after.lanes[place]);
    if after != before {
        batch.put(key, &after);
        show(pipeline, &before, &after, batch)?;
    }
    Ok(())
}

/// Writes what fails of a pipeline among all that fails.
fn show(pipeline: PipelineId, before: &Standing, after: &Standing, batch: &mut Batch<'_>) -> Result<(), Error> {
    let entries = |standing: &Standing| -> Vec<FailingEntry> {
        let lanes = standing.lanes.iter();
        let entry = |environment: &str, task: &FailingTask| FailingEntry {
            pipeline: pipeline.0.to_vec(),
            environment: environment.to_owned(),
            task: Some(FailingTask { message: String::new(), skipped_names: Vec::new(), ..task.clone() }),
        };
        lanes.flat_map(|lane| lane.tasks.iter().map(move |task| entry(&lane.environment, task))).collect()
    };
    let (before, after) = (entries(before), entries(after));
    if before == after {
        return Ok(());
    }
    let key = answers::kept_with(Kept::Failing, &pipeline.0);
    let mut row: FailingRow = batch.get(&key)?.unwrap_or_default();
    row.entries.retain(|entry| entry.pipeline != pipeline.0);
    row.entries.extend(after);
    let order = |entry: &FailingEntry| {
        let task = entry.task.as_ref().map(|task| task.task.clone()).unwrap_or_default();
        (entry.pipeline.clone(), entry.environment.clone(), task)
    };
    row.entries.sort_by_cached_key(order);
    row.entries.truncate(limits::KEPT_PER_ROW_MAX);
    batch.put(key, &row);
    Ok(())
}
