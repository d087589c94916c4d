//! `downbeat audit verify`: needs no server, only the file and, with `--log`, the log.

use std::{
    fs::File,
    io::{self, BufReader},
    process::ExitCode,
};

use downbeat_event_log::Access;
use downbeat_metadata_projector::export::{
    against_log,
    verify::{Fault, Verdict, verify},
};
use downbeat_proto::callers::OPERATOR;

use crate::{cli::AuditVerify, error::Error};

pub(super) async fn run(arguments: &AuditVerify) -> Result<ExitCode, Error> {
    let open = || File::open(&arguments.file).map(BufReader::new);
    let unreadable = |source: io::Error| Error::Read { path: arguments.file.clone(), source };
    let verdict = verify(open().map_err(unreadable)?).map_err(unreadable)?;
    let Some(header) = &verdict.header else { return Ok(told(arguments, &verdict.faults)) };
    let mut faults = verdict.faults.clone();
    if let Some(address) = &arguments.log {
        let log = address.open(Access::Read, "downbeat-audit-verify", &arguments.nats.of(OPERATOR)).await?;
        let what = "cannot create a folder for what is read from the log".to_owned();
        let folder = tempfile::tempdir().map_err(|source| Error::Io { what, source })?;
        let input = open().map_err(unreadable)?;
        let differing = against_log::compare(&*log, header, input, folder.path()).await;
        faults.extend(differing.map_err(|error| Error::Refused(error.to_string()))?);
    }
    if !faults.is_empty() {
        return Ok(told(arguments, &faults));
    }
    println!("audit verify: ok{}", if arguments.log.is_some() { ", the log says the same" } else { "" });
    let Verdict { entries, end, .. } = &verdict;
    let end = end.map(|hash| hash.to_string()).unwrap_or_default();
    println!("log {}  up to {}  entries {entries}  hash {end}", header.log_id, header.up_to);
    Ok(ExitCode::SUCCESS)
}

fn told(arguments: &AuditVerify, faults: &[Fault]) -> ExitCode {
    for fault in faults {
        eprintln!("{}:{}: {}", arguments.file.display(), fault.line, fault.what);
    }
    eprintln!("audit verify: {} is not as it was written", arguments.file.display());
    ExitCode::FAILURE
}
