//! What an event says of the command that it comes of: about what, what was before, what is now. One arm per kind of command.

use downbeat_domain::{
    AttemptRef, BackfillCreated, CommandKind, Event, Mark, PassedInstants, PipelineId, RunCreated, RunId, RunStatus,
    ScheduleDecided, Target, TargetKind, TaskRunId, Trigger,
    cost::{Basis, CostEvent, amount_text},
    event::AccessEvent,
};
use downbeat_proto::metadata::v1 as wire;
use serde_json::{Value, json};

use super::{
    Told, connections, endpoints, environments, file_commits, inventory, logins, pipeline, pool_before, run, target,
    versions,
};
use crate::{
    engine::{
        backfills,
        batch::Batch,
        keys,
        plans::Plans,
        rows::{RunHead, TaskRow},
    },
    error::Error,
};

/// May the event tell of a command? What every event of a run is asked first.
pub(super) fn is_of_a_command(event: &Event) -> bool {
    match event {
        Event::RunCreated(created) => matches!(
            created.trigger,
            Trigger::Manual { .. }
                | Trigger::Restart { .. }
                | Trigger::Scheduled { .. }
                | Trigger::Event { .. }
                | Trigger::Webhook { .. }
        ),
        Event::PipelineApplied(_)
        | Event::PipelineDrafted(_)
        | Event::PipelineStorageSet { .. }
        | Event::PipelinePaused { .. }
        | Event::PipelineResumed { .. }
        | Event::PipelineDeleted { .. }
        | Event::PoolSet { .. }
        | Event::Environment(_)
        | Event::Inventory(_)
        | Event::Connection(_)
        | Event::FileCommit(_)
        | Event::TimeZonesChanged { .. }
        // Not where the log began so: nobody asked for it.
        | Event::LevelRaised { before: 1.., .. }
        | Event::ScheduleDecided(_)
        | Event::EventTaken(_)
        | Event::SensorOpened(_)
        | Event::SensorEventTaken(_)
        | Event::BackfillCreated(_)
        | Event::BackfillCancelled { .. }
        | Event::RunCancelRequested { .. }
        // The first thing that somebody's decision says: it was let go by hand. Otherwise it follows from something that was asked.
        | Event::RunAdmitted { .. }
        | Event::TaskMarked { .. }
        | Event::ApprovalDecided { .. }
        | Event::AlertRetried { .. }
        | Event::CommandRejected(_) => true,
        Event::Cost(fact) => of_the_ledger(fact).is_some(),
        Event::Access(fact) => matches!(fact.as_ref(), AccessEvent::ToolsCalled(_)) || of_keys(fact).is_some(),
        Event::Endpoint(_) => true,
        _ => false,
    }
}

