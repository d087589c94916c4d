//! When schedules fire next, and which should have fired: by the same computation as schedulers and previews use.

use std::collections::BTreeMap;

use downbeat_domain::{PipelineId, schedule::Timetable};
use downbeat_proto::{convert, event::decode_schedule, metadata::v1 as wire};
use downbeat_runtime::zones::{Zones, zones};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{evidence, instant, known, left_out, say};
use crate::{
    engine::{
        going_on::DecidedRow,
        keys::answers::{self as at, Kept},
    },
    limits,
    published::View,
    query::Refusal,
};

/// See the module.
pub(super) struct Firings {
    /// In their order.
    pub(super) next: Vec<wire::NextFiring>,
    /// The one that is longest overdue comes first.
    pub(super) overdue: Vec<wire::Statement>,
    /// Pipelines that were not looked at.
    pub(super) left_out: u32,
}

/// Zones that were looked up in this answer.
struct Known {
    zones: std::sync::Arc<Zones>,
    found: BTreeMap<String, Option<TimeZone>>,
}

impl Known {
    fn zone(&mut self, name: &str) -> Option<TimeZone> {
        let zones = &self.zones;
        self.found.entry(name.to_owned()).or_insert_with(|| zones.get(name)).clone()
    }
}

/// Firings of all schedules around this instant.
pub(super) fn firings(view: &View<'_>, now: i64) -> Result<Firings, Refusal> {
    let scheduled = known::set(view, Kept::Scheduled)?;
    let looked_at = scheduled.len().min(limits::SCHEDULED_LOOKED_AT_MAX);
    let mut zones = Known { zones: zones(), found: BTreeMap::new() };
    let (mut next, mut overdue) = (Vec::new(), Vec::new());
    let Some(moment) = convert::instant(now) else {
        return Err(Refusal::Invalid("now: no instant".to_owned()));
    };
    for entry in &scheduled[..looked_at] {
        let (Some(id), pipeline) = (PipelineId::from_slice(&entry.id), known::pipeline(view, &entry.id)?) else {
            continue;
        };
        if pipeline.paused || pipeline.deleted {
            continue;
        }
        let decided: DecidedRow = view.get(&at::decided(id))?.unwrap_or_default();
        for schedule in pipeline.schedules.iter().filter(|schedule| !schedule.paused) {
            let Some(plan) = decode_schedule(schedule.clone()) else { continue };
            let Some(zone) = zones.zone(&plan.timezone) else { continue };
            let Ok(table) = Timetable::new(&plan, zone) else { continue };
            let up_to = decided.up_to.get(&plan.name).copied().unwrap_or(pipeline.updated_at);
            if let Some((instant, due)) = missing(&table, (id, &plan.name), up_to, moment) {
                overdue.push((due, late(&pipeline, &plan.name, instant, up_to)));
            }
            if let Some(firing) = following(&table, &pipeline, &plan.name, moment) {
                next.push(firing);
            }
        }
    }
    next.sort_by(|a: &wire::NextFiring, b| {
        (a.at, &a.pipeline_alias, &a.schedule).cmp(&(b.at, &b.pipeline_alias, &b.schedule))
    });
    overdue.sort_by(|a: &(i64, wire::Statement), b| (a.0, &a.1.text).cmp(&(b.0, &b.1.text)));
    let overdue = overdue.into_iter().map(|(_, told)| told).collect();
    Ok(Firings { next, overdue, left_out: left_out(scheduled.len(), looked_at) })
}

/// The first instant after the last decided one, if it should be decided by now.
fn missing(table: &Timetable, of: (PipelineId, &str), up_to: i64, now: Timestamp) -> Option<(i64, i64)> {
    let instant = table.next_after(convert::instant(up_to)?)?;
    let due = table.due(of.0, of.1, instant);
    let late = now.duration_since(due) > SignedDuration::from_secs(downbeat_domain::limits::SCHEDULE_LATENESS_SECONDS);
    late.then(|| (instant.as_microsecond(), due.as_microsecond()))
}

fn late(pipeline: &wire::Pipeline, name: &str, at: i64, up_to: i64) -> wire::Statement {
    let text = format!(
        "schedule {name} of {} should have fired at {}, and nothing was decided about that; is the scheduler running?",
        pipeline.alias,
        instant(at)
    );
    say(
        "SCHEDULE_OVERDUE",
        text,
        vec![evidence("SCHEDULE", name, 0, up_to), evidence("PIPELINE", &pipeline.id, 0, pipeline.updated_at)],
    )
}

fn following(table: &Timetable, pipeline: &wire::Pipeline, name: &str, now: Timestamp) -> Option<wire::NextFiring> {
    let next = table.next_after(now)?;
    let soon = next.duration_since(now) <= SignedDuration::from_hours(limits::NOW_HOURS);
    soon.then(|| wire::NextFiring {
        pipeline_id: pipeline.id.clone(),
        pipeline_alias: pipeline.alias.clone(),
        schedule: name.to_owned(),
        at: next.as_microsecond(),
        because: Some(say(
            "FIRES_NEXT",
            format!("schedule {name} of version {}", pipeline.version),
            vec![evidence("PIPELINE", &pipeline.id, 0, pipeline.updated_at)],
        )),
    })
}
