//! `decide` answers a command with events or a rejection; `advance` says what follows from the state by itself; `execute` does
//! both and folds. All facts that depend on the moment (values of expressions, retry instants) are fixed here and recorded.

mod access;
mod advance;
mod alert;
mod apply_pipeline;
mod approval;
mod asset;
mod backfill;
mod cancel_run;
mod carry_over;
mod child;
mod condition;
mod connections;
mod consider;
mod declared;
mod endpoints;
mod environments;
mod fire_schedule;
mod follow;
mod inputs;
mod inventory;
mod lane;
mod lease_task;
mod lineage;
mod logins;
mod lose_attempt;
mod mark_task;
mod matrix;
mod pipelines;
mod pools;
mod promises;
mod report;
mod restart_run;
mod retry;
mod select;
mod sensor;
mod start_run;
mod stop;
mod take_event;
mod time_zones;
mod unusual;
mod versions;
mod wake_pipeline;
mod wake_run;
mod webhook;

pub use advance::advance;
pub(crate) use alert::budget as budget_alerts;
pub(crate) use consider::name_of;
pub(crate) use lane::task_has_room;
pub(crate) use lease_task::full_pool;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::{
    command::{Command, Context, Rejection},
    cost::{self, CostCommand},
    event::{AttemptRef, Event},
    evolve::evolve,
    file_commit, level, limits,
    plan::PlanTask,
    state::{Agenda, Partition, RunState, TaskState},
    tool_state,
};

/// The events that this command makes true, or why it does not. An empty answer means that it was true already.
pub fn decide(partition: &Partition, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::ApplyPipeline(apply) => apply_pipeline::decide(partition, apply, context),
        Command::RecallVersion(recalled) => versions::recall(partition, recalled),
        Command::SetPipelineStorage { pipeline, storage } => {
            versions::set_storage(partition, *pipeline, storage, context)
        }
        Command::PausePipeline { pipeline, reason } => pipelines::pause(partition, *pipeline, reason, context),
        Command::ResumePipeline { pipeline } => pipelines::resume(partition, *pipeline, context),
        Command::DeletePipeline { pipeline } => pipelines::delete(partition, *pipeline, context),
        Command::SettleAlert { alert, outcome } => Ok(alert::settle(partition, *alert, outcome, context)),
        Command::RetryAlert { alert } => alert::retry(partition, *alert, context),
        Command::SetPool { name, slots } => pools::set(partition, name, *slots, context),
        Command::SetEnvironment(set) => environments::set(partition, set, context),
        Command::RemoveEnvironment { named } => environments::remove(partition, named, context),
        Command::Inventory(command) => inventory::decide(partition, command, context),
        Command::KeepToolState(keep) => tool_state::decide(keep, context),
        Command::NoteTimeZones { release } => time_zones::note(partition, release, context),
        Command::RaiseLevel => Ok(level::raise(partition, context)),
        Command::StartRun(start) => start_run::decide(partition, start, context),
        Command::RestartRun(restart) => restart_run::decide(partition, restart, context),
        Command::CarryOver { run, prior } => carry_over::decide(partition.live_run(*run)?, prior, context),
        Command::FireSchedule(fire) => fire_schedule::decide(partition, fire, context),
        Command::TakeEvent(take) => take_event::decide(partition, take, context),
        Command::CreateBackfill(create) => backfill::create(partition, create, context),
        Command::CancelBackfill { backfill, reason } => backfill::cancel(partition, *backfill, reason, context),
        Command::PollSensor(poll) => sensor::poll(partition, poll, context),
        Command::TakeSensorEvent { event_type, data } => sensor::take_event(partition, event_type, data, context),
        Command::TakeWebhook(take) => webhook::decide(partition, take, context),
        Command::WakePipeline { pipeline } => Ok(wake_pipeline::decide(partition, *pipeline, context)),
        Command::CancelRun { run, reason } => cancel_run::decide(partition.live_run(*run)?, reason, context),
        Command::MarkTask { run, task, mark, outputs, reason, by } => {
            let marking = mark_task::Marking { mark: *mark, outputs, reason, by };
            mark_task::decide(partition, partition.live_run(*run)?, *task, &marking, context)
        }
        Command::DecideApproval { run, task, approved, by, comment } => {
            let run = partition.live_run(*run)?;
            let events = approval::decide(run, *task, *approved, by, comment, context)?;
            Ok(declared::before_the_end(partition, run, events, context))
        }
        Command::LeaseTask { run, task, worker, remote } => {
            lease_task::decide(partition, partition.live_run(*run)?, *task, *worker, *remote, context)
        }
        Command::Report { attempt, report } => {
            let run = partition.live_run(attempt.run)?;
            let events = report::decide(run, *attempt, report, context)?;
            let events = asset::with_materialised(partition, run, events, context);
            let events = declared::before_the_end(partition, run, events, context);
            Ok(cost::with_costs(partition, run, events, context))
        }
        Command::LoseAttempt { attempt, reason } => {
            let run = partition.live_run(attempt.run)?;
            Ok(cost::with_costs(partition, run, lose_attempt::decide(run, *attempt, reason, context)?, context))
        }
        Command::Access(command) => access::decide(partition, command, context),
        Command::Endpoint(command) => endpoints::decide(partition, command, context),
        Command::Connection(command) => connections::decide(partition, command, context),
        Command::FileCommit(command) => file_commit::decide(partition, command, context),
        Command::Cost(command) => decide_cost(partition, command, context),
        Command::ReportLineage(report) => Ok(vec![lineage::decide(report, context)]),
        Command::WakeRun { run } => Ok(wake_run::decide(partition, partition.live_run(*run)?, context)),
    }
}

