//! `downbeat log import`: everything is verified before the first record is written.

use std::process::ExitCode;

use downbeat_event_log::{
    Restored,
    archive::{self, Source},
};
use downbeat_proto::callers::COORDINATOR;

use super::log_archive::{Progress, archive_in};
use crate::{
    cli::{Log, LogImport},
    error::Error,
};

pub(super) async fn run(log: &Log, arguments: &LogImport) -> Result<ExitCode, Error> {
    let paths = match &arguments.from_archive {
        Some(blobs) => vec![archive_in(blobs, arguments.of.of.as_deref())?],
        None => arguments.paths.clone(),
    };
    let mut progress = Progress::new("verified");
    let summary = archive::verify(&mut Source::open(&paths)?, |sequence| progress.reached(sequence))?;
    if summary.first != 1 {
        return Err(Error::Usage(format!(
            "the records begin with {}: a log is restored from its first record on; say the files before it, too",
            summary.first
        )));
    }
    let from = Restored { origin: summary.log.origin(), up_to: summary.tail.sequence };
    // It makes the log, as a coordinator does, and has the rights of one.
    let nats = log.nats.of(COORDINATOR).writing(&arguments.writing);
    let log = log.log.open_to_restore(&from, "downbeat-log-import", &nats).await?;
    let mut progress = Progress::new("imported");
    let imported = archive::import(&*log, &mut Source::open(&paths)?, |sequence| progress.reached(sequence)).await?;
    println!("log import: ok, {} records, {} of them were there", imported.tail.sequence, imported.already);
    println!("log {}  position {}  hash {}", log.id(), imported.tail.sequence, imported.tail.hash);
    Ok(ExitCode::SUCCESS)
}
