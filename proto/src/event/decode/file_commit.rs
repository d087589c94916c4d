//! Commits that people ask for.

use downbeat_domain::{
    Event, FileCommitId,
    file_commit::{FileCommitAsked, FileCommitEnd, FileCommitEnded, FileCommitEvent},
};

use super::{fields::Fields, pipeline};
use crate::{
    event::DecodeError,
    events::v1::{self as wire, EventKind, file_commit_ended::End},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let fact = match kind {
        EventKind::FileCommitAsked => FileCommitEvent::Asked(asked(fields, fields.parse(payload)?)?),
        _ => FileCommitEvent::Ended(ended(fields, fields.parse(payload)?)?),
    };
    Ok(Event::FileCommit(Box::new(fact)))
}

fn id(fields: Fields, bytes: &[u8]) -> Result<FileCommitId, DecodeError> {
    FileCommitId::from_slice(bytes).ok_or(fields.missing("id"))
}

fn asked(fields: Fields, asked: wire::FileCommitAsked) -> Result<FileCommitAsked, DecodeError> {
    Ok(FileCommitAsked {
        id: id(fields, &asked.id)?,
        pipeline: fields.pipeline(&asked.pipeline_id)?,
        storage: asked.storage.and_then(pipeline::storage_of).ok_or(fields.missing("storage"))?,
        branch: asked.branch,
        message: asked.message,
        at: fields.at(asked.at)?,
    })
}

fn ended(fields: Fields, ended: wire::FileCommitEnded) -> Result<FileCommitEnded, DecodeError> {
    let end = match ended.end.ok_or(fields.missing("end"))? {
        End::Stands(stands) => FileCommitEnd::Stands {
            origin: stands.origin.map(pipeline::origin_of).ok_or(fields.missing("origin"))?,
            changed: stands.changed,
        },
        End::Refused(why) => FileCommitEnd::Refused(why),
        End::Unknown(why) => FileCommitEnd::Unknown(why),
    };
    Ok(FileCommitEnded {
        id: id(fields, &ended.id)?,
        pipeline: fields.pipeline(&ended.pipeline_id)?,
        end,
        at: fields.at(ended.at)?,
    })
}
