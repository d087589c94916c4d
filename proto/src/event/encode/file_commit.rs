//! Commits that people ask for.

use downbeat_domain::file_commit::{FileCommitAsked, FileCommitEnd, FileCommitEnded, FileCommitEvent};

use super::{event, pipeline};
use crate::{
    convert::{id_bytes, micros},
    events::v1::{self as wire, EventKind, file_commit_ended::End},
};

pub(super) fn encode(fact: &FileCommitEvent) -> wire::Event {
    match fact {
        FileCommitEvent::Asked(fact) => event(EventKind::FileCommitAsked, &asked(fact)),
        FileCommitEvent::Ended(fact) => event(EventKind::FileCommitEnded, &ended(fact)),
    }
}

fn asked(asked: &FileCommitAsked) -> wire::FileCommitAsked {
    wire::FileCommitAsked {
        id: id_bytes(&asked.id.0),
        pipeline_id: id_bytes(&asked.pipeline.0),
        storage: Some(pipeline::storage(&asked.storage)),
        branch: asked.branch.clone(),
        message: asked.message.clone(),
        at: micros(asked.at),
    }
}

fn ended(ended: &FileCommitEnded) -> wire::FileCommitEnded {
    let end = match &ended.end {
        FileCommitEnd::Stands { origin, changed } => {
            End::Stands(wire::FileCommitStands { origin: Some(pipeline::origin(origin)), changed: *changed })
        }
        FileCommitEnd::Refused(why) => End::Refused(why.clone()),
        FileCommitEnd::Unknown(why) => End::Unknown(why.clone()),
    };
    wire::FileCommitEnded {
        id: id_bytes(&ended.id.0),
        pipeline_id: id_bytes(&ended.pipeline.0),
        end: Some(end),
        at: micros(ended.at),
    }
}
