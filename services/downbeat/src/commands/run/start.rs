//! `downbeat run PIPELINE`: starts a run and, with `--wait`, watches it to its end.

use std::{path::Path, process::ExitCode};

use downbeat_proto::control::v1::{StartRunRequest, StartRunResponse};

use super::{apply, values, watch};
use crate::{cli::RunCommand, client, error::Error};

pub(super) async fn run(command: &RunCommand) -> Result<ExitCode, Error> {
    let given = command.pipeline.as_deref().unwrap_or_default();
    let pipeline = if Path::new(given).is_file() {
        if command.version.is_some() || command.branch.is_some() || command.commit.is_some() {
            return Err(Error::Refused(
                "--version, --branch, --commit: name the pipeline and not a file, which would be applied first"
                    .to_owned(),
            ));
        }
        let (alias, applied) = apply::apply_file(&apply::file(given.into(), command)).await?;
        eprintln!("pipeline `{alias}` version {}", applied.version);
        alias
    } else {
        given.to_owned()
    };
    let request = StartRunRequest {
        pipeline,
        inputs: values::texts(&command.inputs, "--input")?,
        environment_variables: values::texts(&command.env, "--env")?,
        idempotency_key: command.key.clone().unwrap_or_default(),
        environment: command.environment.clone().unwrap_or_default(),
        task_ids: command.tasks.clone(),
        continue_downstream: command.downstream,
        actor: command.by.actor.clone().unwrap_or_default(),
        version: command.version.unwrap_or(0),
        branch: command.branch.clone().unwrap_or_default(),
        commit: command.commit.clone().unwrap_or_default(),
    };
    let mut control = client::control(&command.servers).await?;
    let started = control.start_run(client::asked(request, &command.by)).await.map_err(client::refused)?.into_inner();
    let StartRunResponse { run_id, existed, position } = started;
    if existed {
        eprintln!("run {run_id} was started before with this key");
    }
    watch::started(&run_id, position, command.wait, &command.servers).await
}
