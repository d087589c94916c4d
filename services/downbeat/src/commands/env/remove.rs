//! `downbeat env remove`.

use std::process::ExitCode;

use downbeat_proto::control::v1::RemoveEnvironmentRequest;

use crate::{cli::EnvRemove, client, error::Error};

pub(super) async fn run(remove: &EnvRemove) -> Result<ExitCode, Error> {
    let request = RemoveEnvironmentRequest {
        environment: remove.environment.clone(),
        idempotency_key: remove.key.key.clone().unwrap_or_default(),
        actor: remove.by.actor.clone().unwrap_or_default(),
    };
    let mut client = client::environments(&remove.servers).await?;
    client.remove_environment(client::asked(request, &remove.by)).await.map_err(client::refused)?;
    println!("removed: environment `{}`", remove.environment);
    Ok(ExitCode::SUCCESS)
}
