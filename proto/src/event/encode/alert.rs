//! Alerts.

use downbeat_domain::{
    Event,
    event::{Alert, AlertSubject, AlertsRaised},
};

use super::{cost::budget_whose, sensor::window};
use crate::{
    convert::{id_bytes, micros, object_text},
    event::{event, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::AlertsRaised(raised) => event(EventKind::AlertsRaised, &self::raised(raised)),
        Event::AlertDelivered { alert, at } => {
            event(EventKind::AlertDelivered, &wire::AlertDelivered { alert_id: id_bytes(&alert.0), at: micros(*at) })
        }
        Event::AlertFailed { alert, failures, message, retry_at, at } => event(
            EventKind::AlertFailed,
            &wire::AlertFailed {
                alert_id: id_bytes(&alert.0),
                message: message.clone(),
                retry_at: retry_at.map(micros),
                failures: *failures,
                at: micros(*at),
            },
        ),
        Event::AlertRetried { alert, failures, at } => event(
            EventKind::AlertRetried,
            &wire::AlertRetried { alert_id: id_bytes(&alert.0), failures: *failures, at: micros(*at) },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

fn raised(raised: &AlertsRaised) -> wire::AlertsRaised {
    let anomalies = raised.anomalies.iter().map(|found| wire::Anomaly {
        kind: found.kind.clone(),
        baseline_ms: found.baseline_ms,
        observed_ms: found.observed_ms,
        threshold_ms: found.threshold_ms,
        compared: found.compared,
        operation: found.operation.clone(),
    });
    wire::AlertsRaised {
        pipeline_id: id_bytes(&raised.pipeline.0),
        subject: Some(subject(&raised.subject)),
        scope: raised.scope.clone(),
        status: words::run_status(raised.status) as i32,
        took_ms: raised.took_ms,
        alerts: raised.alerts.iter().map(alert).collect(),
        held: raised.held.clone(),
        anomalies: anomalies.collect(),
        at: micros(raised.at),
    }
}

/// What an alert is about.
pub(crate) fn subject(subject: &AlertSubject) -> wire::AlertSubject {
    match subject {
        AlertSubject::Run(run) => wire::AlertSubject { run_id: id_bytes(&run.0), ..wire::AlertSubject::default() },
        AlertSubject::Task(run, task) => wire::AlertSubject {
            run_id: id_bytes(&run.0),
            task_plus_one: task.saturating_add(1),
            ..wire::AlertSubject::default()
        },
        AlertSubject::Window(of) => wire::AlertSubject { window: Some(window(of)), ..wire::AlertSubject::default() },
        AlertSubject::Budget { of, percent, at } => {
            let budget = wire::BudgetPart { of: Some(budget_whose(of)), percent: *percent, at: micros(*at) };
            wire::AlertSubject { budget: Some(budget), ..wire::AlertSubject::default() }
        }
    }
}

/// One thing to tell.
pub(crate) fn alert(alert: &Alert) -> wire::Alert {
    wire::Alert {
        alert_id: id_bytes(&alert.id.0),
        name: alert.name.clone(),
        integration: alert.integration.clone(),
        connection: alert.connection.clone(),
        content: object_text(&alert.content),
    }
}
