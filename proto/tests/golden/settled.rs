//! Second samples of kinds that have more to say since jobs may outlive their worker.

use downbeat_domain::{Event, FailureClass, WorkerId};
use serde_json::Map;

use crate::{
    added::text,
    samples::{ATTEMPT, at},
};

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let worker = WorkerId(*b"work-0123456789a");
    vec![
        (
            "ATTEMPT_LEASED.remote",
            Event::AttemptLeased { attempt: ATTEMPT, worker, parameters: None, remote: true, at: at(9) },
        ),
        (
            "ATTEMPT_STARTED.with-link",
            Event::AttemptStarted {
                attempt: ATTEMPT,
                at: at(10),
                handle: vec![1],
                external_id: text("job-17"),
                link: text("https://jobs.example/17"),
                deadline: None,
            },
        ),
        (
            "ATTEMPT_FAILED.unknown-outcome",
            Event::AttemptFailed {
                attempt: ATTEMPT,
                class: FailureClass::UnknownOutcome,
                message: text("no answer"),
                outputs: Map::new(),
                retry_at: None,
                as_warning: false,
                at: at(12),
            },
        ),
        (
            "ATTEMPT_STOPPED.unconfirmed",
            Event::AttemptStopped { attempt: ATTEMPT, unconfirmed: text("it answers 500"), at: at(15) },
        ),
    ]
}
