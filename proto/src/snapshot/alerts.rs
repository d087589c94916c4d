//! Alerts between state and message.

use downbeat_domain::{
    PipelineId, limits,
    state::{AlertCounts, Alerts, Owed},
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

pub(super) fn decode_counts(live: Vec<wire::LiveAlerts>, took: Vec<wire::Durations>) -> AlertCounts {
    AlertCounts {
        live: live.into_iter().map(|it| ((it.scope, it.name), it.count)).collect(),
        took_ms: took.into_iter().map(|it| (it.scope, it.took_ms.into_iter().collect())).collect(),
    }
}
