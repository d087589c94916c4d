//! `downbeat run mark`: the outcome of a task, decided by hand.

use std::process::ExitCode;

use downbeat_proto::control::v1::MarkTaskRequest;

use super::{find, values};
use crate::{
    cli::{By, MarkAs, RunMark, Servers},
    client,
    error::Error,
};

pub(super) async fn run(mark: &RunMark) -> Result<ExitCode, Error> {
    let outcome = match mark.outcome {
        MarkAs::Succeeded => "SUCCEEDED",
        MarkAs::Warning => "WARNING",
        MarkAs::Failed => "FAILED",
    };
    let request = MarkTaskRequest {
        run_id: mark.run.clone(),
        task: mark.task.clone(),
        mark: outcome.to_owned(),
        outputs: values::jsons(&mark.outputs, "--output")?,
        reason: mark.reason.clone(),
        idempotency_key: mark.key.key.clone().unwrap_or_default(),
        actor: mark.by.actor.clone().unwrap_or_default(),
    };
    send(request, &mark.by, &mark.servers).await
}

/// Asks for the mark; run and task of the request are what was typed.
pub(super) async fn send(mut request: MarkTaskRequest, by: &By, servers: &Servers) -> Result<ExitCode, Error> {
    let (typed, mark) = (request.task.clone(), request.mark.clone());
    (request.run_id, request.task) = find::task(&request.run_id, &typed, servers).await?;
    let run_id = request.run_id.clone();
    let answer =
        client::control(servers).await?.mark_task(client::asked(request, by)).await.map_err(client::refused)?;
    match answer.into_inner().status.as_str() {
        "CANCELLING" => println!("task {typed} of run {run_id}: CANCELLING, then {mark}"),
        status => println!("task {typed} of run {run_id}: {status}"),
    }
    Ok(ExitCode::SUCCESS)
}
