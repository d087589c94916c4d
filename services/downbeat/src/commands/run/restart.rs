//! `downbeat run restart`: a run that has ended, again, wholly or in part.

use std::process::ExitCode;

use downbeat_proto::control::v1::{RestartRunRequest, RestartRunResponse};

use super::{find, values, watch};
use crate::{cli::RunRestart, client, error::Error};

pub(super) async fn run(restart: &RunRestart) -> Result<ExitCode, Error> {
    let (mode, task_ids) = match (restart.all, &restart.from[..], &restart.only[..]) {
        (true, ..) => ("RESTART_ALL", Vec::new()),
        (_, from @ [_, ..], _) => ("RESTART_FROM_TASKS", from.to_vec()),
        (_, _, only @ [_, ..]) => ("RESTART_FROM_SELECTED", only.to_vec()),
        _ => ("RESTART_FROM_FAILED", Vec::new()),
    };
    let request = RestartRunRequest {
        run_id: find::run_id(&restart.run, &restart.servers).await?,
        mode: mode.to_owned(),
        task_ids,
        inputs: values::texts(&restart.inputs, "--input")?,
        idempotency_key: restart.key.clone().unwrap_or_default(),
        actor: restart.by.actor.clone().unwrap_or_default(),
    };
    let mut control = client::control(&restart.servers).await?;
    let restarted =
        control.restart_run(client::asked(request, &restart.by)).await.map_err(client::refused)?.into_inner();
    let RestartRunResponse { run_id, existed, position } = restarted;
    if existed {
        eprintln!("run {run_id} was started before with this key");
    }
    watch::started(&run_id, position, restart.wait, &restart.servers).await
}
