//! `downbeat log verify`.

use std::process::ExitCode;

use downbeat_event_log::{Access, verify};
use downbeat_proto::callers::OPERATOR;

use crate::{cli::Log, error::Error};

pub(super) async fn run(log: &Log) -> Result<ExitCode, Error> {
    let log = log.log.open(Access::Read, "downbeat-log-verify", &log.nats.of(OPERATOR)).await?;
    let tail = verify(&*log, |_| {}).await?;
    println!("log verify: ok");
    println!("log {}  position {}  hash {}", log.id(), tail.sequence, tail.hash);
    Ok(ExitCode::SUCCESS)
}
