//! What is happening: live runs, what waits, what is late, what comes next.

use std::collections::BTreeMap;

use downbeat_domain::RunId;
use downbeat_proto::metadata::v1 as wire;

use super::{counted, evidence, firings, instant, known, left_out, others, say, waiting};
use crate::{
    engine::{
        going_on::{HOUR, HourRow, WindowsRow},
        keys::{self, answers as at, answers::Kept},
        rows,
    },
    limits,
    published::View,
    query::Refusal,
};

/// Everything that goes on at this instant, microseconds since the epoch.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn now(view: &View<'_>, limit: u32, now: i64) -> Result<wire::GetNowResponse, Refusal> {
    let limit = match limit {
        0 => limits::NOW_DEFAULT,
        limit if limit <= limits::NOW_MAX => limit,
        limit => return Err(Refusal::Invalid(format!("limit: {limit} is above {}", limits::NOW_MAX))),
    } as usize;
    let live = known::set(view, Kept::LiveRuns)?;
    let mut answer = wire::GetNowResponse { now, ..wire::GetNowResponse::default() };
    let mut waits = Vec::new();
    let mut room = limits::COUNTED_TASK_RUNS_MAX;
    for entry in live.iter().take(limit) {
        let (Some(id), Some(run)) = (RunId::from_slice(&entry.id), known::run(view, &entry.id)?) else { continue };
        let head = known::head(view, &entry.id)?;
        let tasks = waiting::tasks(view, (id, &run, &head), &mut room)?;
        waits.extend(waiting::of_run(&run, &head));
        waits.extend(tasks.waits);
        answer.runs.push(wire::LiveRun {
            started: Some(started(&run, &head)),
            done: tasks.done,
            running: tasks.running,
            waiting: tasks.waiting,
            counted: tasks.counted,
            run: Some(run),
        });
    }
    answer.more_runs = left_out(live.len(), answer.runs.len());
    answer.more_waiting = left_out(waits.len(), limit);
    waits.truncate(limit);
    answer.waiting = waits;

    let breaches = others::breaches(view)?;
    let mut late: Vec<_> = breaches.found.iter().map(others::breach).collect();
    let firings = firings::firings(view, now)?;
    late.extend(firings.overdue);
    answer.more_late = left_out(late.len(), limit).saturating_add(breaches.left_out);
    late.truncate(limit);
    answer.late = late;
    answer.more_next = left_out(firings.next.len(), limit);
    answer.next = firings.next;
    answer.next.truncate(limit);
    answer.schedules_left_out = firings.left_out;

    let windows = windows(view)?;
    answer.more_windows = left_out(windows.len(), limit);
    answer.windows = windows;
    answer.windows.truncate(limit);
    let backfills = backfills(view)?;
    answer.more_backfills = left_out(backfills.len(), limit);
    answer.backfills = backfills;
    answer.backfills.truncate(limit);
    let first = now.div_euclid(HOUR) - limits::NOW_HOURS;
    answer.counted_from = first * HOUR;
    answer.counts = counts(view, first, now.div_euclid(HOUR))?;
    Ok(answer)
}

