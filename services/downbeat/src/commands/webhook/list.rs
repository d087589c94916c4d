//! `downbeat webhook list`.

use std::process::ExitCode;

use downbeat_proto::control::v1::ListEndpointsRequest;

use crate::{
    cli::WebhookList,
    client,
    error::Error,
    render::{endpoint_table, print},
};

pub(super) async fn run(list: &WebhookList) -> Result<ExitCode, Error> {
    let request = ListEndpointsRequest { pipeline: list.pipeline.clone().unwrap_or_default() };
    let answer = client::webhooks(&list.servers).await?.list_endpoints(request).await.map_err(client::refused)?;
    let endpoints = answer.into_inner().endpoints;
    if endpoints.is_empty() {
        eprintln!("no addresses yet; make one with `downbeat webhook open PIPELINE`");
    } else {
        print(&format!("{}\n", endpoint_table(&endpoints)))?;
    }
    Ok(ExitCode::SUCCESS)
}
