//! What the end of a run starts.

use downbeat_domain::{Event, PipelineId, event::Follower};

use super::fields::Fields;
use crate::{
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::FollowersDue => {
            let event: wire::FollowersDue = fields.parse(payload)?;
            let followers = event.followers.iter().map(|it| follower(it).ok_or(fields.missing("followers")));
            Event::FollowersDue {
                run: fields.run(&event.run_id)?,
                status: words::run_status_of(event.status).ok_or(fields.missing("status"))?,
                chain: chain(&event.chain).ok_or(fields.missing("chain"))?,
                followers: followers.collect::<Result<_, _>>()?,
                at: fields.at(event.at)?,
            }
        }
        EventKind::FollowerDeclined => {
            let event: wire::FollowerDeclined = fields.parse(payload)?;
            Event::FollowerDeclined {
                ended: fields.run(&event.ended_run_id)?,
                pipeline: fields.pipeline(&event.pipeline_id)?,
                reason: event.reason,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    })
}

/// A chain of pipelines; `None` = its length is not that of whole ids.
pub(crate) fn chain(bytes: &[u8]) -> Option<Vec<PipelineId>> {
    let (ids, rest) = bytes.as_chunks::<16>();
    rest.is_empty().then(|| ids.iter().map(|id| PipelineId(*id)).collect())
}

/// A pipeline that is to be started; `None` = its id is none.
pub(crate) fn follower(follower: &wire::Follower) -> Option<Follower> {
    Some(Follower { pipeline: PipelineId::from_slice(&follower.pipeline_id)?, trigger: follower.trigger })
}
