//! `downbeat now`: what rows know, and of what waits also what only the coordinator knows.

use std::process::ExitCode;

use downbeat_proto::{
    control::v1::Gate,
    metadata::v1::{GetNowRequest, GetNowResponse, LiveRun, NextFiring, Waiting},
};
use serde_json::{Value, json};

use super::{
    run::explain,
    statement::{position, statement, statements},
};
use crate::{
    cli::Now,
    client,
    error::Error,
    render::{Held, now_lines, print},
};

/// Things that wait of which the coordinator is asked.
const ASKED_MAX: usize = 20;

pub(super) async fn run(now: &Now) -> Result<ExitCode, Error> {
    let request = GetNowRequest { limit: now.limit, at_least: None };
    let answer = client::answers(&now.servers).await?.get_now(request).await.map_err(client::refused)?.into_inner();
    let held = held(now, &answer).await;
    let text = match now.json {
        true => format!("{:#}\n", as_json(&answer, &held)),
        false => now_lines(&answer, &held),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What the coordinator says of those that wait, by their places in the answer. A coordinator that does not answer takes nothing away from
/// what rows say.
async fn held(now: &Now, answer: &GetNowResponse) -> Held {
    let asked = |waiting: &Waiting| matches!(waiting.kind.as_str(), "RUN" | "WORKER");
    let waits: Vec<(usize, &Waiting)> = answer.waiting.iter().enumerate().filter(|(_, it)| asked(it)).collect();
    let mut held = Held::default();
    if waits.is_empty() {
        return held;
    }
    let mut control = match client::control(&now.servers).await {
        Ok(control) => control,
        Err(error) => {
            held.unknown = error.to_string();
            return held;
        }
    };
    for (place, waiting) in waits.into_iter().take(ASKED_MAX) {
        match explain(&mut control, &waiting.run_id, &waiting.task).await {
            Ok(answer) => drop(held.gates.insert(place, answer.gates)),
            // It may have ended meanwhile.
            Err(Error::Refused(_)) => {}
            Err(error) => held.unknown = error.to_string(),
        }
    }
    held
}

fn as_json(answer: &GetNowResponse, held: &Held) -> Value {
    let run = |live: &LiveRun| {
        let run = live.run.clone().unwrap_or_default();
        json!({
            "run_id": run.id, "pipeline": run.pipeline_alias, "version": run.pipeline_version, "status": run.status,
            "environment": run.environment, "message": run.message, "created_at": run.created_at,
            "started_at": run.started_at, "started": statement(live.started.as_ref()), "tasks": run.tasks,
            "counted": live.counted, "done": live.done, "running": live.running, "waiting": live.waiting,
        })
    };
    let gate = |gate: &Gate| json!({"kind": gate.kind, "text": gate.text, "since": gate.since, "ahead": gate.ahead, "ahead_count": gate.ahead_count});
    let waits = |(place, it): (usize, &Waiting)| {
        let gates: Option<Vec<Value>> = held.gates.get(&place).map(|gates| gates.iter().map(gate).collect());
        json!({
            "kind": it.kind, "run_id": it.run_id, "pipeline": it.pipeline_alias, "task": it.task, "since": it.since,
            "until": it.until, "why": statement(it.why.as_ref()), "gates": gates,
        })
    };
    let next = |it: &NextFiring| {
        json!({
            "pipeline": it.pipeline_alias, "pipeline_id": it.pipeline_id, "schedule": it.schedule, "at": it.at,
            "because": statement(it.because.as_ref()),
        })
    };
    let counts = answer.counts.iter().map(|count| (count.status.clone(), json!(count.runs)));
    json!({
        "now": answer.now,
        "runs": answer.runs.iter().map(run).collect::<Vec<_>>(), "more_runs": answer.more_runs,
        "waiting": answer.waiting.iter().enumerate().map(waits).collect::<Vec<_>>(), "more_waiting": answer.more_waiting,
        "late": statements(&answer.late), "more_late": answer.more_late,
        "next": answer.next.iter().map(next).collect::<Vec<_>>(), "more_next": answer.more_next,
        "windows": statements(&answer.windows), "more_windows": answer.more_windows,
        "backfills": statements(&answer.backfills), "more_backfills": answer.more_backfills,
        "counts": Value::Object(counts.collect()), "counted_from": answer.counted_from,
        "schedules_left_out": answer.schedules_left_out,
        "coordinator_unknown": held.unknown,
        "position": position(answer.position.as_ref()),
    })
}
