//! `downbeat trigger publish`: the message is read as the scheduler reads it, and goes to the coordinator.

use std::{collections::BTreeMap, process::ExitCode};

use downbeat_proto::control::v1::{EventTaker, TakeEventsRequest, event_outcome::Outcome};
use downbeat_scheduler::triggers::{
    message::{ID_HEADER, Message, SOURCE_HEADER},
    request_of,
};

use crate::{
    cli::TriggerPublish,
    client,
    commands::body::bytes_of,
    error::Error,
    render::{clean, print, words},
};

pub(super) async fn run(publish: &TriggerPublish) -> Result<ExitCode, Error> {
    let payload = match &publish.file {
        Some(file) => bytes_of(file)?,
        None => publish.data.clone().into_bytes(),
    };
    let id = publish.id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let headers = BTreeMap::from([(ID_HEADER.to_owned(), id), (SOURCE_HEADER.to_owned(), publish.source.clone())]);
    let message = Message { address: publish.subject.clone(), headers, payload, ..Message::default() };
    let event = message.event().map_err(|reason| Error::Usage(format!("this is no event: {reason}")))?;
    let request = TakeEventsRequest { events: vec![request_of(&event)] };
    let answer = client::control(&publish.servers).await?.take_events(request).await;
    let mut outcomes = answer.map_err(client::refused)?.into_inner().outcomes;
    let takers = match outcomes.pop().and_then(|outcome| outcome.outcome) {
        Some(Outcome::Taken(taken)) => taken.takers,
        Some(Outcome::Refused(refused)) => return Err(Error::Refused(refused.message)),
        None => return Err(Error::Refused("the server's answer cannot be read: it is of a newer version".to_owned())),
    };
    if takers.is_empty() {
        eprintln!("no pipeline has a trigger that listens to {}", clean(&publish.subject));
    }
    print(&takers.iter().map(|taker| line(taker) + "\n").collect::<String>())?;
    let refused = takers.iter().any(|taker| taker.outcome == "REFUSED");
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn line(taker: &EventTaker) -> String {
    let came_of_it = match taker.outcome.as_str() {
        "STARTED" => format!("started run {}", taker.run_id),
        "KNOWN" => format!("has started run {} with this event before", taker.run_id),
        "WAITING" => "waits for its other events".to_owned(),
        "IGNORED" => "does not ask for this event, or has taken it before".to_owned(),
        _ => format!("refused: {}", words(&taker.reason)),
    };
    format!("{} {}: {came_of_it}", clean(&taker.pipeline), clean(&taker.trigger))
}
