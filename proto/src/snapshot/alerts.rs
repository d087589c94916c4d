//! Alerts between state and message.

use std::collections::BTreeMap;

use downbeat_domain::{
    PipelineId, limits,
    state::{AlertCounts, Alerts, Lasted, Measured, OperationBaselines, OperationKey, Owed},
};

use crate::{
    convert::{id_bytes, instant, micros},
    event,
    snapshots::v1 as wire,
};

pub(super) fn encode<'a>(owed: impl IntoIterator<Item = &'a Owed>) -> Vec<wire::OwedAlert> {
    let message = |owed: &Owed| wire::OwedAlert {
        pipeline_id: id_bytes(&owed.pipeline.0),
        subject: Some(event::subject(&owed.subject)),
        alert: Some(event::alert(&owed.alert)),
        failures: owed.failures,
        due: micros(owed.due),
    };
    owed.into_iter().map(message).collect()
}

/// `None` = they cannot be read.
pub(super) fn decode(owed: Vec<wire::OwedAlert>, dead: Vec<wire::OwedAlert>) -> Option<Alerts> {
    let read = |message: wire::OwedAlert| {
        Some(Owed {
            pipeline: PipelineId::from_slice(&message.pipeline_id)?,
            subject: event::subject_of(message.subject?)?,
            alert: event::alert_of(message.alert?)?,
            failures: message.failures,
            due: instant(message.due)?,
        })
    };
    if dead.len() > limits::DEAD_ALERTS_MAX {
        return None;
    }
    let mut alerts = Alerts::default();
    for message in owed {
        let owed = read(message)?;
        alerts.owed.insert(owed.alert.id, owed);
    }
    alerts.dead = dead.into_iter().map(read).collect::<Option<_>>()?;
    Some(alerts)
}

pub(super) fn encode_counts(counts: &AlertCounts) -> (Vec<wire::LiveAlerts>, Vec<wire::Durations>) {
    let live = counts.live.iter().map(|((scope, name), count)| wire::LiveAlerts {
        scope: scope.clone(),
        name: name.clone(),
        count: *count,
    });
    let took = counts
        .took_ms
        .iter()
        .map(|(scope, took)| wire::Durations { scope: scope.clone(), took_ms: took.iter().copied().collect() });
    (live.collect(), took.collect())
}

pub(super) fn encode_operations(counts: &AlertCounts) -> Vec<wire::OperationDurations> {
    let of = |(scope, known): (&String, &OperationBaselines)| {
        let one = |(key, lasted): (&OperationKey, &Lasted)| wire::OperationDurations {
            scope: scope.clone(),
            r#type: key.kind.clone(),
            name: key.name.clone(),
            took_ms: lasted.took_ms.iter().copied().collect(),
            seen: lasted.seen,
        };
        known.0.iter().map(one).collect::<Vec<_>>()
    };
    counts.operations.iter().flat_map(of).collect()
}

/// `None` = there is more than a state can hold.
pub(super) fn decode_counts(
    live: Vec<wire::LiveAlerts>,
    took: Vec<wire::Durations>,
    operations: Vec<wire::OperationDurations>,
) -> Option<AlertCounts> {
    let mut counts = AlertCounts {
        live: live.into_iter().map(|it| ((it.scope, it.name), it.count)).collect(),
        took_ms: took.into_iter().map(|it| (it.scope, it.took_ms.into_iter().collect())).collect(),
        ..AlertCounts::default()
    };
    for it in operations {
        let known = counts.operations.entry(it.scope).or_default();
        let lasted = Lasted { took_ms: it.took_ms.into_iter().collect(), seen: it.seen };
        known.0.insert(OperationKey { kind: it.r#type, name: it.name }, lasted);
        if known.0.len() > limits::WATCHED_OPERATIONS_MAX {
            return None;
        }
    }
    Some(counts)
}

pub(super) fn encode_measured(measured: &BTreeMap<u32, Measured>) -> Vec<wire::MeasuredOperation> {
    let of = |(task, measured): (&u32, &Measured)| {
        let one = |(key, took): (&OperationKey, &u64)| wire::MeasuredOperation {
            task: *task,
            r#type: key.kind.clone(),
            name: key.name.clone(),
            took_ms: *took,
        };
        measured.0.iter().map(one).collect::<Vec<_>>()
    };
    measured.iter().flat_map(of).collect()
}

pub(super) fn decode_measured(operations: Vec<wire::MeasuredOperation>) -> BTreeMap<u32, Measured> {
    let mut measured: BTreeMap<u32, Measured> = BTreeMap::new();
    for it in operations {
        let key = OperationKey { kind: it.r#type, name: it.name };
        measured.entry(it.task).or_default().0.insert(key, it.took_ms);
    }
    measured
}
