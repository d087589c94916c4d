//! `downbeat key revoke`.

use std::process::ExitCode;

use downbeat_proto::control::v1::RevokeKeyRequest;

use crate::{cli::KeyRevoke, client, error::Error};

pub(super) async fn run(revoke: &KeyRevoke) -> Result<ExitCode, Error> {
    let request = RevokeKeyRequest {
        key: revoke.name.clone(),
        idempotency_key: revoke.key.key.clone().unwrap_or_default(),
        actor: revoke.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::access(&revoke.servers)
        .await?
        .revoke_key(client::asked(request, &revoke.by))
        .await
        .map_err(client::refused)?;
    match answer.into_inner().changed {
        true => println!("revoked: key `{}`", revoke.name),
        false => println!("key `{}` was revoked before", revoke.name),
    }
    Ok(ExitCode::SUCCESS)
}
