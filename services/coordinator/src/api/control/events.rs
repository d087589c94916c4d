//! Events from outside: each trigger that listens to the subject of one is given it, in a decision of its own. Those of one call go side
//! by side, so that one record of the log holds many.

use std::sync::Arc;

use downbeat_domain::{Caller, Command, IncomingEvent, PipelineId, RunId, TakeEvent, limits as domain_limits};
use downbeat_event_log::Tail;
use downbeat_proto::{control::v1 as wire, convert};
use futures::{StreamExt, future, stream};
use serde_json::Value;
use tonic::Status;

use super::{Control, request::at_most};
use crate::{
    api::{refusal, refused},
    limits,
};

/// A trigger that is given the event.
struct Taker {
    pipeline: PipelineId,
    alias: String,
    trigger: String,
}

impl Control {
    pub(super) async fn take(&self, request: wire::TakeEventsRequest) -> Result<wire::TakeEventsResponse, Status> {
        at_most("events", request.events.len(), limits::EVENTS_PER_CALL_MAX)?;
        let bytes: usize = request.events.iter().map(|event| event.data.len()).sum();
        at_most("data of all events, bytes", bytes, limits::EVENT_BYTES_PER_CALL_MAX)?;
        let events: Vec<Result<Arc<IncomingEvent>, Status>> =
            request.events.into_iter().map(|given| event(given).map(Arc::new)).collect();
        let listened = self.listeners(&events).await?;
        let taken = events.into_iter().zip(listened).map(async |(event, takers)| match event {
            Ok(event) => self.give_all(takers, &event).await,
            Err(status) => Ok((wire::event_outcome::Outcome::Refused(refusal(&status)), None)),
        });
        let (mut outcomes, mut position) = (Vec::new(), None::<Tail>);
        for taken in future::join_all(taken).await {
            let (outcome, tail) = taken?;
            outcomes.push(wire::EventOutcome { outcome: Some(outcome) });
            position = [position, tail].into_iter().flatten().max_by_key(|tail| tail.sequence);
        }
        if outcomes.iter().any(is_unrecorded) {
            self.handle.confirm().await.map_err(|error| refused(&error))?;
        }
        Ok(wire::TakeEventsResponse { outcomes, position: position.and_then(|tail| self.position(tail)) })
    }

    /// Who listens to which event, asked of the state in one go.
    async fn listeners(&self, events: &[Result<Arc<IncomingEvent>, Status>]) -> Result<Vec<Vec<Taker>>, Status> {
        let addresses: Vec<Option<String>> =
            events.iter().map(|event| event.as_ref().ok().map(|event| event.address.clone())).collect();
        let asked = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            let taker = |(pipeline, trigger): (PipelineId, String)| {
                let alias = partition.pipelines.get(&pipeline).map(|state| state.alias.clone()).unwrap_or_default();
                Taker { pipeline, alias, trigger }
            };
            let listening = |address: &Option<String>| {
                address.iter().flat_map(|address| partition.listening(address)).map(taker).collect()
            };
            addresses.iter().map(listening).collect()
        });
        asked.await.map_err(|error| refused(&error))
    }

    async fn give_all(
        &self,
        takers: Vec<Taker>,
        event: &Arc<IncomingEvent>,
    ) -> Result<(wire::event_outcome::Outcome, Option<Tail>), Status> {
        let mut given =
            stream::iter(takers).map(|taker| self.give(taker, Arc::clone(event))).buffered(limits::TAKERS_AT_ONCE_MAX);
        let (mut outcomes, mut position) = (Vec::new(), None::<Tail>);
        // Whoever asks again after an error finds what was decided by then, and is answered from state.
        while let Some(outcome) = given.next().await {
            let (taken, tail) = outcome?;
            outcomes.push(taken);
            position = [position, tail].into_iter().flatten().max_by_key(|tail| tail.sequence);
        }
        let takers = wire::EventTakers { takers: outcomes };
        Ok((wire::event_outcome::Outcome::Taken(takers), position))
    }

    async fn give(&self, taker: Taker, event: Arc<IncomingEvent>) -> Result<(wire::EventTaker, Option<Tail>), Status> {
        let Taker { pipeline, alias, trigger } = taker;
        let alone = RunId::of_events(pipeline, &trigger, &[event.key()]);
        let caller = Caller::named(format!("event:{trigger}"));
        let take = Command::TakeEvent(TakeEvent { pipeline, trigger: trigger.clone(), event });
        let outcome = self.command(take, caller, None).await?;
        let mut taken = wire::EventTaker {
            pipeline_id: pipeline.to_string(),
            pipeline: alias,
            trigger,
            ..wire::EventTaker::default()
        };
        let (word, tail) = match outcome {
            Ok((answer, tail)) => {
                let word = match (answer.events, answer.created) {
                    (_, Some(run)) => {
                        taken.run_id = run.to_string();
                        "STARTED"
                    }
                    _ if answer.leaves_no_trace() => "IGNORED",
                    (0, None) => {
                        taken.run_id = alone.to_string();
                        "KNOWN"
                    }
                    (_, None) => "WAITING",
                };
                (word, Some(tail))
            }
            Err(rejection) => {
                taken.reason = rejection.to_string();
                ("REFUSED", None)
            }
        };
        taken.outcome = word.to_owned();
        Ok((taken, tail))
    }
}

/// Somebody took no notice of it, or nobody was there to: whoever offered it forgets it.
fn is_unrecorded(outcome: &wire::EventOutcome) -> bool {
    match &outcome.outcome {
        Some(wire::event_outcome::Outcome::Taken(taken)) => {
            taken.takers.is_empty() || taken.takers.iter().any(|taker| taker.outcome == "IGNORED")
        }
        Some(wire::event_outcome::Outcome::Refused(_)) | None => false,
    }
}

fn event(request: wire::IncomingEvent) -> Result<IncomingEvent, Status> {
    let bytes = request.data.len();
    if bytes > domain_limits::EVENT_BYTES_MAX {
        let most = domain_limits::EVENT_BYTES_MAX;
        return Err(Status::invalid_argument(format!("data: {bytes} bytes; at most {most} are allowed")));
    }
    let data: Value = match request.data.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).map_err(|error| Status::invalid_argument(format!("data: {error}")))?,
    };
    let time = match request.time {
        None => None,
        Some(micros) => Some(
            convert::instant(micros)
                .ok_or_else(|| Status::invalid_argument("time: not an instant in microseconds since the epoch"))?,
        ),
    };
    let event = IncomingEvent {
        address: request.address,
        id: request.id,
        source: request.source,
        kind: request.r#type,
        subject: request.subject,
        time,
        data,
        depth: request.depth,
    };
    match event.fault() {
        Some(fault) => Err(Status::invalid_argument(format!("the event cannot be taken: {fault}"))),
        None => Ok(event),
    }
}
