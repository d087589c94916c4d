//! `downbeat pool remove`.

use std::process::ExitCode;

use downbeat_proto::control::v1::SetPoolRequest;

use crate::{cli::PoolRemove, client, error::Error};

pub(super) async fn run(remove: &PoolRemove) -> Result<ExitCode, Error> {
    let request = SetPoolRequest {
        name: remove.name.clone(),
        slots: 0,
        remove: true,
        idempotency_key: remove.key.key.clone().unwrap_or_default(),
        actor: remove.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&remove.servers)
        .await?
        .set_pool(client::asked(request, &remove.by))
        .await
        .map_err(client::refused)?;
    match answer.into_inner().changed {
        true => println!("removed: pool `{}`", remove.name),
        false => println!("there is no pool `{}`", remove.name),
    }
    Ok(ExitCode::SUCCESS)
}
