//! `downbeat run skip`: a task that shall not run.

use std::process::ExitCode;

use downbeat_proto::control::v1::MarkTaskRequest;

use super::mark;
use crate::{cli::RunSkip, error::Error};

pub(super) async fn run(skip: &RunSkip) -> Result<ExitCode, Error> {
    let request = MarkTaskRequest {
        run_id: skip.run.clone(),
        task: skip.task.clone(),
        mark: "SKIPPED".to_owned(),
        outputs: String::new(),
        reason: skip.reason.clone(),
        idempotency_key: skip.key.key.clone().unwrap_or_default(),
        actor: skip.by.actor.clone().unwrap_or_default(),
    };
    mark::send(request, &skip.by, &skip.servers).await
}