/// What it says.
pub(super) fn told(event: &Event, plans: &mut Plans, batch: &Batch<'_>) -> Result<Option<Told>, Error> {
    Ok(Some(match event {
        Event::PipelineApplied(applied) => versions::apply(applied, batch)?,
        Event::PipelineDrafted(drafted) => versions::draft(drafted, batch)?,
        Event::PipelineStorageSet { pipeline, storage, .. } => versions::set_storage(*pipeline, storage, batch)?,
        Event::PipelinePaused { pipeline: id, reason, .. } => {
            let (row, targets) = of_pipeline(*id, batch)?;
            Told {
                reason: reason.clone(),
                before: json!({"paused": row.paused}),
                after: json!({"paused": true}),
                ..about(CommandKind::PausePipeline, targets, format!("paused pipeline {}", row.alias))
            }
        }
        Event::PipelineResumed { pipeline: id, .. } => {
            let (row, targets) = of_pipeline(*id, batch)?;
            Told {
                before: json!({"paused": row.paused, "paused_reason": row.paused_reason}),
                after: json!({"paused": false}),
                ..about(CommandKind::ResumePipeline, targets, format!("resumed pipeline {}", row.alias))
            }
        }
        Event::PipelineDeleted { pipeline: id, .. } => {
            let (row, targets) = of_pipeline(*id, batch)?;
            Told {
                before: json!({"version": row.version, "deleted": row.deleted}),
                after: json!({"deleted": true}),
                ..about(CommandKind::DeletePipeline, targets, format!("deleted pipeline {}", row.alias))
            }
        }
        Event::PoolSet { name, slots, .. } => resized(name, *slots, batch)?,
        Event::Environment(fact) => environments::told(fact, batch)?,
        Event::Inventory(fact) => inventory::told(fact, batch)?,
        Event::FileCommit(fact) => file_commits::told(fact, batch)?,
        Event::TimeZonesChanged { before, release, .. } => Told {
            before: json!({"release": before}),
            after: json!({"release": release}),
            ..about(
                CommandKind::NoteTimeZones,
                vec![wire::AuditTarget { kind: "time_zones".to_owned(), id: release.clone(), ..Default::default() }],
                format!("schedules are computed by the time zones of {release}"),
            )
        },
        Event::LevelRaised { before, level, .. } => Told {
            before: json!({"level": before}),
            after: json!({"level": level}),
            ..about(
                CommandKind::RaiseLogLevel,
                vec![wire::AuditTarget { kind: "log".to_owned(), id: "level".to_owned(), ..Default::default() }],
                format!("raised the level of the log to {level}"),
            )
        },
        Event::ScheduleDecided(decided) => schedule(decided, batch)?,
        Event::SensorOpened(opened) => {
            let (row, targets) = of_pipeline(opened.window.pipeline, batch)?;
            let after = json!({"sensor": opened.window.sensor, "instant": opened.window.instant.to_string()});
            let summary = format!("opened a window of sensor {} of pipeline {}", opened.window.sensor, row.alias);
            Told { after, ..about(CommandKind::FireSchedule, targets, summary) }
        }
        Event::EventTaken(taken) => {
            let (row, targets) = of_pipeline(taken.pipeline, batch)?;
            let after = json!({"trigger": taken.trigger, "event": taken.origin.id, "source": taken.origin.source, "waits": true});
            let summary = format!("trigger {} of pipeline {} took an event", taken.trigger, row.alias);
            Told { after, ..about(CommandKind::TakeEvent, targets, summary) }
        }
        Event::SensorEventTaken(taken) => {
            let targets = vec![target(&Target::new(TargetKind::Event, &taken.event_type))];
            let summary = format!("told sensors of {}", taken.event_type);
            about(CommandKind::TakeSensorEvent, targets, summary)
        }
        Event::BackfillCreated(created) => backfill(created, batch)?,
        Event::BackfillCancelled { backfill, reason, .. } => cancel_backfill(*backfill, reason, batch)?,
        Event::RunCreated(created) => start(created, batch)?,
        Event::RunCancelRequested { run: id, reason, .. } => {
            let (row, targets) = of_run(*id, batch)?;
            Told {
                reason: reason.clone(),
                before: json!({"status": row.status}),
                after: json!({"status": RunStatus::Cancelling.as_str()}),
                ..about(
                    CommandKind::CancelRun,
                    targets,
                    format!("cancelled run {id} of pipeline {}", row.pipeline_alias),
                )
            }
        }
        Event::RunAdmitted { run: id, .. } => {
            let (row, targets) = of_run(*id, batch)?;
            Told {
                before: json!({"status": row.status}),
                after: json!({"released": true}),
                ..about(
                    CommandKind::ReleaseRun,
                    targets,
                    format!("let run {id} of pipeline {} go over its budget", row.pipeline_alias),
                )
            }
        }
        Event::TaskMarked { run, task, mark, reason, outputs, .. } => {
            let names: Vec<&String> = outputs.keys().collect();
            marked((*run, *task), *mark, reason, json!(names), plans, batch)?
        }
        Event::ApprovalDecided { attempt, approved, comment, .. } => {
            approve(*attempt, *approved, comment, plans, batch)?
        }
        Event::AlertRetried { alert, failures, .. } => {
            let row: wire::Alert = batch.get(&keys::alert(*alert))?.unwrap_or_default();
            let mut targets = vec![target(&Target { name: row.name, ..Target::new(TargetKind::Alert, alert) })];
            targets.extend(pipeline_target(&row.pipeline_id, &row.pipeline_alias));
            Told {
                before: json!({"state": row.state, "failures": failures}),
                after: json!({"state": "PENDING"}),
                ..about(CommandKind::RetryAlert, targets, format!("alert {alert} is tried once more"))
            }
        }
        Event::Cost(fact) => {
            let Some((command, targets, summary, after)) = of_the_ledger(fact) else { return Ok(None) };
            Told { after, ..about(command, targets, summary) }
        }
        Event::Access(fact) => return Ok(of_keys(fact)),
        Event::Endpoint(fact) => return endpoints::told(fact, batch).map(Some),
        Event::Connection(fact) => connections::told(fact),
        _ => return Ok(None),
    }))
}

