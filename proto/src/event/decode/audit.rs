//! Refused commands, and calls of tools.

use downbeat_domain::{
    Target,
    event::{CommandRejected, ToolsCalled},
};

use super::{DecodeError, fields::Fields};
use crate::{event::words, events::v1 as wire};

pub(super) fn rejected(fields: Fields, rejected: wire::CommandRejected) -> Result<CommandRejected, DecodeError> {
    Ok(CommandRejected {
        command: words::command_kind_of(rejected.command).ok_or(fields.missing("command"))?,
        actor: rejected.actor,
        targets: targets(fields, rejected.targets)?,
        code: rejected.code,
        message: rejected.message,
        more: rejected.more,
        since: fields.at(rejected.since)?,
        at: fields.at(rejected.at)?,
    })
}

pub(super) fn tools_called(fields: Fields, called: wire::ToolsCalled) -> Result<ToolsCalled, DecodeError> {
    if called.calls == 0 {
        return Err(fields.missing("calls"));
    }
    Ok(ToolsCalled {
        tool: called.tool,
        targets: targets(fields, called.targets)?,
        code: called.code,
        calls: called.calls,
        since: fields.at(called.since)?,
        at: fields.at(called.at)?,
    })
}

fn targets(fields: Fields, targets: Vec<wire::CommandTarget>) -> Result<Vec<Target>, DecodeError> {
    let target = |target: wire::CommandTarget| {
        let kind = words::target_kind_of(target.kind).ok_or(fields.missing("targets"))?;
        Ok(Target { kind, id: target.id, name: target.name })
    };
    targets.into_iter().map(target).collect()
}
