//! Alerts: one row each, from the end that raised it to its delivery, and whether it was delivered.
//!
//! Events carry how often an alert had failed, so that folding one again changes nothing.

use downbeat_domain::{
    AlertId, Event, TaskRunId,
    event::{Alert, AlertSubject, AlertsRaised},
};
use downbeat_proto::{
    convert::{micros, object_text},
    metadata::v1 as wire,
};

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// It will be tried.
pub const PENDING: &str = "PENDING";
/// The destination took it.
pub const DELIVERED: &str = "DELIVERED";
/// It was given up.
pub const DEAD: &str = "DEAD";

/// The projection.
pub(super) struct Alerts;

impl Projection for Alerts {
    const NAME: &'static str = "alerts";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines"];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::AlertsRaised(raised) => raised.alerts.iter().try_for_each(|alert| begin(raised, alert, batch)),
            Event::AlertDelivered { alert, at } => change(*alert, batch, |row| {
                let news = row.state != DELIVERED;
                if news {
                    (row.state, row.delivered_at, row.retry_at) = (DELIVERED.to_owned(), micros(*at), 0);
                }
                news
            }),
            Event::AlertFailed { alert, failures, message, retry_at, .. } => change(*alert, batch, |row| {
                let news = row.state == PENDING && *failures > row.failures;
                if news {
                    row.failures = *failures;
                    row.message.clone_from(message);
                    row.retry_at = retry_at.map_or(0, micros);
                    row.state = if retry_at.is_some() { PENDING } else { DEAD }.to_owned();
                }
                news
            }),
            Event::AlertRetried { alert, failures, .. } => change(*alert, batch, |row| {
                let news = row.state == DEAD && *failures == row.failures;
                if news {
                    PENDING.clone_into(&mut row.state);
                }
                news
            }),
            _ => Ok(()),
        }
    }
}

fn begin(raised: &AlertsRaised, alert: &Alert, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::alert(alert.id);
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let pipeline: wire::Pipeline = batch.get(&keys::pipeline(raised.pipeline))?.unwrap_or_default();
    let text = |name: &str| alert.content.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let mut row = wire::Alert {
        alert_id: alert.id.to_string(),
        pipeline_id: raised.pipeline.to_string(),
        pipeline_alias: pipeline.alias,
        status: raised.status.as_str().to_owned(),
        name: alert.name.clone(),
        integration: alert.integration.clone(),
        connection: alert.connection.clone(),
        destination: text("destination"),
        event_type: text("event_type"),
        content: object_text(&alert.content),
        state: PENDING.to_owned(),
        raised_at: micros(raised.at),
        ..wire::Alert::default()
    };
    match &raised.subject {
        AlertSubject::Run(run) => row.run_id = run.to_string(),
        AlertSubject::Task(run, task) => {
            row.run_id = run.to_string();
            row.task_run_id = TaskRunId::derive(*run, *task).to_string();
            row.task_id.clone_from(&raised.scope);
        }
        AlertSubject::Window(window) => row.sensor_id.clone_from(&window.sensor),
        // Of the pipeline that spent it; what was crossed stands in what is told.
        AlertSubject::Budget { .. } => {}
    }
    batch.put_bytes(keys::alert_by_age(row.raised_at, alert.id), Vec::new());
    batch.put(key, &row);
    Ok(())
}

/// `change` says whether it changed anything.
fn change(alert: AlertId, batch: &mut Batch<'_>, change: impl FnOnce(&mut wire::Alert) -> bool) -> Result<(), Error> {
    let key = keys::alert(alert);
    let Some(mut row) = batch.get::<wire::Alert>(&key)? else { return Ok(()) };
    if change(&mut row) {
        batch.put(key, &row);
    }
    Ok(())
}
