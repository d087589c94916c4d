//! Events of a run in words: what happened, and why.
//!
//! Pure; the names of tasks and groups come from the caller.

use std::fmt::Write as _;

use downbeat_domain::{
    ConditionResult, Event, Outcome, RunCreated, StopReason, Trigger, limits::SCHEDULE_LATENESS_SECONDS,
};
use jiff::{SignedDuration, Timestamp};

/// What tasks and groups are called.
pub trait TaskNames {
    /// The task run at this place.
    fn task(&self, place: u32) -> String;
    /// The group at this place of the plan.
    fn group(&self, place: u32) -> String;
}

/// What the event says; `None` = nothing about a run.
pub fn narrate(event: &Event, names: &dyn TaskNames) -> Option<String> {
    of_run(event, names).or_else(|| of_task(event)).or_else(|| of_attempt(event)).or_else(|| without_worker(event))
}

fn of_run(event: &Event, names: &dyn TaskNames) -> Option<String> {
    Some(match event {
        Event::RunCreated(created) => created_by(created, names),
        Event::RunCancelRequested { reason, .. } => said("cancelled", reason),
        Event::RunQueued { reason, .. } => said("took its place in the queue", reason),
        Event::RunAdmitted { deadline, .. } => match deadline {
            Some(deadline) => format!("let go; it is stopped at {deadline}"),
            None => "let go".to_owned(),
        },
        Event::RunTimedOut { .. } => "took longer than its timeout: it is being stopped".to_owned(),
        Event::CarryCompleted { .. } => "has taken over what it keeps of the run before".to_owned(),
        Event::FollowersDue { followers, .. } => format!("its end starts {} pipelines", followers.len()),
        Event::RunFinished { status, message, .. } => said(&format!("ended {status}"), message),
        Event::GroupOpened { group, condition, .. } => {
            format!("group `{}` opened{}", names.group(*group), gave(condition))
        }
        Event::GroupSkipped { group, reason, condition, .. } => {
            said(&format!("group `{}` skipped", names.group(*group)), reason) + &gave(condition)
        }
        Event::MatrixExpanded { group, axes, .. } => {
            let sizes: Vec<String> =
                axes.iter().map(|(name, values)| format!("{} of `{name}`", values.len())).collect();
            let count: usize = axes.iter().map(|(_, values)| values.len()).product();
            format!("group `{}` runs {count} times: {}", names.group(*group), sizes.join(", times "))
        }
        Event::IterationOpened { group, iteration, .. } => {
            format!("iteration {iteration} of group `{}` began", names.group(*group))
        }
        Event::IterationSkipped { group, iteration, reason, .. } => {
            said(&format!("iteration {iteration} of group `{}` skipped", names.group(*group)), reason)
        }
        _ => return None,
    })
}

/// How late a schedule was served, where that is worth a word.
fn late(instant: Timestamp, served: Timestamp) -> String {
    let seconds = served.as_second() - instant.as_second();
    if seconds > SCHEDULE_LATENESS_SECONDS {
        format!(", {:#} late", SignedDuration::from_secs(seconds))
    } else {
        String::new()
    }
}

fn created_by(created: &RunCreated, names: &dyn TaskNames) -> String {
    let mut text = match &created.trigger {
        Trigger::Manual { user } => format!("created by {user}"),
        Trigger::Scheduled { schedule, instant, coalesced_count, .. } => {
            let late = late(*instant, created.at);
            let also = match coalesced_count {
                0 => String::new(),
                count => format!(" and {count} missed instants before it"),
            };
            format!("created by schedule `{schedule}` for {instant}{also}{late}")
        }
        Trigger::Backfill { backfill, schedule, instant, user } => {
            format!("created by backfill {backfill} of {user}, for {instant} of schedule `{schedule}`")
        }
        Trigger::Event { trigger, events, .. } => {
            let events: Vec<String> =
                events.iter().map(|event| format!("`{}` on {}", event.id, event.address)).collect();
            format!("created by trigger `{trigger}`: event {}", events.join(" and "))
        }
        Trigger::Parent { attempt, .. } => format!("created by a task of run {}", attempt.run),
        Trigger::PipelineEnded { run, status, .. } => format!("created because run {run} ended {status}"),
        Trigger::Sensor { sensor, instant } => {
            format!("created by sensor `{sensor}`: all its checks passed in the window of {instant}")
        }
        Trigger::Asset { trigger, assets, runs, .. } => {
            let shown: Vec<&str> = assets.iter().take(5).map(String::as_str).collect();
            let more = if assets.len() > 5 { ", ..." } else { "" };
            let by = match runs.as_slice() {
                [run] => format!("run {run}"),
                several => format!("{} runs", several.len()),
            };
            format!("created by trigger `{trigger}`: {by} materialised {}{more}", shown.join(", "))
        }
        Trigger::Webhook { delivery, signature } => {
            let signed = if signature.is_empty() { "not signed".to_owned() } else { format!("signed: {signature}") };
            format!("created by delivery `{delivery}` to the webhook, {signed}")
        }
        Trigger::Restart { user, run, mode } => format!("created by {user}: {mode} of run {run}"),
    };
    if let Some(selection) = &created.selection {
        let tasks: Vec<String> =
            selection.tasks.iter().take(10).map(|task| format!("`{}`", names.task(*task))).collect();
        let more = if selection.tasks.len() > 10 { ", ..." } else { "" };
        let follows = if selection.downstream { " and what follows" } else { "" };
        let _ = write!(text, "; only {}{more}{follows}", tasks.join(", "));
    }
    if created.gated {
        text.push_str("; concurrency decides when it goes");
    }
    text
}

