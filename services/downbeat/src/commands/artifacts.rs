//! `downbeat artifacts`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use downbeat_proto::metadata::v1::{ListTaskArtifactsRequest, ReadTaskArtifactRequest, ReadTaskArtifactResponse};
use tonic::Streaming;

use crate::{cli::Artifacts, client, commands::find, error::Error, render};

pub(super) async fn run(artifacts: &Artifacts) -> Result<ExitCode, Error> {
    let (run_id, task) = find::task(&artifacts.run, &artifacts.task, &artifacts.servers).await?;
    let attempt = artifacts.attempt.unwrap_or(0);
    let mut metadata = client::metadata(&artifacts.servers).await?;
    let Some(name) = &artifacts.download else {
        let request = ListTaskArtifactsRequest { run_id, task, attempt };
        let found = metadata.list_task_artifacts(request).await.map_err(client::refused)?.into_inner();
        if found.artifacts.is_empty() {
            eprintln!("the task left no files (docs/artifacts.md)");
        } else {
            render::print(&render::artifacts(&found.artifacts))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let request = ReadTaskArtifactRequest { run_id, task, attempt, name: name.clone(), ..Default::default() };
    let parts = metadata.read_task_artifact(request).await.map_err(client::refused)?.into_inner();
    match &artifacts.output {
        Some(path) => into_file(path, parts).await?,
        None => to(&mut io::stdout().lock(), parts).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn into_file(path: &Path, parts: Streaming<ReadTaskArtifactResponse>) -> Result<(), Error> {
    let failed = |source| Error::Io { what: format!("cannot write {}", path.display()), source };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    to(&mut file, parts).await?;
    file.sync_all().map_err(failed)
}

async fn to(out: &mut impl Write, mut parts: Streaming<ReadTaskArtifactResponse>) -> Result<(), Error> {
    while let Some(part) = parts.message().await.map_err(client::refused)? {
        match out.write_all(&part.data).and_then(|()| out.flush()) {
            // Somebody like `head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            other => other.map_err(|source| Error::Io { what: "cannot write the file".to_owned(), source })?,
        }
    }
    Ok(())
}
