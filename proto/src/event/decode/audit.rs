//! Refused commands.

use downbeat_domain::{Target, event::CommandRejected};

use super::{DecodeError, fields::Fields};
use crate::{event::words, events::v1 as wire};

pub(super) fn rejected(fields: Fields, rejected: wire::CommandRejected) -> Result<CommandRejected, DecodeError> {
    let target = |target: wire::CommandTarget| {
        let kind = words::target_kind_of(target.kind).ok_or(fields.missing("targets"))?;
        Ok(Target { kind, id: target.id, name: target.name })
    };
    Ok(CommandRejected {
        command: words::command_kind_of(rejected.command).ok_or(fields.missing("command"))?,
        actor: rejected.actor,
        targets: rejected.targets.into_iter().map(target).collect::<Result<_, _>>()?,
        code: rejected.code,
        message: rejected.message,
        more: rejected.more,
        since: fields.at(rejected.since)?,
        at: fields.at(rejected.at)?,
    })
}
