//! Reads a version of a pipeline back from the log: runs may be started of any, and the state has few.

use downbeat_domain::{Event, PipelineApplied, PipelineId};
use downbeat_event_log::EventLog;
use downbeat_proto::{
    event::{self, Decoded},
    events::v1::{self as wire, EventKind},
};
use prost::Message;

use crate::{error::Error, prior};

/// The version as it was stored; `None` = there is none of this number in the log. Stops where it is found.
///
/// # Errors
/// The log does not answer, or holds what cannot be read.
pub async fn read(
    log: &dyn EventLog,
    pipeline: PipelineId,
    version: u32,
) -> Result<Option<Box<PipelineApplied>>, Error> {
    let mut found = None;
    prior::each(log, |event| {
        if !is_version(event, pipeline, version) {
            return Ok(true);
        }
        if let Decoded::Known(Event::PipelineApplied(stored) | Event::PipelineDrafted(stored)) = event::decode(event)? {
            found = Some(stored);
        }
        Ok(found.is_none())
    })
    .await?;
    Ok(found)
}

/// Without unpacking texts and plans: all versions of all pipelines pass here.
fn is_version(event: &wire::Event, pipeline: PipelineId, version: u32) -> bool {
    let stored = [EventKind::PipelineApplied as i32, EventKind::PipelineDrafted as i32].contains(&event.kind);
    let names = || event.payload.windows(pipeline.0.len()).any(|window| window == pipeline.0);
    stored
        && names()
        && wire::PipelineApplied::decode(event.payload.clone())
            .is_ok_and(|head| head.version == version && *head.pipeline_id == pipeline.0)
}