fn of_task(event: &Event) -> Option<String> {
    Some(match event {
        Event::IterationsEnded { status, .. } => format!("all its iterations have ended: {status}"),
        Event::TaskCarriedOver(carried) => {
            format!("carried over: it ended {} in the run before and does not run again", carried.status)
        }
        Event::TaskResumes { operations, .. } => {
            let shown: Vec<&str> = operations.iter().take(5).map(String::as_str).collect();
            let more = if operations.len() > 5 { ", ..." } else { "" };
            format!("runs again for {} operations and what follows: {}{more}", operations.len(), shown.join(", "))
        }
        Event::TaskMarked { mark, reason, by, .. } => said(&format!("marked {mark} by {by}"), reason),
        Event::TaskReady { condition, .. } => format!("waits for a worker{}", gave(condition)),
        Event::TaskSkipped { reason, condition, seen_as, .. } => {
            let seen = seen_as.map(|status| format!("; seen as {status}")).unwrap_or_default();
            said("skipped", reason) + &gave(condition) + &seen
        }
        Event::TaskFailed { message, as_warning, .. } => {
            said("failed before any attempt", message) + warning(*as_warning)
        }
        _ => return None,
    })
}

fn of_attempt(event: &Event) -> Option<String> {
    Some(match event {
        Event::AttemptLeased { attempt, worker, .. } => {
            format!("leased to worker {worker} (attempt {})", attempt.number)
        }
        Event::AttemptStarted { attempt, external_id, link, deadline, .. } => {
            let id = match (external_id.as_str(), link.as_str()) {
                ("", _) => String::new(),
                (id, "") => format!(" as `{id}`"),
                (id, link) => format!(" as `{id}` ({link})"),
            };
            let stopped = deadline.map(|deadline| format!("; it is stopped at {deadline}")).unwrap_or_default();
            format!("attempt {} began{id}{stopped}", attempt.number)
        }
        Event::AttemptSucceeded { outcome, message, .. } => {
            said(if *outcome == Outcome::Warning { "ended with a warning" } else { "succeeded" }, message)
        }
        Event::AttemptFailed { message, retry_at, as_warning, .. } => {
            said("failed", message) + &next(*retry_at) + warning(*as_warning)
        }
        Event::AttemptLost { attempt, reason, retry_at, as_warning, .. } => {
            said(&format!("attempt {} was lost with its worker", attempt.number), reason)
                + &next(*retry_at)
                + warning(*as_warning)
        }
        Event::AttemptStopRequested { reason, .. } => match reason {
            StopReason::Cancelled => "asked to stop: its run goes no further".to_owned(),
            StopReason::TimedOut => "asked to stop: its timeout has passed".to_owned(),
            StopReason::Marked => "asked to stop: its outcome was decided by hand".to_owned(),
        },
        Event::AttemptStopped { unconfirmed, .. } if unconfirmed.is_empty() => {
            "stopped: nothing of it runs any more".to_owned()
        }
        Event::AttemptStopped { unconfirmed, .. } => {
            format!("stopped, and may still run in the other system: {unconfirmed}")
        }
        Event::OperationsCollected { collected, .. } => format!(
            "reported {} operations, {} assets and {} lineage edges",
            collected.operations.len(),
            collected.assets.len(),
            collected.edges.len()
        ),
        _ => return None,
    })
}

fn without_worker(event: &Event) -> Option<String> {
    Some(match event {
        Event::WaitStarted { until, .. } => format!("waits until {until}"),
        Event::ApprovalRequested { approvers, message, until, .. } => {
            let by = if approvers.is_empty() { String::new() } else { format!(" by {}", approvers.join(" or ")) };
            let until = until.map(|until| format!("; undecided until {until} it fails")).unwrap_or_default();
            said(&format!("waits for an approval{by}"), message) + &until
        }
        Event::ApprovalDecided { approved, by, comment, as_warning, .. } => {
            let verb = if *approved { "approved" } else { "rejected" };
            said(&format!("{verb} by {by}"), comment) + warning(*as_warning)
        }
        Event::ChildStarted { child, pipeline, detached, .. } => {
            let waits = if *detached { ", and does not wait for it" } else { ", and waits for its end" };
            format!("started run {child} of pipeline {pipeline}{waits}")
        }
        Event::ChildEnded { status, message, retry_at, .. } => {
            said(&format!("the run that it started is over: {status}"), message) + &next(*retry_at)
        }
        _ => return None,
    })
}

fn said(what: &str, why: &str) -> String {
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") }
}

fn gave(condition: &Option<ConditionResult>) -> String {
    let told = |condition: &ConditionResult| format!("; condition `{}` gave {}", condition.expression, condition.value);
    condition.as_ref().map(told).unwrap_or_default()
}

fn next(retry_at: Option<Timestamp>) -> String {
    retry_at.map(|at| format!("; next attempt at {at}")).unwrap_or_default()
}

fn warning(as_warning: bool) -> &'static str {
    if as_warning { "; it counts as a warning" } else { "" }
}
