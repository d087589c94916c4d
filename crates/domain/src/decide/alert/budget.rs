//! Alerts about budgets: a part of one was spent. Told to whom the pipeline that spent it tells of bad ends.
//!
//! A crossing is told once, and is open for nobody: it does not count as live, and `max_live_alerts` has nothing to say about it. There is
//! no run, so expressions in messages and destinations have no names; one that needs some is shown as it is written.

use downbeat_dialect::expression::Names;
use serde_json::{Value, json};

use super::{End, Outgoing, Told, render_text};
use crate::{
    cost::{BudgetCrossed, BudgetOf, Origin, amount_text},
    event::{AlertSubject, AlertsRaised, Event},
    limits,
    state::{Partition, PipelineState},
    status::RunStatus,
};

/// Scope of all of them.
const SCOPE: &str = "budget:";

/// Nothing has a name.
struct Nameless;

impl Names for Nameless {}

/// What is told of a crossing, and how many alerts may still be owed after `waiting` more. `None`: nobody asks for it.
pub(crate) fn of_budget(
    partition: &Partition,
    crossed: &BudgetCrossed,
    origin: &Origin,
    waiting: usize,
) -> Option<AlertsRaised> {
    let pipeline = match &crossed.of {
        BudgetOf::Pipeline(pipeline) => *pipeline,
        BudgetOf::Owner(_) => origin.pipeline?,
    };
    let state = partition.live_pipeline(pipeline).ok()?;
    let bad = [RunStatus::Failed, RunStatus::Warning];
    let asked = |statuses: &[RunStatus]| bad.iter().any(|bad| statuses.contains(bad));
    let alerts = &state.plan.plan.alerts;
    if !alerts.iter().any(|alert| asked(&alert.statuses)) {
        return None;
    }
    let status = if crossed.percent >= 100 { RunStatus::Failed } else { RunStatus::Warning };
    let (of, percent, at) = (crossed.of.clone(), crossed.percent, crossed.at);
    let Value::Object(detail) = detail(crossed, &state.name, pipeline, status, state) else { return None };
    let end = End {
        pipeline,
        subject: AlertSubject::Budget { of, percent, at },
        scope: SCOPE,
        event_type: "BUDGET_CROSSED",
        status,
        began: None,
        detail,
        alerts,
        anomalies: &[],
        measured: None,
    };
    let room = limits::OWED_ALERTS_MAX.saturating_sub(partition.alerts.owed.len()).saturating_sub(waiting);
    let mut outgoing = Outgoing { room, alerts: Vec::new(), held: Vec::new() };
    for alert in alerts.iter().filter(|alert| asked(&alert.statuses)) {
        if !outgoing.takes(alert.destinations.len()) {
            outgoing.held.push(alert.name.clone());
            continue;
        }
        let text = render_text(&alert.message, &Nameless);
        let what = Told { name: &alert.name, cause: &alert.name, event_type: end.event_type, text: &text, found: &[] };
        outgoing.tell(&end, &what, &alert.destinations, &Nameless);
    }
    Some(AlertsRaised {
        pipeline,
        subject: end.subject,
        scope: SCOPE.to_owned(),
        status,
        took_ms: None,
        alerts: outgoing.alerts,
        held: outgoing.held,
        anomalies: Vec::new(),
        at,
    })
}

/// The same as an event.
pub(crate) fn event(raised: AlertsRaised) -> Event {
    Event::AlertsRaised(Box::new(raised))
}

fn detail(
    crossed: &BudgetCrossed,
    name: &str,
    pipeline: crate::id::PipelineId,
    status: RunStatus,
    state: &PipelineState,
) -> Value {
    let whose = match &crossed.of {
        BudgetOf::Pipeline(_) if name.is_empty() => format!("pipeline {}", state.alias),
        BudgetOf::Pipeline(_) => format!("pipeline {name}"),
        BudgetOf::Owner(owner) => format!("owner {owner}"),
    };
    let (spent, amount) = (amount_text(crossed.spent), amount_text(crossed.micros.into()));
    let (percent, currency, until) = (crossed.percent, crossed.currency, crossed.to);
    let message = format!(
        "{percent} % of the budget of {whose} is spent: {spent} of {amount} {currency}; it lasts until {until}"
    );
    json!({
        "pipeline_id": pipeline.to_string(),
        "pipeline_name": name,
        "status": status.as_str(),
        "started_at": null,
        "completed_at": crossed.at.to_string(),
        "message": message,
        "budget": {
            "of": whose, "percent": percent, "spent": spent, "amount": amount, "currency": currency.as_str(),
            "from": crossed.from.to_string(), "to": until.to_string(),
        },
    })
}