fn decide_cost(partition: &Partition, command: &CostCommand, context: &Context) -> Result<Vec<Event>, Rejection> {
    match command {
        CostCommand::SetPrices(prices) => cost::set_prices(partition, prices, context),
        CostCommand::Record(bills) => cost::record(partition, bills, context),
        CostCommand::WakeBudgets => Ok(cost::periods_over(partition, context)),
        CostCommand::ReleaseRun(run) => lane::release(partition, partition.live_run(*run)?, context),
        CostCommand::SetBudget { owner, budget } => cost::set_budget(partition, owner, budget.as_ref(), context),
    }
}

/// Decides, refuses what the level of the log does not permit, folds, and lets everything that follows happen as far as it fits into one decision. What is left over stays on
/// [`Partition::agenda`]: ask [`settle`] until that is empty.
pub fn execute(partition: &mut Partition, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
    let mut events = decide(partition, command, context)?;
    level::permits(partition.level, &events)?;
    for event in &events {
        evolve(partition, event);
    }
    // A report stands beside outputs of any size: what follows goes into decisions of its own.
    if !events.iter().any(|event| matches!(event, Event::OperationsCollected { .. })) {
        work_off(partition, context, &mut events);
    }
    Ok(events)
}

/// Works off the agenda, at most [`limits::EVENTS_PER_ADVANCE_MAX`] events far; empty = the agenda is.
pub fn settle(partition: &mut Partition, context: &Context) -> Vec<Event> {
    let mut events = Vec::new();
    work_off(partition, context, &mut events);
    events
}

fn work_off(partition: &mut Partition, context: &Context, events: &mut Vec<Event>) {
    let mut room = limits::EVENTS_PER_ADVANCE_MAX;
    while room > 0 {
        let Some(item) = partition.agenda.first().cloned() else { break };
        let next = match &item {
            Agenda::Run(run) => partition.runs.get(run).map(|run| advance(partition, run, context, room)),
            Agenda::Lane(key) => Some(lane::settle(partition, key, context)),
            Agenda::Followers(ended) => Some(follow::next(partition, *ended, context)),
            Agenda::Backfill(backfill) => Some(backfill::next(partition, *backfill, context)),
        };
        let next = next.unwrap_or_default();
        if next.is_empty() {
            partition.agenda.remove(&item);
            continue;
        }
        // An event of any size begins a decision, so that none outgrows a record.
        if !events.is_empty() && next.iter().any(is_large) {
            break;
        }
        debug_assert_eq!(level::permits(partition.level, &next), Ok(()), "what follows by itself looks at the level");
        for event in &next {
            evolve(partition, event);
        }
        room = room.saturating_sub(next.len());
        events.extend(next);
    }
}

/// May it take hundreds of KiB?
fn is_large(event: &Event) -> bool {
    match event {
        Event::MatrixExpanded { .. }
        | Event::OperationsCollected { .. }
        | Event::RunCreated(_)
        | Event::TaskCarriedOver(_)
        | Event::FollowersDue { .. } => true,
        // One is at most about 8 KiB.
        Event::AlertsRaised(raised) => {
            raised.alerts.len() > limits::ALERTS_IN_SMALL_EVENT_MAX
                || raised.anomalies.len() > limits::ANOMALIES_IN_SMALL_EVENT_MAX
        }
        Event::BackfillDeclined { instants, .. } => instants.len() > limits::EVENTS_PER_ADVANCE_MAX,
        _ => false,
    }
}

/// The task and its plan, if the attempt is the current one and a worker holds it.
fn held(run: &RunState, attempt: AttemptRef) -> Result<(&TaskState, &PlanTask), Rejection> {
    let task = run.tasks.get(attempt.task as usize).zip(run.planned(attempt.task));
    task.filter(|(task, _)| task.attempt == attempt.number && task.holder().is_some())
        .ok_or(Rejection::StaleAttempt(attempt))
}

/// `milliseconds` after `from`; the end of time where there is none.
fn later_ms(from: Timestamp, milliseconds: u64) -> Timestamp {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    from.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}

/// `seconds` after `from`; the end of time where there is none.
fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds.max(0))).unwrap_or(Timestamp::MAX)
}

/// Messages come from outside: cut to their limit.
fn message(text: &str) -> String {
    cut(text, limits::MESSAGE_BYTES_MAX)
}

/// Texts of which one decision may hold hundreds: cut shorter.
pub(crate) fn brief(text: &str) -> String {
    cut(text, limits::BRIEF_BYTES_MAX)
}

/// Cuts at a character boundary.
pub(crate) fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let at = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..at])
}

/// Serialised JSON, bytes.
pub(crate) fn json_bytes(fields: &Map<String, Value>) -> usize {
    serde_json::to_vec(fields).map_or(usize::MAX, |json| json.len())
}
