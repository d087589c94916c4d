//! How far the tasks of a live run are, and what those wait for that wait, as far as rows know. Pools, lanes and workers the coordinator knows.

use downbeat_domain::RunId;
use downbeat_proto::metadata::v1 as wire;

use super::{evidence, instant, say};
use crate::{
    engine::{
        keys,
        rows::{self, Phase, RunHead, TaskRow},
    },
    limits,
    published::View,
    query::{Refusal, shape::Shape},
};

/// Tasks of a run, counted.
#[derive(Default)]
pub(super) struct Tasks {
    pub(super) done: u32,
    pub(super) running: u32,
    pub(super) waiting: u32,
    pub(super) counted: bool,
    pub(super) waits: Vec<wire::Waiting>,
}

/// The run as a whole, if it has not been let go.
pub(super) fn of_run(run: &wire::Run, head: &RunHead) -> Option<wire::Waiting> {
    if run.status != "QUEUED" {
        return None;
    }
    let why = if run.message.is_empty() { "it has not been let go".to_owned() } else { run.message.clone() };
    let rests_on = vec![evidence("RUN", &run.id, head.first_sequence, run.created_at)];
    Some(wire::Waiting {
        kind: "RUN".to_owned(),
        run_id: run.id.clone(),
        pipeline_alias: run.pipeline_alias.clone(),
        since: run.created_at,
        why: Some(say("RUN_QUEUED", why, rests_on)),
        ..wire::Waiting::default()
    })
}

/// The tasks of a run; `room` is how many may be looked at in this answer.
pub(super) fn tasks(
    view: &View<'_>,
    (id, run, head): (RunId, &wire::Run, &RunHead),
    room: &mut u32,
) -> Result<Tasks, Refusal> {
    let total = head.total();
    if total > limits::COUNTED_PER_RUN_MAX || total > *room {
        return Ok(Tasks::default());
    }
    *room -= total;
    let shape = Shape::read(view.store, id, run)?;
    let mut tasks = Tasks { counted: true, ..Tasks::default() };
    let mut seen = 0;
    for row in view.store.scan(&keys::task_runs(id), None) {
        let (key, bytes) = row?;
        let Some((_, place)) = keys::task_run_of(&key) else { continue };
        if shape.stands_for_iterations(place) {
            seen += 1;
            continue;
        }
        let row: TaskRow = rows::read(&key, &bytes)?;
        seen += 1;
        match row.phase() {
            Phase::Ended => tasks.done += 1,
            Phase::Running | Phase::Stopping | Phase::StoppingForTimeout | Phase::Leased => tasks.running += 1,
            _ => tasks.waiting += 1,
        }
        if let Some((kind, since, until, rule, text)) = wait(&row) {
            let task_run = downbeat_domain::TaskRunId::derive(id, place).to_string();
            tasks.waits.push(wire::Waiting {
                kind: kind.to_owned(),
                run_id: run.id.clone(),
                pipeline_alias: run.pipeline_alias.clone(),
                task: shape.name_of(place),
                since,
                until,
                why: Some(say(rule, text, vec![evidence("TASK_RUN", task_run, 0, since)])),
            });
        }
    }
    // What nothing has happened to yet has no row.
    tasks.waiting += total.saturating_sub(seen);
    Ok(tasks)
}

/// Kind, since when, until when, rule, words.
fn wait(row: &TaskRow) -> Option<(&'static str, i64, i64, &'static str, String)> {
    let shown = &row.shown;
    match row.phase() {
        Phase::Backoff => {
            let text =
                format!("attempt {} did not succeed; the next one goes at {}", shown.attempts, instant(shown.retry_at));
            Some(("RETRY", row.attempt_started_at, shown.retry_at, "TASK_BACKS_OFF", text))
        }
        Phase::Approving => {
            let by = if shown.approvers.is_empty() {
                String::new()
            } else {
                format!(" by {}", shown.approvers.join(" or "))
            };
            let until = match shown.approval_until {
                0 => String::new(),
                until => format!("; undecided until {} it fails", instant(until)),
            };
            Some((
                "APPROVAL",
                row.attempt_started_at,
                shown.approval_until,
                "TASK_AWAITS_APPROVAL",
                format!("waits for an approval{by}{until}"),
            ))
        }
        Phase::Sleeping => Some(("TIME", row.attempt_started_at, 0, "TASK_SLEEPS", shown.message.clone())),
        Phase::Delegated | Phase::Recalling | Phase::RecallingForTimeout => {
            let text = format!("waits for run {}", shown.child_run_id);
            Some(("CHILD_RUN", row.attempt_started_at, 0, "TASK_AWAITS_RUN", text))
        }
        Phase::Ready => Some(("WORKER", shown.queued_at, 0, "TASK_READY", "no worker has taken it yet".to_owned())),
        _ => None,
    }
}
