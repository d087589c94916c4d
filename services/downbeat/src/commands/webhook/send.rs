//! `downbeat webhook send`: a body goes to the coordinator without HTTP in between.

use std::process::ExitCode;

use downbeat_proto::control::v1::TakeWebhookRequest;

use super::super::body::bytes_of;
use crate::{cli::WebhookSend, client, error::Error, render::print};

pub(super) async fn run(send: &WebhookSend) -> Result<ExitCode, Error> {
    let body = match &send.file {
        Some(file) => bytes_of(file)?,
        None => send.data.clone().into_bytes(),
    };
    let request = TakeWebhookRequest {
        pipeline: send.pipeline.clone(),
        delivery_id: send.id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
        body: body.into(),
        signature_scheme: String::new(),
    };
    let answer = client::control(&send.servers).await?.take_webhook(request).await;
    let answer = answer.map_err(client::refused)?.into_inner();
    let word = if answer.created { "started run" } else { "has started before: run" };
    print(&format!("{word} {}\n", answer.run_id))?;
    Ok(ExitCode::SUCCESS)
}
