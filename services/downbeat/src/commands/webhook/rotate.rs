//! `downbeat webhook rotate`: the new secret alone on standard output.

use std::process::ExitCode;

use downbeat_proto::control::v1::RotateEndpointRequest;

use super::secret_in;
use crate::{
    cli::WebhookRotate,
    client,
    error::Error,
    render::{instant, print},
};

pub(super) async fn run(rotate: &WebhookRotate) -> Result<ExitCode, Error> {
    let request = RotateEndpointRequest {
        endpoint: rotate.endpoint.clone(),
        secret: secret_in(rotate.secret_file.as_deref())?,
        overlap_seconds: Some(rotate.overlap_hours * 60 * 60),
        idempotency_key: rotate.key.key.clone().unwrap_or_default(),
        actor: rotate.by.actor.clone().unwrap_or_default(),
    };
    let mut webhooks = client::webhooks(&rotate.servers).await?;
    let answer = webhooks.rotate_endpoint(client::asked(request, &rotate.by)).await;
    let answer = answer.map_err(client::refused)?.into_inner();
    print(&format!("{}\n", answer.secret))?;
    let endpoint = answer.endpoint.unwrap_or_default();
    eprintln!("secret {} of endpoint {}: it is shown now and never again", endpoint.secret, endpoint.id);
    for old in &endpoint.old_secrets {
        eprintln!("secret {} is valid until {}", old.number, instant(old.until));
    }
    Ok(ExitCode::SUCCESS)
}
