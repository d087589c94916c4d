//! `downbeat run approve` and `downbeat run reject`: what a person says to an approval.

use std::process::ExitCode;

use downbeat_proto::control::v1::DecideApprovalRequest;
use tonic::Code;

use super::find;
use crate::{cli::RunDecide, client, error::Error};

pub(super) async fn run(decide: &RunDecide, approved: bool) -> Result<ExitCode, Error> {
    let (run_id, task) = find::task(&decide.run, &decide.task, &decide.servers).await?;
    let request = DecideApprovalRequest {
        run_id: run_id.clone(),
        task,
        approved,
        comment: decide.comment.clone(),
        idempotency_key: decide.key.key.clone().unwrap_or_default(),
        actor: decide.actor.clone().unwrap_or_default(),
    };
    let mut control = client::control(&decide.servers).await?;
    let answer = control.decide_approval(request).await.map_err(|status| match (status.code(), &decide.actor) {
        (Code::PermissionDenied, None) => {
            Error::Refused(format!("{}; say which of them you are with --as EMAIL", status.message()))
        }
        _ => client::refused(status),
    })?;
    let said = if approved { "approved" } else { "rejected" };
    println!("{said}: task {} of run {run_id}: {}", decide.task, answer.into_inner().status);
    Ok(ExitCode::SUCCESS)
}
