//! `downbeat log verify`.

use std::process::ExitCode;

use downbeat_event_log::{Access, LogAddress, verify};

use crate::error::Error;

pub(super) async fn run(address: &LogAddress) -> Result<ExitCode, Error> {
    let log = address.open(Access::Read, "downbeat-log-verify", None).await?;
    let tail = verify(&*log, |_| {}).await?;
    println!("log verify: ok");
    println!("log {}  position {}  hash {}", log.id(), tail.sequence, tail.hash);
    Ok(ExitCode::SUCCESS)
}
