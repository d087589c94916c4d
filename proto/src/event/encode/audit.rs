//! Refused commands, and calls of tools.

use downbeat_domain::{
    Target,
    event::{CommandRejected, ToolsCalled},
};

use crate::{convert::micros, event::words, events::v1 as wire};

pub(super) fn rejected(rejected: &CommandRejected) -> wire::CommandRejected {
    wire::CommandRejected {
        command: words::command_kind(rejected.command) as i32,
        actor: rejected.actor.clone(),
        targets: rejected.targets.iter().map(target).collect(),
        code: rejected.code.clone(),
        message: rejected.message.clone(),
        more: rejected.more,
        since: micros(rejected.since),
        at: micros(rejected.at),
    }
}

pub(super) fn tools_called(called: &ToolsCalled) -> wire::ToolsCalled {
    wire::ToolsCalled {
        tool: called.tool.clone(),
        targets: called.targets.iter().map(target).collect(),
        code: called.code.clone(),
        calls: called.calls,
        since: micros(called.since),
        at: micros(called.at),
    }
}

fn target(target: &Target) -> wire::CommandTarget {
    wire::CommandTarget {
        kind: words::target_kind(target.kind) as i32,
        id: target.id.clone(),
        name: target.name.clone(),
    }
}
