//! Alerts and anomalies of a plan.

use downbeat_domain::plan::{PlanAlert, PlanAnomaly, PlanDestination, PlanOperations};

use crate::{
    convert::{object, object_text},
    event::words,
    events::v1 as wire,
};

pub(super) fn encode(alert: &PlanAlert) -> wire::PlanAlert {
    wire::PlanAlert {
        name: alert.name.clone(),
        statuses: alert.statuses.iter().map(|status| words::run_status(*status) as i32).collect(),
        destinations: alert.destinations.iter().map(encode_destination).collect(),
        message: alert.message.clone(),
        max_live: alert.max_live.clone(),
    }
}

pub(super) fn decode(alert: wire::PlanAlert) -> Option<PlanAlert> {
    Some(PlanAlert {
        name: alert.name,
        statuses: alert.statuses.into_iter().map(words::run_status_of).collect::<Option<_>>()?,
        destinations: alert.destinations.into_iter().map(decode_destination).collect::<Option<_>>()?,
        message: alert.message,
        max_live: alert.max_live,
    })
}

pub(super) fn encode_anomaly(anomaly: &PlanAnomaly) -> wire::PlanAnomaly {
    wire::PlanAnomaly {
        kind: anomaly.kind.clone(),
        above: anomaly.above,
        percentage: anomaly.percentage,
        min_baseline_ms: anomaly.min_baseline_ms,
        destinations: anomaly.destinations.iter().map(encode_destination).collect(),
        operations: anomaly.operations.as_ref().map(|of| wire::PlanOperations {
            names: of.names.clone(),
            types: of.kinds.clone(),
            most: of.most,
        }),
    }
}

pub(super) fn decode_anomaly(anomaly: wire::PlanAnomaly) -> Option<PlanAnomaly> {
    Some(PlanAnomaly {
        kind: anomaly.kind,
        above: anomaly.above,
        percentage: anomaly.percentage,
        min_baseline_ms: anomaly.min_baseline_ms,
        destinations: anomaly.destinations.into_iter().map(decode_destination).collect::<Option<_>>()?,
        operations: anomaly.operations.map(|of| PlanOperations { names: of.names, kinds: of.types, most: of.most }),
    })
}

fn encode_destination(to: &PlanDestination) -> wire::PlanDestination {
    wire::PlanDestination {
        integration: to.integration.clone(),
        connection: to.connection.clone(),
        destination: to.destination.clone(),
        parameters: object_text(&to.parameters),
    }
}

fn decode_destination(to: wire::PlanDestination) -> Option<PlanDestination> {
    Some(PlanDestination {
        integration: to.integration,
        connection: to.connection,
        destination: to.destination,
        parameters: object(&to.parameters)?,
    })
}
