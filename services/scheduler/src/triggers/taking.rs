//! Asks the coordinator to take an event: converts, calls, converts.

use downbeat_domain::IncomingEvent;
use downbeat_proto::{
    control::v1::{TakeEventRequest, TakeEventResponse, control_service_client::ControlServiceClient},
    convert,
};
use tonic::{Code, Request, Status, transport::Channel};

use super::engine::Answer;
use crate::limits;

/// The event as the coordinator takes it.
pub fn request_of(event: &IncomingEvent) -> TakeEventRequest {
    TakeEventRequest {
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

pub(super) async fn take(client: &mut ControlServiceClient<Channel>, event: &IncomingEvent) -> Answer {
    let mut request = Request::new(request_of(event));
    request.set_timeout(limits::TAKE_TIMEOUT);
    // The deadline in the request is the coordinator's; this one also holds where nobody answers at all.
    match tokio::time::timeout(limits::TAKE_TIMEOUT, client.take_event(request)).await {
        Ok(answer) => answer_of(answer.map(tonic::Response::into_inner)),
        Err(_) => Answer::Away,
    }
}

fn answer_of(answer: Result<TakeEventResponse, Status>) -> Answer {
    match answer {
        Ok(answer) => {
            let started = answer.takers.iter().filter(|taker| taker.outcome == "STARTED").count() as u64;
            let refused = answer.takers.iter().filter(|taker| taker.outcome == "REFUSED");
            Answer::Taken {
                started,
                refused: refused.map(|taker| taker.reason.clone()).collect(),
                takers: answer.takers.len() as u64,
            }
        }
        Err(status) if status.code() == Code::InvalidArgument => Answer::Unfit(status.message().to_owned()),
        Err(status) => {
            tracing::debug!(%status, "the coordinator did not take an event");
            Answer::Away
        }
    }
}

#[cfg(test)]
mod tests {
    use downbeat_proto::control::v1::EventTaker;

    use super::*;

    #[test]
    fn only_what_is_certain_counts_as_an_answer() {
        let taker = |outcome: &str, reason: &str| EventTaker {
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            ..EventTaker::default()
        };
        let takers = vec![taker("STARTED", ""), taker("KNOWN", ""), taker("REFUSED", "no rows")];
        let taken = answer_of(Ok(TakeEventResponse { takers, position: None }));
        assert_eq!(taken, Answer::Taken { started: 1, refused: vec!["no rows".to_owned()], takers: 3 });
        assert_eq!(answer_of(Err(Status::invalid_argument("too deep"))), Answer::Unfit("too deep".to_owned()));
        for away in
            [Status::unavailable(""), Status::cancelled(""), Status::deadline_exceeded(""), Status::internal("")]
        {
            assert_eq!(answer_of(Err(away)), Answer::Away);
        }
    }
}
