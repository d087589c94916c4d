//! `downbeat breaches`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListBreachesRequest;

use crate::{cli::Breaches, client, error::Error, render};

pub(super) async fn run(breaches: &Breaches) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&breaches.servers).await?;
    let mut request = ListBreachesRequest {
        pipeline: breaches.pipeline.clone().unwrap_or_default(),
        page_size: breaches.limit.clamp(1, 1_000),
        ..ListBreachesRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < breaches.limit {
        let page = metadata.list_breaches(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.breaches);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(breaches.limit as usize);
    if found.is_empty() {
        eprintln!("no breach of a freshness rule or a deadline so far");
    } else {
        render::print(&format!("{}\n", render::breach_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}
