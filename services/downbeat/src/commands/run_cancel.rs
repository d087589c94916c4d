//! `downbeat run cancel`.

use std::process::ExitCode;

use downbeat_proto::control::v1::CancelRunRequest;

use crate::{cli::RunCancel, client, commands::run_show, error::Error};

pub(super) async fn run(cancel: &RunCancel) -> Result<ExitCode, Error> {
    let run_id = run_show::fetch(&cancel.run, &cancel.servers).await?.0.id;
    let request = CancelRunRequest { run_id: run_id.clone(), reason: cancel.reason.clone() };
    let answer = client::control(&cancel.servers).await?.cancel_run(request).await.map_err(client::refused)?;
    println!("run {run_id}: {}", answer.into_inner().status);
    Ok(ExitCode::SUCCESS)
}
