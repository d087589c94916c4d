//! When the schedules of a pipeline fire next.

use downbeat_domain::{
    PipelineId, limits,
    plan::PlanSchedule,
    schedule::{Timetable, preview},
};
use downbeat_proto::{control::v1 as wire, convert, event::encode_schedule};
use downbeat_runtime::zones::zones;
use jiff::Timestamp;
use tonic::Status;

use super::{Control, request::pipeline_of};
use crate::api::refused;

/// Firings of a request that does not say how many.
const FIRINGS: usize = 20;

impl Control {
    pub(super) async fn preview(
        &self,
        request: wire::PreviewScheduleRequest,
    ) -> Result<wire::PreviewScheduleResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        let count = match request.count as usize {
            0 => FIRINGS,
            count if count <= limits::PREVIEW_FIRINGS_MAX => count,
            _ => return Err(Status::invalid_argument(format!("count: 1 to {}", limits::PREVIEW_FIRINGS_MAX))),
        };
        let asked = self.handle.ask(move |engine, now| {
            let state = engine.partition().pipelines.get(&pipeline).filter(|state| !state.deleted)?;
            Some((state.plan.clone(), state.paused.is_some(), now.wall))
        });
        let found = asked.await.map_err(|error| refused(&error))?;
        let Some((plan, paused, now)) = found else {
            return Err(Status::not_found(format!("there is no pipeline `{}`; apply it first", request.pipeline)));
        };
        let after = match request.after {
            None => now,
            Some(after) => convert::instant(after)
                .ok_or_else(|| Status::invalid_argument("after: not an instant in microseconds since the epoch"))?,
        };
        let named = |schedule: &&PlanSchedule| request.schedule.is_empty() || schedule.name == request.schedule;
        let chosen = plan.plan.timed().filter(named);
        let schedules =
            chosen.map(|schedule| of(pipeline, schedule, paused, after, count)).collect::<Result<Vec<_>, Status>>()?;
        if schedules.is_empty() && !request.schedule.is_empty() {
            return Err(Status::not_found(format!("the pipeline has no schedule `{}`", request.schedule)));
        }
        let zones = zones();
        Ok(wire::PreviewScheduleResponse {
            schedules,
            time_zones: zones.version().to_owned(),
            time_zones_origin: zones.origin().to_owned(),
        })
    }
}

fn of(
    pipeline: PipelineId,
    schedule: &PlanSchedule,
    paused: bool,
    after: Timestamp,
    count: usize,
) -> Result<wire::SchedulePreview, Status> {
    let unusable = |reason: String| Status::failed_precondition(format!("schedule `{}`: {reason}", schedule.name));
    let zone = zones()
        .get(&schedule.timezone)
        .ok_or_else(|| unusable(format!("time zone `{}` is not known on this machine", schedule.timezone)))?;
    let table = Timetable::new(schedule, zone).map_err(unusable)?;
    let firings = preview::preview(&table, (pipeline, &schedule.name), after, count);
    Ok(wire::SchedulePreview {
        schedule: Some(encode_schedule(schedule)),
        paused: paused || schedule.paused,
        firings: firings.iter().map(firing).collect(),
    })
}

fn firing(firing: &preview::Firing) -> wire::PreviewedFiring {
    wire::PreviewedFiring {
        instant: convert::micros(firing.instant),
        local: firing.local.to_string(),
        offset_seconds: firing.offset_seconds,
        due: convert::micros(firing.due),
        effect: firing.effect.map(|effect| effect.as_str().to_owned()).unwrap_or_default(),
    }
}
