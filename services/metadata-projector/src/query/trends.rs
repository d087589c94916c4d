//! How long things take, how late schedules are, how well integrations answer: rows as they are shown.

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;
use prost::Message as _;

use super::{
    Refusal, lineage,
    page::{self, Page, Paged},
    runs,
};
use crate::{
    engine::{
        costs::day_of,
        durations::DurationRow,
        integrations::{self, HOUR, IntegrationRow},
        keys::{self, trends},
        rows,
        schedules::ScheduleRow,
        statistics::{Trend, baseline, span},
    },
    limits,
    published::View,
};

/// Durations, by pipeline; a pipeline itself before its tasks.
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid`, `Store`.
pub fn durations(
    view: &View<'_>,
    asked: &wire::GetDurationsRequest,
    now: i64,
) -> Result<Paged<wire::DurationTrend>, Refusal> {
    let prefix = match (asked.pipeline.as_str(), asked.task.as_str()) {
        ("", "") => trends::DURATIONS.to_vec(),
        ("", _) => return Err(Refusal::Invalid("task: name its pipeline too".to_owned())),
        (named, "") => trends::durations_of(runs::find_pipeline(view, named)?),
        (_, task) if task.len() > limits::ASSET_NAME_BYTES_MAX => {
            return Err(Refusal::Invalid(format!("task: more than {} bytes", limits::ASSET_NAME_BYTES_MAX)));
        }
        (named, task) => trends::durations(runs::find_pipeline(view, named)?, task),
    };
    let page = Page { size: asked.page_size, token: &asked.page_token };
    page::read(view.store, &prefix, page, |key, bytes| {
        // The key of another task may begin with that of this one.
        if !asked.task.is_empty() && key != prefix {
            return Ok(None);
        }
        let Some((id, task)) = of_pipeline(key, trends::DURATIONS) else { return Ok(None) };
        let row: DurationRow = rows::read(key, bytes)?;
        let Trend { recent, older, word } = Trend::of(&row.ran);
        if asked.slowing && word != "SLOWING" {
            return Ok(None);
        }
        let last_run = downbeat_domain::RunId::from_slice(&row.last_run).map(|run| run.to_string());
        let shown = wire::DurationTrend {
            pipeline_id: id.to_string(),
            pipeline: lineage::alias_of(view, id)?,
            task: task.to_owned(),
            good: row.good,
            recent,
            older,
            trend: word.to_owned(),
            sums: Some(row.sums(day_of(now), limits::PERIOD_DAYS)),
            last_run_id: last_run.unwrap_or_default(),
            last_ended_at: row.last_at,
            samples: if asked.with_samples { row.samples().collect() } else { Vec::new() },
        };
        let length = shown.encoded_len();
        Ok(Some((shown, length)))
    })
}

/// A pipeline and a name in a key behind its prefix.
fn of_pipeline<'a>(key: &'a [u8], prefix: &[u8]) -> Option<(PipelineId, &'a str)> {
    keys::savings::read_of_pipeline(key.strip_prefix(prefix)?)
}

/// Schedules, by pipeline and name.
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid`, `Store`.
pub fn schedules(view: &View<'_>, asked: &wire::ListSchedulesRequest) -> Result<Paged<wire::ScheduleTrend>, Refusal> {
    let prefix = match asked.pipeline.as_str() {
        "" => trends::SCHEDULES.to_vec(),
        named => trends::schedules_of(runs::find_pipeline(view, named)?),
    };
    let page = Page { size: asked.page_size, token: &asked.page_token };
    page::read(view.store, &prefix, page, |key, bytes| {
        let Some((id, name)) = of_pipeline(key, trends::SCHEDULES) else { return Ok(None) };
        let row: ScheduleRow = rows::read(key, bytes)?;
        let shown = schedule(view, (id, name), row, asked.with_firings)?;
        let length = shown.encoded_len();
        Ok(Some((shown, length)))
    })
}

fn schedule(
    view: &View<'_>,
    (id, name): (PipelineId, &str),
    mut row: ScheduleRow,
    with_firings: bool,
) -> Result<wire::ScheduleTrend, Refusal> {
    let pipeline: wire::Pipeline = view.get(&keys::pipeline(id))?.unwrap_or_default();
    // What is live is told as it is now.
    for firing in row.firings.iter_mut().filter(|firing| firing.data.is_empty()) {
        let Ok(run) = firing.run_id.parse() else { continue };
        if let Some(run) = view.get::<wire::Run>(&keys::run(run))? {
            firing.status = run.status;
            firing.started_at = run.started_at;
        }
    }
    let created: Vec<u64> = row.firings.iter().map(|firing| span(firing.instant, firing.created_at)).collect();
    let began = row.firings.iter().filter(|firing| firing.started_at != 0);
    let started: Vec<u64> = began.map(|firing| span(firing.instant, firing.started_at)).collect();
    let last = row.firings.last().cloned().unwrap_or_default();
    Ok(wire::ScheduleTrend {
        pipeline_id: id.to_string(),
        pipeline: pipeline.alias,
        schedule: name.to_owned(),
        declared: !pipeline.deleted && pipeline.schedules.iter().any(|declared| declared.name == name),
        fired: row.fired,
        created_late: baseline(&created),
        started_late: baseline(&started),
        unchanged_in_a_row: u32::try_from(row.unchanged_in_a_row()).unwrap_or(u32::MAX),
        passed: row.passed.into_values().collect(),
        last_status: last.status,
        last_run_id: last.run_id,
        last_instant: last.instant,
        firings: if with_firings { row.firings } else { Vec::new() },
    })
}

/// Integrations, by name and connection.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn integrations(
    view: &View<'_>,
    asked: &wire::ListIntegrationsRequest,
    now: i64,
) -> Result<Paged<wire::IntegrationHealth>, Refusal> {
    if !["", "HEALTHY", "DEGRADED", "FAILING", "UNKNOWN"].contains(&asked.state.as_str()) {
        return Err(Refusal::Invalid("state: HEALTHY, DEGRADED, FAILING or UNKNOWN".to_owned()));
    }
    let prefix = match asked.integration.as_str() {
        "" => trends::INTEGRATIONS.to_vec(),
        named if named.len() > limits::ASSET_NAME_BYTES_MAX => {
            return Err(Refusal::Invalid(format!("integration: more than {} bytes", limits::ASSET_NAME_BYTES_MAX)));
        }
        named => trends::connections_of(named),
    };
    let page = Page { size: asked.page_size, token: &asked.page_token };
    page::read(view.store, &prefix, page, |key, bytes| {
        let IntegrationRow { mut shown, hours, outcomes, ran } = rows::read(key, bytes)?;
        let (state, reason) = integrations::state(&outcomes, now);
        if !asked.state.is_empty() && asked.state != state {
            return Ok(None);
        }
        (shown.state, shown.reason, shown.durations) = (state.to_owned(), reason, baseline(&ran));
        shown.hours = hours
            .into_iter()
            .map(|hour| wire::IntegrationHour {
                since: i64::from(hour.hour).saturating_mul(HOUR),
                attempts: hour.attempts,
                failed: hour.failed,
                ran: hour.ran,
            })
            .collect();
        let length = shown.encoded_len();
        Ok(Some((shown, length)))
    })
}
