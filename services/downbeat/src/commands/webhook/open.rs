//! `downbeat webhook open`: address and secret on standard output, for whoever sets the sender up; everything else beside it.

use std::process::ExitCode;

use downbeat_proto::control::v1::OpenEndpointRequest;

use super::secret_in;
use crate::{
    cli::WebhookOpen,
    client,
    error::Error,
    render::{clean, print},
};

pub(super) async fn run(open: &WebhookOpen) -> Result<ExitCode, Error> {
    let request = OpenEndpointRequest {
        pipeline: open.pipeline.clone(),
        name: open.name.clone(),
        scheme: open.sign.word().to_owned(),
        secret: secret_in(open.secret_file.as_deref())?,
        idempotency_key: open.key.key.clone().unwrap_or_default(),
        actor: open.by.actor.clone().unwrap_or_default(),
    };
    let mut webhooks = client::webhooks(&open.servers).await?;
    let answer = webhooks.open_endpoint(client::asked(request, &open.by)).await.map_err(client::refused)?.into_inner();
    let secret = if answer.secret.is_empty() { String::new() } else { format!("secret {}\n", answer.secret) };
    print(&format!("path {}\n{secret}", answer.path))?;
    let endpoint = answer.endpoint.unwrap_or_default();
    eprintln!(
        "endpoint {} `{}` of {}: let the sender POST JSON to this path of your gateway. It is shown now and never again",
        endpoint.id,
        clean(&endpoint.name),
        clean(&endpoint.pipeline_alias)
    );
    Ok(ExitCode::SUCCESS)
}
