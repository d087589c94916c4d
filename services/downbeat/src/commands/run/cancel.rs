//! `downbeat run cancel`.

use std::process::ExitCode;

use downbeat_proto::control::v1::CancelRunRequest;

use super::find;
use crate::{cli::RunCancel, client, error::Error};

pub(super) async fn run(cancel: &RunCancel) -> Result<ExitCode, Error> {
    let run_id = find::run_id(&cancel.run, &cancel.servers).await?;
    let request = CancelRunRequest {
        run_id: run_id.clone(),
        reason: cancel.reason.clone(),
        idempotency_key: cancel.key.key.clone().unwrap_or_default(),
        actor: cancel.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&cancel.servers)
        .await?
        .cancel_run(client::asked(request, &cancel.by))
        .await
        .map_err(client::refused)?;
    println!("run {run_id}: {}", answer.into_inner().status);
    Ok(ExitCode::SUCCESS)
}
