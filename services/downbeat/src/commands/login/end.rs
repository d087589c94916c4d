//! `downbeat login end`.

use std::process::ExitCode;

use downbeat_proto::control::v1::EndLoginRequest;

use crate::{cli::LoginEnd, client, error::Error};

pub(super) async fn run(end: &LoginEnd) -> Result<ExitCode, Error> {
    let request = EndLoginRequest {
        login_id: end.id.clone(),
        idempotency_key: end.key.key.clone().unwrap_or_default(),
        actor: end.by.actor.clone().unwrap_or_default(),
        ..EndLoginRequest::default()
    };
    let mut access = client::access(&end.servers).await?;
    let answer = access.end_login(client::asked(request, &end.by)).await.map_err(client::refused)?;
    match answer.into_inner().changed {
        true => println!("ended: login {}", end.id),
        false => println!("login {} was ended before", end.id),
    }
    Ok(ExitCode::SUCCESS)
}
