//! Alerts.

use downbeat_domain::{
    AlertId, Event, PipelineId, RunId, WindowRef,
    event::{Alert, AlertSubject, AlertsRaised, Anomaly},
};

use super::{cost::budget_whose_of, fields::Fields};
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let alert = |bytes: &[u8]| AlertId::from_slice(bytes).ok_or(fields.missing("alert_id"));
    Ok(match kind {
        EventKind::AlertsRaised => Event::AlertsRaised(Box::new(raised(fields, fields.parse(payload)?)?)),
        EventKind::AlertDelivered => {
            let event: wire::AlertDelivered = fields.parse(payload)?;
            Event::AlertDelivered { alert: alert(&event.alert_id)?, at: fields.at(event.at)? }
        }
        EventKind::AlertFailed => {
            let event: wire::AlertFailed = fields.parse(payload)?;
            Event::AlertFailed {
                alert: alert(&event.alert_id)?,
                failures: event.failures,
                message: event.message,
                retry_at: event.retry_at.map(|at| fields.at(at)).transpose()?,
                at: fields.at(event.at)?,
            }
        }
        EventKind::AlertRetried => {
            let event: wire::AlertRetried = fields.parse(payload)?;
            Event::AlertRetried { alert: alert(&event.alert_id)?, failures: event.failures, at: fields.at(event.at)? }
        }
        _ => return Err(fields.missing("kind")),
    })
}

fn raised(fields: Fields, raised: wire::AlertsRaised) -> Result<AlertsRaised, DecodeError> {
    let alerts = raised.alerts.into_iter().map(alert_of).collect::<Option<Vec<Alert>>>();
    let anomalies = raised.anomalies.into_iter().map(|found| Anomaly {
        kind: found.kind,
        baseline_ms: found.baseline_ms,
        observed_ms: found.observed_ms,
        threshold_ms: found.threshold_ms,
        compared: found.compared,
        operation: found.operation,
    });
    Ok(AlertsRaised {
        pipeline: fields.pipeline(&raised.pipeline_id)?,
        subject: raised.subject.and_then(subject_of).ok_or(fields.missing("subject"))?,
        scope: raised.scope,
        status: words::run_status_of(raised.status).ok_or(fields.missing("status"))?,
        took_ms: raised.took_ms,
        alerts: alerts.ok_or(fields.missing("alerts"))?,
        held: raised.held,
        anomalies: anomalies.collect(),
        at: fields.at(raised.at)?,
    })
}

/// What an alert is about; `None` = it cannot be read.
pub(crate) fn subject_of(subject: wire::AlertSubject) -> Option<AlertSubject> {
    if let Some(window) = subject.window {
        let pipeline = PipelineId::from_slice(&window.pipeline_id)?;
        let instant = convert::instant(window.instant)?;
        return Some(AlertSubject::Window(WindowRef { pipeline, sensor: window.sensor, instant }));
    }
    if let Some(budget) = subject.budget {
        let (of, at) = (budget_whose_of(budget.of)?, convert::instant(budget.at)?);
        return Some(AlertSubject::Budget { of, percent: budget.percent, at });
    }
    let run = RunId::from_slice(&subject.run_id)?;
    Some(match subject.task_plus_one.checked_sub(1) {
        Some(task) => AlertSubject::Task(run, task),
        None => AlertSubject::Run(run),
    })
}

/// One thing to tell; `None` = it cannot be read.
pub(crate) fn alert_of(alert: wire::Alert) -> Option<Alert> {
    Some(Alert {
        id: AlertId::from_slice(&alert.alert_id)?,
        name: alert.name,
        integration: alert.integration,
        connection: alert.connection,
        content: convert::object(&alert.content)?,
    })
}
