//! What the end of a run starts.

use bytes::Bytes;
use downbeat_domain::{Event, PipelineId, event::Follower};

use super::event;
use crate::{
    convert::{id_bytes, micros},
    event::words,
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::FollowersDue { run, status, chain, followers, at } => event(
            EventKind::FollowersDue,
            &wire::FollowersDue {
                run_id: id_bytes(&run.0),
                status: words::run_status(*status) as i32,
                chain: self::chain(chain),
                followers: followers.iter().map(follower).collect(),
                at: micros(*at),
            },
        ),
        Event::FollowerDeclined { ended, pipeline, reason, at } => event(
            EventKind::FollowerDeclined,
            &wire::FollowerDeclined {
                ended_run_id: id_bytes(&ended.0),
                pipeline_id: id_bytes(&pipeline.0),
                reason: reason.clone(),
                at: micros(*at),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

/// The wire form of a chain of pipelines.
pub(crate) fn chain(chain: &[PipelineId]) -> Bytes {
    chain.iter().flat_map(|pipeline| pipeline.0).collect::<Vec<u8>>().into()
}

/// The wire form of a pipeline that is to be started.
pub(crate) fn follower(follower: &Follower) -> wire::Follower {
    wire::Follower { pipeline_id: id_bytes(&follower.pipeline.0), trigger: follower.trigger }
}
