//! Backfills: asked for, looked at before, cancelled. Which instants a schedule names is worked out here, with the rules of its zone;
//! what becomes of them, the core decides.

use downbeat_domain::{
    BackfillId, Command, CreateBackfill, PipelineId, Rejection,
    backfill::{self, Earlier, earlier},
    id::with_version_4,
    plan::{Plan, PlanSchedule},
    schedule::Timetable,
};
use downbeat_proto::{control::v1 as wire, convert, event::encode_schedule};
use downbeat_runtime::zones::zones;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use tonic::Status;

use super::{
    Control,
    asker::Asker,
    request::{check_key, command_id, pipeline_of},
};
use crate::api::{refused, rejected};

/// Names of schedules that an error lists.
const NAMES_MAX: usize = 10;
/// Characters of an instant that an error repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// A request, understood.
struct Span {
    pipeline: PipelineId,
    schedule: PlanSchedule,
    zone: TimeZone,
    paused: bool,
    from: Timestamp,
    to: Timestamp,
    instants: Vec<Timestamp>,
}

impl Control {
    pub(super) async fn backfill(
        &self,
        request: wire::CreateBackfillRequest,
        asker: &Asker,
    ) -> Result<wire::CreateBackfillResponse, Status> {
        let asked = request.span.unwrap_or_default();
        let pipeline = pipeline_of(&asked.pipeline)?;
        check_key(&request.idempotency_key)?;
        let backfill = match request.idempotency_key.as_str() {
            "" => BackfillId(with_version_4(*uuid::Uuid::new_v4().as_bytes())),
            key => BackfillId::of_key(pipeline, key),
        };
        let user = asker.person()?;
        // The same again must be answered as before, also when the pipeline has no such schedule any more.
        let id = command_id(&["backfill", &pipeline.to_string()], &request.idempotency_key)?;
        let known = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            partition.backfills.knows(backfill) || id.is_some_and(|id| partition.commands.contains(id))
        });
        let create = match known.await.map_err(|error| refused(&error))? {
            true => CreateBackfill {
                backfill,
                pipeline,
                schedule: String::new(),
                from: Timestamp::UNIX_EPOCH,
                to: Timestamp::UNIX_EPOCH,
                instants: Vec::new(),
                max_active: 1,
                force: false,
                user,
            },
            false => {
                let Span { pipeline, schedule, from, to, instants, .. } = self.span(&asked).await?;
                let max_active = request.max_active.max(1);
                let (schedule, force) = (schedule.name, asked.force);
                CreateBackfill { backfill, pipeline, schedule, from, to, instants, max_active, force, user }
            }
        };
        let outcome = self.decide(asker, Command::CreateBackfill(Box::new(create)), id).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::CreateBackfillResponse {
            backfill_id: backfill.to_string(),
            existed: answer.events == 0,
            position: self.position(tail),
        })
    }

    pub(super) async fn would_backfill(
        &self,
        request: wire::PreviewBackfillRequest,
    ) -> Result<wire::PreviewBackfillResponse, Status> {
        let asked = request.span.unwrap_or_default();
        let Span { pipeline, schedule, zone, paused, from, to, instants } = self.span(&asked).await?;
        let name = schedule.name.clone();
        let looked_up = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            let of = |instant| (instant, earlier(partition, pipeline, &name, instant));
            instants.into_iter().map(of).collect::<Vec<_>>()
        });
        let instants = looked_up.await.map_err(|error| refused(&error))?;
        Ok(wire::PreviewBackfillResponse {
            schedule: Some(encode_schedule(&schedule)),
            paused,
            from: convert::micros(from),
            to: convert::micros(to),
            instants: instants.iter().map(|(at, earlier)| previewed(&zone, *at, earlier, asked.force)).collect(),
        })
    }

    pub(super) async fn end_backfill(
        &self,
        request: wire::CancelBackfillRequest,
        asker: &Asker,
    ) -> Result<wire::CancelBackfillResponse, Status> {
        let backfill: BackfillId =
            request.backfill_id.parse().map_err(|error| Status::invalid_argument(format!("backfill_id: {error}")))?;
        let key = command_id(&["cancel backfill", &request.backfill_id], &request.idempotency_key)?;
        asker.person()?;
        let outcome = self.decide(asker, Command::CancelBackfill { backfill, reason: request.reason }, key).await?;
        let (_, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::CancelBackfillResponse { position: self.position(tail) })
    }

    async fn span(&self, asked: &wire::BackfillSpan) -> Result<Span, Status> {
        let pipeline = pipeline_of(&asked.pipeline)?;
        let found = self.handle.ask(move |engine, now| {
            let state = engine.partition().pipelines.get(&pipeline).filter(|state| !state.deleted)?;
            Some((state.plan.clone(), state.paused.is_some(), now.wall))
        });
        let found = found.await.map_err(|error| refused(&error))?;
        let Some((plan, paused, now)) = found else {
            return Err(Status::not_found(format!("there is no pipeline `{}`; apply it first", asked.pipeline)));
        };
        let schedule = chosen(&plan.plan, &asked.schedule)?.clone();
        let unusable = |reason: String| Status::failed_precondition(format!("schedule `{}`: {reason}", schedule.name));
        let zone = zones()
            .get(&schedule.timezone)
            .ok_or_else(|| unusable(format!("time zone `{}` is not known on this machine", schedule.timezone)))?;
        let (from, to) = (moment("from", &asked.from, &zone)?, moment("to", &asked.to, &zone)?);
        if from >= to {
            return Err(Status::invalid_argument(format!("from: {from} is not before `to`, {to}")));
        }
        // What lies in the future is refused before anything is counted.
        if to > now {
            return Err(Status::invalid_argument(format!(
                "to: {to} lies in the future; a backfill is of what has passed, until {now} at most"
            )));
        }
        let table = Timetable::new(&schedule, zone.clone()).map_err(unusable)?;
        let instants = backfill::instants(&table, from, to);
        let instants = instants.map_err(|reason| rejected(&Rejection::InvalidBackfill(reason)))?;
        if instants.is_empty() {
            let reason = format!("schedule `{}` names no instant from {from} to {to}", schedule.name);
            return Err(rejected(&Rejection::InvalidBackfill(reason)));
        }
        Ok(Span { pipeline, schedule, zone, paused, from, to, instants })
    }
}

