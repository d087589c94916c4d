//! What other systems say about their own runs.

use downbeat_domain::{Caller, Command, CommandId, foreign::ReportLineage};
use downbeat_proto::{control::v1 as wire, event, events::v1::LineageReported};
use futures::future;
use prost::Message;
use tonic::{Status, metadata::MetadataMap};

use super::{Control, asker::Who, request::at_most};
use crate::{api::rejected, limits};

impl Control {
    /// Each part is decided by itself: what was recorded before a fault stays, and is known when it is told again.
    pub(super) async fn report(
        &self,
        metadata: &MetadataMap,
        request: wire::ReportLineageRequest,
    ) -> Result<wire::ReportLineageResponse, Status> {
        at_most("parts", request.parts.len(), limits::LINEAGE_PARTS_MAX)?;
        let actor = Who::of(metadata, &request.actor)?.name;
        let read = |(place, part): (usize, LineageReported)| {
            read(part).map_err(|why| Status::invalid_argument(format!("part {}: {why}", place + 1)))
        };
        let parts = request.parts.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        // All at once, so that they share records of the log.
        let decided = future::try_join_all(parts.into_iter().map(|part| self.record(part, &actor))).await?;
        let recorded = decided.iter().filter(|(is_new, _)| *is_new).count();
        let tail = decided.into_iter().map(|(_, tail)| tail).max_by_key(|tail| tail.sequence);
        Ok(wire::ReportLineageResponse {
            recorded: u32::try_from(recorded).unwrap_or(u32::MAX),
            position: tail.and_then(|tail| self.position(tail)),
        })
    }

    async fn record(&self, part: ReportLineage, actor: &str) -> Result<(bool, downbeat_event_log::Tail), Status> {
        let id = CommandId::of_part(&part.said.identity, part.part);
        let caller = Caller::named(actor);
        let outcome = self.command(Command::ReportLineage(Box::new(part)), caller, Some(id)).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok((answer.events > 0, tail))
    }
}

fn read(part: LineageReported) -> Result<ReportLineage, String> {
    let bytes = part.encoded_len();
    if bytes > limits::LINEAGE_PART_BYTES_MAX {
        return Err(format!("it has {bytes} bytes; at most {} are taken", limits::LINEAGE_PART_BYTES_MAX));
    }
    event::lineage_part_of(part).ok_or_else(|| {
        "it needs an identity, and ids of runs, of 16 bytes each, and a said_at that is an instant".to_owned()
    })
}
