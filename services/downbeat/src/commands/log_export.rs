//! `downbeat log export`.

use std::{path::Path, process::ExitCode};

use downbeat_event_log::{
    Access,
    archive::{export_file, export_folder},
};
use downbeat_proto::callers::OPERATOR;

use super::log_archive::Progress;
use crate::{
    cli::{Log, LogExport},
    error::Error,
};

pub(super) async fn run(log: &Log, arguments: &LogExport) -> Result<ExitCode, Error> {
    let log = log.log.open(Access::Read, "downbeat-log-export", &log.nats.of(OPERATOR)).await?;
    let (to, after) = (arguments.to.as_path(), arguments.after);
    let mut progress = Progress::new("exported");
    let told = |sequence| progress.reached(sequence);
    let tail = if is_folder(to) {
        export_folder(&*log, after, to, told).await?
    } else {
        export_file(&*log, after, to, told).await?
    };
    println!("log export: ok, {}", to.display());
    println!("log {}  position {}  hash {}", log.id(), tail.sequence, tail.hash);
    Ok(ExitCode::SUCCESS)
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}
