//! Refused commands.

use downbeat_domain::event::CommandRejected;

use crate::{convert::micros, event::words, events::v1 as wire};

pub(super) fn rejected(rejected: &CommandRejected) -> wire::CommandRejected {
    let targets = rejected.targets.iter().map(|target| wire::CommandTarget {
        kind: words::target_kind(target.kind) as i32,
        id: target.id.clone(),
        name: target.name.clone(),
    });
    wire::CommandRejected {
        command: words::command_kind(rejected.command) as i32,
        actor: rejected.actor.clone(),
        targets: targets.collect(),
        code: rejected.code.clone(),
        message: rejected.message.clone(),
        more: rejected.more,
        since: micros(rejected.since),
        at: micros(rejected.at),
    }
}