/// What started a run.
fn started(run: &wire::Run, head: &rows::RunHead) -> wire::Statement {
    let mut rests_on = vec![evidence("RUN", &run.id, head.first_sequence, run.created_at)];
    let (rule, text) = match run.trigger.as_str() {
        _ if !run.restart_of.is_empty() => {
            rests_on.push(evidence("RUN", &run.restart_of, 0, 0));
            ("STARTED_AGAIN", format!("{} runs {} again", person(&run.user), run.restart_of))
        }
        "SCHEDULED" => {
            let late = run.created_at.saturating_sub(run.schedule_instant) / 1_000_000;
            let late = if late > downbeat_domain::limits::SCHEDULE_LATENESS_SECONDS {
                format!(", {late} s late")
            } else {
                String::new()
            };
            let text = format!("schedule {} was due at {}{late}", run.schedule, instant(run.schedule_instant));
            ("STARTED_BY_SCHEDULE", text)
        }
        "BACKFILL" => {
            rests_on.push(evidence("BACKFILL", &run.backfill_id, 0, 0));
            let text = format!("backfill {} is at {}", run.backfill_id, instant(run.schedule_instant));
            ("STARTED_BY_BACKFILL", text)
        }
        "EVENT" => {
            let event = run.events.first().map(|event| format!(" ({} from {})", event.id, event.source));
            let text = format!("trigger {} took an event{}", run.event_trigger, event.unwrap_or_default());
            ("STARTED_BY_EVENT", text)
        }
        "ASSET" => {
            rests_on.extend(run.assets.iter().take(3).map(|asset| evidence("ASSET", asset, 0, 0)));
            let text = format!("trigger {} saw {} written", run.event_trigger, list(&run.assets));
            ("STARTED_BY_ASSET", text)
        }
        "SENSOR" => ("STARTED_BY_SENSOR", format!("sensor {} found what it looks for", run.sensor)),
        "WEBHOOK" => ("STARTED_BY_WEBHOOK", format!("its webhook was called (delivery {})", run.webhook_delivery)),
        "PIPELINE" => {
            rests_on.push(evidence("RUN", &run.parent_run_id, 0, 0));
            ("STARTED_BY_RUN", format!("run {} started it", run.parent_run_id))
        }
        "TRIGGER_EVENT" => {
            rests_on.push(evidence("RUN", &run.follows_run_id, 0, 0));
            ("STARTED_BY_END", format!("run {} ended", run.follows_run_id))
        }
        _ => ("STARTED_BY_HAND", format!("{} started it", person(&run.user))),
    };
    say(rule, text, rests_on)
}

fn person(user: &str) -> &str {
    if user.is_empty() { "somebody" } else { user }
}

/// Some of many names.
pub(super) fn list(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn windows(view: &View<'_>) -> Result<Vec<wire::Statement>, Refusal> {
    let mut open = Vec::new();
    for entry in known::set(view, Kept::Windows)?.iter().take(limits::SCHEDULED_LOOKED_AT_MAX) {
        let Some(id) = downbeat_domain::PipelineId::from_slice(&entry.id) else { continue };
        let alias = known::pipeline(view, &entry.id)?.alias;
        let row: WindowsRow = view.get(&at::windows(id))?.unwrap_or_default();
        open.extend(row.windows.into_iter().map(|window| (window.opened_at, alias.clone(), window)));
    }
    open.sort_by(|a, b| (a.0, &a.1, &a.2.sensor).cmp(&(b.0, &b.1, &b.2.sensor)));
    let told = |(opened_at, alias, window): (i64, String, crate::engine::going_on::WindowRow)| {
        let text = format!(
            "sensor {} of {alias} has looked since {}; its window closes at {}",
            window.sensor,
            instant(opened_at),
            instant(window.closes_at)
        );
        say("WINDOW_OPEN", text, vec![evidence("SENSOR", window.sensor, window.sequence, opened_at)])
    };
    Ok(open.into_iter().map(told).collect())
}

fn backfills(view: &View<'_>) -> Result<Vec<wire::Statement>, Refusal> {
    let mut found = Vec::new();
    for row in view.store.scan(keys::BACKFILLS_BY_AGE, None).take(limits::BACKFILLS_LOOKED_AT_MAX) {
        let Some(id) = keys::indexed_backfill(&row?.0) else { continue };
        let Some(row) = view.get::<wire::Backfill>(&keys::backfill(id))? else { continue };
        if row.completed_at != 0 {
            continue;
        }
        let done = row.total.saturating_sub(row.left).saturating_sub(row.live);
        let text = format!(
            "backfill {} of {} is {}: {done} of {} done, {} failed, {} live, {} left",
            row.id,
            row.pipeline_alias,
            row.status,
            counted(row.total.into(), "instant"),
            row.failed,
            row.live,
            row.left
        );
        found.push(say("BACKFILL_RUNS", text, vec![evidence("BACKFILL", row.id, 0, row.created_at)]));
    }
    Ok(found)
}

fn counts(view: &View<'_>, first: i64, last: i64) -> Result<Vec<wire::StatusCount>, Refusal> {
    let mut sums = BTreeMap::<String, u64>::new();
    for hour in first..=last {
        let row: HourRow = view.get(&at::hour(hour))?.unwrap_or_default();
        for (status, runs) in row.runs {
            *sums.entry(status).or_insert(0) += runs;
        }
    }
    Ok(sums.into_iter().map(|(status, runs)| wire::StatusCount { status, runs }).collect())
}
