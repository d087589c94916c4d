//! Asks the coordinator to take events: converts, calls, converts.

use downbeat_domain::IncomingEvent;
use downbeat_proto::{
    control::v1::{
        self as wire, EventOutcome, TakeEventsRequest, control_service_client::ControlServiceClient,
        event_outcome::Outcome,
    },
    convert,
};
use tonic::{Code, Request, Status, transport::Channel};

use super::engine::Answer;
use crate::limits;

/// The event as the coordinator takes it.
pub fn request_of(event: &IncomingEvent) -> wire::IncomingEvent {
    wire::IncomingEvent {
        address: event.address.clone(),
        id: event.id.clone(),
        source: event.source.clone(),
        r#type: event.kind.clone(),
        subject: event.subject.clone(),
        time: event.time.map(convert::micros),
        data: event.data.to_string(),
        depth: event.depth,
    }
}

/// What became of an event, and the runs that it started.
pub(super) type Taken = (Answer, Vec<String>);

/// Asks for several events in one call.
pub(super) async fn take(mut client: ControlServiceClient<Channel>, events: Vec<wire::IncomingEvent>) -> Vec<Taken> {
    let asked = events.len();
    let mut request = Request::new(TakeEventsRequest { events });
    request.set_timeout(limits::TAKE_TIMEOUT);
    // The deadline in the request is the coordinator's; this one also holds where nobody answers at all.
    match tokio::time::timeout(limits::TAKE_TIMEOUT, client.take_events(request)).await {
        Ok(Ok(answer)) => {
            let outcomes = answer.into_inner().outcomes.into_iter();
            outcomes.map(|outcome| (started_by(&outcome), outcome)).map(|(runs, of)| (answer_of(of), runs)).collect()
        }
        Ok(Err(status)) => vec![(answer_of_failure(&status), Vec::new()); asked],
        Err(_) => vec![(Answer::Away, Vec::new()); asked],
    }
}

fn started_by(outcome: &EventOutcome) -> Vec<String> {
    let Some(Outcome::Taken(taken)) = &outcome.outcome else { return Vec::new() };
    let started = taken.takers.iter().filter(|taker| taker.outcome == "STARTED");
    started.map(|taker| taker.run_id.clone()).collect()
}

fn answer_of(outcome: EventOutcome) -> Answer {
    match outcome.outcome {
        Some(Outcome::Taken(taken)) => {
            let started = taken.takers.iter().filter(|taker| taker.outcome == "STARTED").count() as u64;
            let refused = taken.takers.iter().filter(|taker| taker.outcome == "REFUSED");
            Answer::Taken {
                started,
                refused: refused.map(|taker| taker.reason.clone()).collect(),
                takers: taken.takers.len() as u64,
            }
        }
        Some(Outcome::Refused(refused)) if refused.status == Code::InvalidArgument as i32 => {
            Answer::Unfit(refused.message)
        }
        Some(Outcome::Refused(_)) | None => Answer::Away,
    }
}

/// The call as a whole failed: that says nothing about any of its events.
fn answer_of_failure(status: &Status) -> Answer {
    tracing::debug!(%status, "the coordinator did not take events");
    Answer::Away
}

#[cfg(test)]
mod tests {
    use downbeat_proto::control::v1::{EventTaker, EventTakers, Refusal};

    use super::*;

    #[test]
    fn only_what_is_certain_counts_as_an_answer() {
        let taker = |outcome: &str, reason: &str| EventTaker {
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            ..EventTaker::default()
        };
        let of = |outcome| answer_of(EventOutcome { outcome });
        let takers = vec![taker("STARTED", ""), taker("KNOWN", ""), taker("REFUSED", "no rows")];
        let taken = of(Some(Outcome::Taken(EventTakers { takers })));
        assert_eq!(taken, Answer::Taken { started: 1, refused: vec!["no rows".to_owned()], takers: 3 });
        let refused = |code: Code| {
            let (status, message) = (code as i32, "too deep".to_owned());
            of(Some(Outcome::Refused(Refusal { status, message, code: String::new() })))
        };
        assert_eq!(refused(Code::InvalidArgument), Answer::Unfit("too deep".to_owned()));
        for away in [refused(Code::Unavailable), refused(Code::Internal), of(None)] {
            assert_eq!(away, Answer::Away);
        }
        // A call that fails may have been about many events, of which most are fine.
        assert_eq!(answer_of_failure(&Status::invalid_argument("too many")), Answer::Away);
    }
}
