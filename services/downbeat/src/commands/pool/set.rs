//! `downbeat pool set`.

use std::process::ExitCode;

use downbeat_proto::control::v1::SetPoolRequest;

use crate::{cli::PoolSet, client, error::Error};

pub(super) async fn run(set: &PoolSet) -> Result<ExitCode, Error> {
    let request = SetPoolRequest {
        name: set.name.clone(),
        slots: set.slots,
        remove: false,
        idempotency_key: set.key.key.clone().unwrap_or_default(),
        actor: set.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&set.servers)
        .await?
        .set_pool(client::asked(request, &set.by))
        .await
        .map_err(client::refused)?;
    let what = if answer.into_inner().changed { "set" } else { "unchanged" };
    println!("{what}: pool `{}`, slots: {}", set.name, set.slots);
    Ok(ExitCode::SUCCESS)
}
