//! `downbeat trends`: how things move over many runs.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{
    Baseline, DurationTrend, GetDurationsRequest, IntegrationHealth, IntegrationOutcome, ListIntegrationsRequest,
    ListSchedulesRequest, ScheduleTrend,
};
use serde_json::{Value, json};

use crate::{
    cli::{TrendCommand, TrendDurations, TrendIntegrations, TrendSchedules, TrendSub},
    client,
    error::Error,
    render,
};

pub(super) async fn run(command: &TrendCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        TrendSub::Durations(asked) => durations(asked).await,
        TrendSub::Schedules(asked) => schedules(asked).await,
        TrendSub::Integrations(asked) => integrations(asked).await,
    }
}

/// Entries of a page that are asked for.
fn page_size(limit: u32) -> u32 {
    limit.clamp(1, 1_000)
}

fn show<T>(
    found: &[T],
    as_json: Option<fn(&T) -> Value>,
    table: impl Fn(&[T], Option<usize>) -> String,
    none: &str,
) -> Result<ExitCode, Error> {
    match as_json {
        Some(as_json) => {
            render::print(&format!("{:#}\n", Value::Array(found.iter().map(as_json).collect())))?;
        }
        None if found.is_empty() => eprintln!("{none}"),
        None => render::print(&format!("{}\n", table(found, render::columns())))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn durations(asked: &TrendDurations) -> Result<ExitCode, Error> {
    let mut service = client::trends(&asked.servers).await?;
    let mut request = GetDurationsRequest {
        pipeline: asked.pipeline.clone().unwrap_or_default(),
        task: asked.task.clone().unwrap_or_default(),
        slowing: asked.slowing,
        with_samples: asked.json,
        page_size: page_size(asked.limit),
        ..GetDurationsRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < asked.limit {
        let page = service.get_durations(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.durations);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(asked.limit as usize);
    let as_json: fn(&DurationTrend) -> Value = duration_json;
    show(&found, asked.json.then_some(as_json), render::duration_table, "nothing of that kind has ended so far")
}

async fn schedules(asked: &TrendSchedules) -> Result<ExitCode, Error> {
    let mut service = client::trends(&asked.servers).await?;
    let mut request = ListSchedulesRequest {
        pipeline: asked.pipeline.clone().unwrap_or_default(),
        with_firings: asked.json,
        page_size: page_size(asked.limit),
        ..ListSchedulesRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < asked.limit {
        let page = service.list_schedules(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.schedules);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(asked.limit as usize);
    let as_json: fn(&ScheduleTrend) -> Value = schedule_json;
    show(&found, asked.json.then_some(as_json), render::lateness_table, "no schedule has fired so far")
}

async fn integrations(asked: &TrendIntegrations) -> Result<ExitCode, Error> {
    let mut service = client::trends(&asked.servers).await?;
    let mut request = ListIntegrationsRequest {
        integration: asked.integration.clone().unwrap_or_default(),
        state: asked.state.as_deref().unwrap_or_default().to_uppercase(),
        page_size: page_size(asked.limit),
        ..ListIntegrationsRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < asked.limit {
        let page = service.list_integrations(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.integrations);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(asked.limit as usize);
    let as_json: fn(&IntegrationHealth) -> Value = integration_json;
    let none = "no attempt of that kind has ended so far";
    show(&found, asked.json.then_some(as_json), render::integration_health_table, none)
}

fn baseline_json(of: &Option<Baseline>) -> Value {
    of.as_ref().map_or(
        Value::Null,
        |it| json!({"count": it.count, "median": it.median, "spread": it.spread, "p95": it.p95, "max": it.max}),
    )
}

fn duration_json(trend: &DurationTrend) -> Value {
    let sums = trend.sums.unwrap_or_default();
    let samples = trend.samples.iter().map(|it| {
        json!({
            "run_id": it.run_id, "ended_at": it.ended_at, "ran": it.ran, "waited": it.waited, "sequence": it.sequence,
        })
    });
    json!({
        "pipeline_id": trend.pipeline_id, "pipeline": trend.pipeline, "task": trend.task, "good": trend.good,
        "trend": trend.trend, "recent": baseline_json(&trend.recent), "older": baseline_json(&trend.older),
        "last_30_days": {
            "good": sums.good, "ran": sums.ran, "waited": sums.waited, "failed": sums.failed, "wasted": sums.wasted,
        },
        "last_run_id": trend.last_run_id, "last_ended_at": trend.last_ended_at,
        "samples": samples.collect::<Vec<_>>(),
    })
}

fn schedule_json(trend: &ScheduleTrend) -> Value {
    let passed = trend.passed.iter().map(|it| {
        json!({
            "reason": it.reason, "count": it.count, "last_instant": it.last_instant, "message": it.message,
        })
    });
    let firings = trend.firings.iter().map(|it| {
        json!({
            "instant": it.instant, "run_id": it.run_id, "created_at": it.created_at, "started_at": it.started_at,
            "ended_at": it.ended_at, "status": it.status, "data": it.data, "sequence": it.sequence,
        })
    });
    json!({
        "pipeline_id": trend.pipeline_id, "pipeline": trend.pipeline, "schedule": trend.schedule,
        "declared": trend.declared, "fired": trend.fired, "created_late": baseline_json(&trend.created_late),
        "started_late": baseline_json(&trend.started_late), "passed": passed.collect::<Vec<_>>(),
        "last_status": trend.last_status, "last_run_id": trend.last_run_id, "last_instant": trend.last_instant,
        "unchanged_in_a_row": trend.unchanged_in_a_row, "firings": firings.collect::<Vec<_>>(),
    })
}

fn integration_json(health: &IntegrationHealth) -> Value {
    let outcome = |of: &Option<IntegrationOutcome>| {
        of.as_ref().map_or(Value::Null, |it| {
            json!({
                "at": it.at, "run_id": it.run_id, "pipeline_id": it.pipeline_id, "task": it.task, "class": it.class,
                "message": it.message, "sequence": it.sequence,
            })
        })
    };
    let hours = health
        .hours
        .iter()
        .map(|it| json!({"since": it.since, "attempts": it.attempts, "failed": it.failed, "ran": it.ran}));
    json!({
        "integration": health.integration, "connection": health.connection, "state": health.state,
        "reason": health.reason, "attempts": health.attempts, "succeeded": health.succeeded, "failed": health.failed,
        "last_success": outcome(&health.last_success), "last_failure": outcome(&health.last_failure),
        "durations": baseline_json(&health.durations), "hours": hours.collect::<Vec<_>>(),
    })
}
