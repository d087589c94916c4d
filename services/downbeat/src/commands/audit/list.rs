//! `downbeat audit`: a table, or lines of JSON.

use std::process::ExitCode;

use downbeat_metadata_projector::export;
use downbeat_proto::metadata::v1::ListAuditRequest;

use crate::{cli::AuditCommand, client, error::Error, render};

pub(super) async fn run(command: &AuditCommand) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&command.servers).await?;
    let mut request = ListAuditRequest {
        filter: Some(super::filter(&command.selection)?),
        page_size: command.limit.clamp(1, 1_000),
        ..ListAuditRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < command.limit {
        let page = metadata.list_audit(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(command.limit as usize);
    if command.json {
        let lines: String = found.iter().map(|entry| format!("{}\n", export::fields(entry))).collect();
        render::print(&lines)?;
    } else if found.is_empty() {
        eprintln!("no such command so far");
    } else {
        render::print(&format!("{}\n", render::audit_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}