/// The schedule of this name; without a name the only one.
fn chosen<'a>(plan: &'a Plan, name: &str) -> Result<&'a PlanSchedule, Status> {
    let names = || {
        let names = plan.schedules.iter().take(NAMES_MAX).map(|schedule| format!("`{}`", schedule.name));
        let more = if plan.schedules.len() > NAMES_MAX { ", ..." } else { "" };
        names.collect::<Vec<_>>().join(", ") + more
    };
    match (plan.schedules.as_slice(), name) {
        ([], _) => Err(Status::failed_precondition("the pipeline has no schedule, and a backfill is of one")),
        ([only], "") => Ok(only),
        (_, "") => {
            Err(Status::invalid_argument(format!("schedule: the pipeline has several, name one of {}", names())))
        }
        (all, name) => all.iter().find(|schedule| schedule.name == name).ok_or_else(|| {
            let shown: String = name.chars().take(SHOWN_CHARS_MAX).collect();
            Status::not_found(format!("the pipeline has no schedule `{shown}`; it has {}", names()))
        }),
    }
}

/// A date is the beginning of that day in the zone.
fn moment(field: &str, written: &str, zone: &TimeZone) -> Result<Timestamp, Status> {
    let written = written.trim();
    let instant = match written.len() {
        10 => written.parse::<Date>().ok().and_then(|date| Some(date.to_zoned(zone.clone()).ok()?.timestamp())),
        _ => written.parse::<Timestamp>().ok(),
    };
    // To the precision of what is recorded.
    let instant = instant.and_then(|instant| Timestamp::from_microsecond(instant.as_microsecond()).ok());
    instant.ok_or_else(|| {
        let shown: String = written.chars().take(SHOWN_CHARS_MAX).collect();
        Status::invalid_argument(format!(
            "{field}: `{shown}` is neither a date such as 2026-03-01 nor an instant such as 2026-03-01T06:00:00Z"
        ))
    })
}

fn previewed(zone: &TimeZone, instant: Timestamp, earlier: &Earlier, force: bool) -> wire::PreviewedInstant {
    let (outcome, run) = match (earlier.done, earlier.live) {
        (Some(done), _) if !force => ("SKIPPED", Some(done)),
        (_, Some(live)) if !force => ("LIVE", Some(live)),
        _ => ("RUN", None),
    };
    wire::PreviewedInstant {
        instant: convert::micros(instant),
        offset_seconds: zone.to_offset(instant).seconds(),
        outcome: outcome.to_owned(),
        run_id: run.map(|run| run.to_string()).unwrap_or_default(),
    }
}
