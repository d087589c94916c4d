//! `downbeat key create`: the key on standard output, alone, so that it can be piped to where it belongs; everything else beside it.

use std::process::ExitCode;

use downbeat_proto::control::v1::{CreateKeyRequest, Grant};
use jiff::{SignedDuration, Timestamp};

use crate::{
    cli::KeyCreate,
    client,
    error::Error,
    render::{clean, instant, print},
};

pub(super) async fn run(create: &KeyCreate) -> Result<ExitCode, Error> {
    let grant = Grant { role: create.role.word().to_owned(), labels: create.labels.clone() };
    let request = CreateKeyRequest {
        name: create.name.clone(),
        grants: vec![grant],
        expires_at: in_days(create.days),
        idempotency_key: create.key.key.clone().unwrap_or_default(),
        actor: create.by.actor.clone().unwrap_or_default(),
    };
    let mut access = client::access(&create.servers).await?;
    let made = access.create_key(client::asked(request, &create.by)).await.map_err(client::refused)?.into_inner();
    let key = made.key.unwrap_or_default();
    print(&format!("{}\n", made.secret))?;
    eprintln!(
        "key `{}` expires on {}; it is shown now and never again: put it where you keep secrets",
        clean(&key.name),
        instant(key.expires_at)
    );
    Ok(ExitCode::SUCCESS)
}

/// Microseconds since the epoch.
fn in_days(days: u16) -> i64 {
    let now = Timestamp::now();
    // A little less, because the server's clock may be behind and it takes no more than that many days.
    let later = SignedDuration::from_hours(i64::from(days) * 24) - SignedDuration::from_mins(10);
    now.checked_add(later).unwrap_or(now).as_microsecond()
}