/// Of a key that was made, what it is for; that keys were used is said by gateways, and not asked for.
fn of_keys(fact: &AccessEvent) -> Option<Told> {
    let (command, key, name, what, after) = match fact {
        AccessEvent::KeyCreated(made) => {
            let grants = made.grants.iter().map(|it| json!({"role": it.role.as_str(), "labels": it.labels}));
            let grants: Vec<Value> = grants.collect();
            let after = json!({"grants": grants, "expires_at": made.expires_at.to_string()});
            (CommandKind::CreateKey, made.key, &made.name, "made", after)
        }
        AccessEvent::KeyRevoked { key, name, .. } => {
            (CommandKind::RevokeKey, *key, name, "revoked", json!({"revoked": true}))
        }
        AccessEvent::KeysUsed { .. } => return None,
        _ => return logins::told(fact),
    };
    let named = Target { name: name.clone(), ..Target::new(TargetKind::Key, key) };
    Some(Told { after, ..about(command, vec![target(&named)], format!("{what} key {name}")) })
}

/// What people do to the ledger; estimates, and what follows of budgets, come by themselves.
fn of_the_ledger(fact: &CostEvent) -> Option<(CommandKind, Vec<wire::AuditTarget>, String, Value)> {
    let owner =
        |owner: &str| wire::AuditTarget { kind: "owner".to_owned(), id: owner.to_owned(), ..Default::default() };
    Some(match fact {
        CostEvent::PricesSet(set) => {
            let after = json!({"version": set.version, "prices": set.prices.len()});
            (CommandKind::SetPrices, Vec::new(), format!("set prices, version {}", set.version), after)
        }
        CostEvent::BudgetSet(set) => {
            let amount = set.budget.as_ref().map(|budget| {
                format!("{} {} a {}", amount_text(budget.micros.into()), budget.currency, budget.period.word())
            });
            let after = json!({"budget": amount, "enforce": set.budget.as_ref().is_some_and(|budget| budget.enforce)});
            let summary = format!("set the budget of owner {}", set.owner);
            (CommandKind::SetBudget, vec![owner(&set.owner)], summary, after)
        }
        CostEvent::CostRecorded(recorded) => {
            // Estimates have no source.
            let bill = recorded.entries.iter().find(|entry| entry.basis == Basis::Billed)?;
            let after = json!({
                "source": bill.source, "id": bill.external_id, "amount": amount_text(bill.micros.into()),
                "currency": bill.currency.as_str(),
            });
            (
                CommandKind::RecordCosts,
                Vec::new(),
                format!("recorded bill {} of {}", bill.external_id, bill.source),
                after,
            )
        }
        CostEvent::BudgetPeriodBegan(_) | CostEvent::BudgetCrossed(_) => return None,
    })
}

pub(super) fn about(command: CommandKind, targets: Vec<wire::AuditTarget>, summary: String) -> Told {
    Told { command, targets, summary, reason: String::new(), before: Value::Null, after: Value::Null }
}

/// A target of a refused command, with the name that people know it by.
pub(super) fn named(asked: &Target, batch: &Batch<'_>) -> Result<wire::AuditTarget, Error> {
    let mut shown = target(asked);
    if asked.kind == TargetKind::Pipeline
        && shown.name.is_empty()
        && let Ok(id) = asked.id.parse()
    {
        shown.name = pipeline(id, batch)?.alias;
    }
    Ok(shown)
}

pub(super) fn pipeline_target(id: &str, alias: &str) -> Option<wire::AuditTarget> {
    let shown = Target { name: alias.to_owned(), ..Target::new(TargetKind::Pipeline, id) };
    (!id.is_empty()).then(|| target(&shown))
}

