//! `downbeat pipeline delete`: asks first where somebody can answer.

use std::{
    io::{IsTerminal, stderr, stdin},
    process::ExitCode,
};

use downbeat_proto::control::v1::DeletePipelineRequest;

use crate::{cli::PipelineDelete, client, error::Error};

pub(super) async fn run(delete: &PipelineDelete) -> Result<ExitCode, Error> {
    if !delete.yes && !confirmed(&delete.pipeline)? {
        eprintln!("nothing was deleted");
        return Ok(ExitCode::FAILURE);
    }
    let request = DeletePipelineRequest {
        pipeline: delete.pipeline.clone(),
        idempotency_key: delete.key.key.clone().unwrap_or_default(),
        actor: delete.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&delete.servers)
        .await?
        .delete_pipeline(client::asked(request, &delete.by))
        .await
        .map_err(client::refused)?;
    let what = if answer.into_inner().changed { "deleted" } else { "deleted already" };
    println!("{what}: pipeline `{}`", delete.pipeline);
    Ok(ExitCode::SUCCESS)
}

fn confirmed(pipeline: &str) -> Result<bool, Error> {
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return Err(Error::Usage(format!(
            "deleting `{pipeline}` cancels its live runs: say --yes, as nobody can be asked here"
        )));
    }
    eprint!("Delete pipeline `{pipeline}` and cancel its live runs? Its history stays. [y/N] ");
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(|source| Error::Io { what: "cannot read the answer".to_owned(), source })?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
