//! `downbeat openlineage`: events out of files go to the coordinator without HTTP in between.

use std::process::ExitCode;

use downbeat_lineage::openlineage;
use downbeat_proto::{control::v1::ReportLineageRequest, event::lineage_part_to_wire};

use super::body::bytes_of;
use crate::{cli::Openlineage, client, error::Error, render};

/// Parts of one call: each has about 200 KiB at most, a call 8 MiB.
const PARTS_PER_CALL: usize = 25;

pub(super) async fn run(command: &Openlineage) -> Result<ExitCode, Error> {
    let (mut parts, mut events, mut refused) = (Vec::new(), 0_usize, Vec::new());
    for file in &command.files {
        for (place, read) in openlineage::all(&bytes_of(file)?, usize::MAX).into_iter().enumerate() {
            match read {
                Ok(report) => {
                    events += 1;
                    parts.extend(openlineage::parts(report).iter().map(lineage_part_to_wire));
                }
                Err(fault) => refused.push(format!("{}: event {}: {fault}", file.display(), place + 1)),
            }
        }
    }
    let total = parts.len();
    let mut control = client::control(&command.servers).await?;
    let mut recorded = 0;
    for call in parts.chunks(PARTS_PER_CALL) {
        let actor = command.by.actor.clone().unwrap_or_default();
        let request = ReportLineageRequest { parts: call.to_vec(), actor };
        recorded += control.report_lineage(request).await.map_err(client::refused)?.into_inner().recorded as usize;
    }
    let known = total - recorded.min(total);
    render::print(&format!("{events} events in {total} parts: {recorded} recorded, {known} known before\n"))?;
    for fault in &refused {
        eprintln!("{}", render::clean(fault));
    }
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