pub(super) fn of_pipeline(
    id: PipelineId,
    batch: &Batch<'_>,
) -> Result<(wire::Pipeline, Vec<wire::AuditTarget>), Error> {
    let row = pipeline(id, batch)?;
    let targets = pipeline_target(&id.to_string(), &row.alias).into_iter().collect();
    Ok((row, targets))
}

fn of_run(id: RunId, batch: &Batch<'_>) -> Result<(wire::Run, Vec<wire::AuditTarget>), Error> {
    let row = run(id, batch)?;
    let mut targets = vec![target(&Target::new(TargetKind::Run, id))];
    targets.extend(pipeline_target(&row.pipeline_id, &row.pipeline_alias));
    Ok((row, targets))
}

fn resized(name: &str, slots: Option<u32>, batch: &Batch<'_>) -> Result<Told, Error> {
    let before = pool_before(name, batch)?;
    let summary = match slots {
        Some(slots) => format!("pool {name} has {slots} slots"),
        None => format!("removed pool {name}"),
    };
    Ok(Told {
        before: json!({"slots": before}),
        after: json!({"slots": slots}),
        ..about(CommandKind::SetPool, vec![target(&Target::new(TargetKind::Pool, name))], summary)
    })
}

fn schedule(decided: &ScheduleDecided, batch: &Batch<'_>) -> Result<Told, Error> {
    let (row, targets) = of_pipeline(decided.pipeline, batch)?;
    let count: u64 = decided.passed.iter().map(|passed| passed.count).sum();
    let reason = |passed: &PassedInstants| json!({"reason": passed.reason.as_str(), "count": passed.count});
    let passed: Vec<Value> = decided.passed.iter().map(reason).collect();
    let after = json!({"schedule": decided.schedule, "up_to": decided.up_to.to_string(), "passed": passed});
    let summary =
        format!("{count} instants of schedule {} of pipeline {} passed without a run", decided.schedule, row.alias);
    Ok(Told { after, ..about(CommandKind::FireSchedule, targets, summary) })
}

/// Of inputs and outputs, names alone: their values stand where they are used.
fn start(created: &RunCreated, batch: &Batch<'_>) -> Result<Told, Error> {
    let (row, of) = of_pipeline(created.pipeline, batch)?;
    let mut targets = vec![target(&Target::new(TargetKind::Run, created.run))];
    targets.extend(of);
    let inputs: Vec<&String> = created.inputs.keys().collect();
    let mut after = json!({"run": created.run.to_string(), "version": created.version, "inputs": inputs});
    if !created.environment_name.is_empty() {
        after["environment"] = json!(created.environment_name);
    }
    if let Some(selection) = &created.selection {
        after["selected_tasks"] = json!(selection.tasks.len());
    }
    let (alias, mut before) = (&row.alias, Value::Null);
    let (command, summary) = match &created.trigger {
        Trigger::Restart { run: of, mode, .. } => {
            targets.push(target(&Target::new(TargetKind::Run, of)));
            before = json!({"run": of.to_string(), "status": run(*of, batch)?.status});
            after["mode"] = json!(mode.as_str());
            (CommandKind::RestartRun, format!("run {of} of pipeline {alias} runs again as {}", created.run))
        }
        Trigger::Scheduled { schedule, instant, .. } => {
            after["instant"] = json!(instant.to_string());
            (CommandKind::FireSchedule, format!("schedule {schedule} of pipeline {alias} fired for {instant}"))
        }
        Trigger::Event { trigger, events, .. } => {
            after["events"] = events.iter().map(|event| json!(event.id)).collect();
            (CommandKind::TakeEvent, format!("trigger {trigger} started a run of pipeline {alias}"))
        }
        Trigger::Webhook { delivery, .. } => {
            after["delivery"] = json!(delivery);
            (CommandKind::TakeWebhook, format!("a webhook started a run of pipeline {alias}"))
        }
        _ => (CommandKind::StartRun, format!("started run {} of pipeline {alias}", created.run)),
    };
    Ok(Told { before, after, ..about(command, targets, summary) })
}

