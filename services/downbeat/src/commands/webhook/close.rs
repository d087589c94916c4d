//! `downbeat webhook close`.

use std::process::ExitCode;

use downbeat_proto::control::v1::CloseEndpointRequest;

use crate::{
    cli::WebhookClose,
    client,
    error::Error,
    render::{clean, print},
};

pub(super) async fn run(close: &WebhookClose) -> Result<ExitCode, Error> {
    let request = CloseEndpointRequest {
        endpoint: close.endpoint.clone(),
        idempotency_key: close.key.key.clone().unwrap_or_default(),
        actor: close.by.actor.clone().unwrap_or_default(),
    };
    let mut webhooks = client::webhooks(&close.servers).await?;
    let answer = webhooks.close_endpoint(client::asked(request, &close.by)).await.map_err(client::refused)?;
    let named = clean(&close.endpoint);
    print(&match answer.into_inner().changed {
        true => format!("closed: endpoint {named}\n"),
        false => format!("there is no endpoint {named} any more\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}
