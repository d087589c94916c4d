//! `downbeat logs`.

use std::{io::Write, process::ExitCode};

use downbeat_proto::metadata::v1::ReadTaskLogRequest;

use crate::{cli::Logs, client, commands::run_show, error::Error};

pub(super) async fn run(logs: &Logs) -> Result<ExitCode, Error> {
    let run = run_show::fetch(&logs.run, &logs.servers).await?.0;
    let request = ReadTaskLogRequest {
        run_id: run.id,
        task: logs.task.clone(),
        attempt: logs.attempt.unwrap_or(0),
        offset: 0,
        follow: logs.follow,
    };
    let mut chunks =
        client::metadata(&logs.servers).await?.read_task_log(request).await.map_err(client::refused)?.into_inner();
    let mut out = std::io::stdout().lock();
    while let Some(chunk) = chunks.message().await.map_err(client::refused)? {
        let written = out.write_all(&chunk.data).and_then(|()| out.flush());
        match written {
            // Somebody like `head` has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => break,
            other => other.map_err(|source| Error::Io { what: "cannot write the log".to_owned(), source })?,
        }
    }
    Ok(ExitCode::SUCCESS)
}
