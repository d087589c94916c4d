//! `downbeat audit export`.

use std::{
    fs::File,
    io::{self, Write},
    process::ExitCode,
};

use downbeat_proto::metadata::v1::ExportAuditRequest;

use crate::{cli::AuditExport, client, error::Error};

pub(super) async fn run(export: &AuditExport) -> Result<ExitCode, Error> {
    let request = ExportAuditRequest { filter: Some(super::filter(&export.selection)?), at_least: None };
    let mut metadata = client::metadata(&export.servers).await?;
    let mut parts = metadata.export_audit(request).await.map_err(client::refused)?.into_inner();
    let failed = |source| Error::Io { what: "cannot write the export".to_owned(), source };
    let mut file = match &export.file {
        Some(path) => Some(
            File::create_new(path)
                .map_err(|source| Error::Io { what: format!("cannot create {}", path.display()), source })?,
        ),
        None => None,
    };
    while let Some(part) = parts.message().await.map_err(client::refused)? {
        let written = match &mut file {
            Some(file) => file.write_all(&part.lines),
            None => io::stdout().lock().write_all(&part.lines),
        };
        match written {
            // Somebody like `head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            other => other.map_err(failed)?,
        }
    }
    if let Some(file) = file {
        file.sync_all().map_err(failed)?;
    }
    Ok(ExitCode::SUCCESS)
}