fn backfill(created: &BackfillCreated, batch: &Batch<'_>) -> Result<Told, Error> {
    let (row, of) = of_pipeline(created.pipeline, batch)?;
    let mut targets = vec![target(&Target::new(TargetKind::Backfill, created.backfill))];
    targets.extend(of);
    let after = json!({
        "schedule": created.schedule, "from": created.from.to_string(), "to": created.to.to_string(),
        "instants": created.instants.len(), "skipped": created.skipped.len(), "max_active": created.max_active,
        "force": created.force,
    });
    let summary = format!("backfills {} instants of pipeline {}", created.instants.len(), row.alias);
    Ok(Told { after, ..about(CommandKind::CreateBackfill, targets, summary) })
}

fn cancel_backfill(id: downbeat_domain::BackfillId, reason: &str, batch: &Batch<'_>) -> Result<Told, Error> {
    let row: wire::Backfill = batch.get(&keys::backfill(id))?.unwrap_or_default();
    let mut targets = vec![target(&Target::new(TargetKind::Backfill, id))];
    targets.extend(pipeline_target(&row.pipeline_id, &row.pipeline_alias));
    let after = if row.live == 0 { RunStatus::Cancelled } else { RunStatus::Cancelling };
    let before = if row.status.is_empty() { backfills::RUNNING } else { &row.status };
    Ok(Told {
        reason: reason.to_owned(),
        before: json!({"status": before, "left": row.left, "live": row.live}),
        after: json!({"status": after.as_str(), "dropped": row.left}),
        ..about(CommandKind::CancelBackfill, targets, format!("cancelled backfill {id}"))
    })
}

/// A task of a run as it was, and what it is called.
fn of_task(
    (run, place): (RunId, u32),
    plans: &mut Plans,
    batch: &Batch<'_>,
) -> Result<(String, String, Vec<wire::AuditTarget>), Error> {
    let (row, mut targets) = of_run(run, batch)?;
    let head: RunHead = batch.get(&keys::run_head(run))?.unwrap_or_default();
    let plan = match row.pipeline_id.parse() {
        Ok(pipeline) => plans.get(batch, pipeline, row.pipeline_version)?,
        Err(_) => std::sync::Arc::default(),
    };
    let id = |place: u32| plan.tasks.get(place as usize).map(|task| task.id.clone()).unwrap_or_default();
    let name = match head.iteration_of(place) {
        Some((fan, iteration, index)) => {
            let planned = plan.members(fan.group).get(index as usize).copied();
            format!("{}[{iteration}]", planned.map(id).unwrap_or_default())
        }
        None => id(place),
    };
    let task: Option<TaskRow> = batch.get(&keys::task_run(run, place))?;
    let status = task.map(|task| task.shown.status).filter(|status| !status.is_empty());
    let shown = Target { name: name.clone(), ..Target::new(TargetKind::Task, TaskRunId::derive(run, place)) };
    targets.insert(1, target(&shown));
    Ok((name, status.unwrap_or_else(|| RunStatus::Created.as_str().to_owned()), targets))
}

fn marked(
    task: (RunId, u32),
    mark: Mark,
    reason: &str,
    outputs: Value,
    plans: &mut Plans,
    batch: &Batch<'_>,
) -> Result<Told, Error> {
    let (name, status, targets) = of_task(task, plans, batch)?;
    Ok(Told {
        reason: reason.to_owned(),
        before: json!({"status": status}),
        after: json!({"mark": mark.as_str(), "outputs": outputs}),
        ..about(CommandKind::MarkTask, targets, format!("marked task {name} of run {} {}", task.0, mark.as_str()))
    })
}

fn approve(
    attempt: AttemptRef,
    approved: bool,
    comment: &str,
    plans: &mut Plans,
    batch: &Batch<'_>,
) -> Result<Told, Error> {
    let (name, status, targets) = of_task((attempt.run, attempt.task), plans, batch)?;
    let word = if approved { "approved" } else { "rejected" };
    Ok(Told {
        reason: comment.to_owned(),
        before: json!({"status": status}),
        after: json!({"approved": approved}),
        ..about(CommandKind::DecideApproval, targets, format!("{word} task {name} of run {}", attempt.run))
    })
}
