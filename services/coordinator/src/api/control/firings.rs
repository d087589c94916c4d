//! Instants of schedules, as schedulers ask for them: each is decided on its own; those of one call go side by side, so that one record
//! of the log holds many.

use downbeat_domain::{Caller, Command, FireSchedule, PipelineId, Rejection, RunId};
use downbeat_proto::{control::v1 as wire, convert, event::passed_of};
use futures::future;
use tonic::{Code, Status};

use super::{Control, request::at_most};
use crate::{
    api::{refusal, rejected},
    limits,
};

impl Control {
    pub(super) async fn fire(
        &self,
        request: wire::FireSchedulesRequest,
    ) -> Result<wire::FireSchedulesResponse, Status> {
        at_most("firings", request.firings.len(), limits::FIRINGS_PER_CALL_MAX)?;
        let decided = future::join_all(request.firings.into_iter().map(|firing| self.fire_one(firing))).await;
        let outcomes = decided.into_iter().map(|decided| {
            let outcome = match decided {
                Ok(decided) => wire::firing_outcome::Outcome::Decided(decided),
                // Nobody knows what came of the others: they are asked for again.
                Err(status) if status.code() == Code::Unavailable => return Err(status),
                Err(status) => wire::firing_outcome::Outcome::Refused(refusal(&status)),
            };
            Ok(wire::FiringOutcome { outcome: Some(outcome) })
        });
        Ok(wire::FireSchedulesResponse { outcomes: outcomes.collect::<Result<_, Status>>()? })
    }

    pub(super) async fn note_zones(
        &self,
        request: wire::NoteTimeZonesRequest,
    ) -> Result<wire::NoteTimeZonesResponse, Status> {
        let command = Command::NoteTimeZones { release: request.release };
        let outcome = self.command(command, Caller::named("scheduler"), None).await?;
        let (answer, _) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::NoteTimeZonesResponse { changed: answer.events > 0 })
    }

    async fn fire_one(&self, firing: wire::Firing) -> Result<wire::FiringDecided, Status> {
        let pipeline: PipelineId =
            firing.pipeline_id.parse().map_err(|error| Status::invalid_argument(format!("pipeline_id: {error}")))?;
        let instant = convert::instant(firing.instant)
            .ok_or_else(|| Status::invalid_argument("instant: not an instant in microseconds since the epoch"))?;
        let after = firing.after.map(|after| {
            convert::instant(after).ok_or_else(|| Status::invalid_argument("after: not an instant in microseconds"))
        });
        let passed = firing.passed.into_iter().map(passed_of).collect::<Option<Vec<_>>>();
        let run = RunId::of_schedule(pipeline, &firing.schedule, instant);
        let caller = Caller::named(format!("schedule:{}", firing.schedule));
        let fire = FireSchedule {
            pipeline,
            version: firing.pipeline_version,
            schedule: firing.schedule,
            instant,
            after: after.transpose()?,
            passed: passed.ok_or_else(|| Status::invalid_argument("passed: an instant or a reason is none"))?,
            fires: !firing.passes,
        };
        let (started, decided_before, up_to) = match self.command(Command::FireSchedule(fire), caller, None).await? {
            Ok((answer, _)) => (answer.run_status.is_some() && answer.events > 0, false, instant),
            Err(Rejection::AlreadyFired { watermark, .. }) => (false, true, watermark),
            Err(rejection) => return Err(rejected(&rejection)),
        };
        let decided_up_to = convert::micros(up_to);
        Ok(wire::FiringDecided { run_id: run.to_string(), started, decided_before, decided_up_to })
    }
}
