//! `downbeat log verify`.

use std::process::ExitCode;

use downbeat_event_log::{
    Access,
    archive::{self, Source},
    verify,
};
use downbeat_proto::callers::OPERATOR;

use super::log_archive::{Progress, archive_in};
use crate::{
    cli::{Log, LogVerify},
    error::Error,
};

pub(super) async fn run(log: &Log, arguments: &LogVerify) -> Result<ExitCode, Error> {
    let paths = match &arguments.archive {
        Some(blobs) => vec![archive_in(blobs, arguments.of.of.as_deref())?],
        None => arguments.paths.clone(),
    };
    let mut progress = Progress::new("verified");
    if paths.is_empty() {
        let log = log.log.open(Access::Read, "downbeat-log-verify", &log.nats.of(OPERATOR)).await?;
        let tail = verify(&*log, |sequence| progress.reached(sequence)).await?;
        println!("log verify: ok");
        println!("log {}  position {}  hash {}", log.id(), tail.sequence, tail.hash);
        return Ok(ExitCode::SUCCESS);
    }
    let summary = archive::verify(&mut Source::open(&paths)?, |sequence| progress.reached(sequence))?;
    println!("log verify: ok, records {} to {}", summary.first, summary.tail.sequence);
    println!("log {}  position {}  hash {}", summary.log, summary.tail.sequence, summary.tail.hash);
    Ok(ExitCode::SUCCESS)
}
