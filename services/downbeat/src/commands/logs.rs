//! `downbeat logs`.

use std::{io::Write, process::ExitCode};

use downbeat_proto::metadata::v1::ReadTaskLogRequest;

use crate::{cli::Logs, client, commands::find, error::Error};

pub(super) async fn run(logs: &Logs) -> Result<ExitCode, Error> {
    let (run_id, task) = find::task(&logs.run, &logs.task, &logs.servers).await?;
    let request = ReadTaskLogRequest {
        run_id,
        task,
        attempt: logs.attempt.unwrap_or(0),
        offset: logs.from,
        follow: logs.follow,
        length: logs.bytes.unwrap_or(0),
        last: logs.last.unwrap_or(0),
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
