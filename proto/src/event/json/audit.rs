//! Refused commands, and calls of tools.

use downbeat_domain::{Event, Target, event::ToolsCalled};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    let Event::CommandRejected(rejected) = event else { return None };
    let mut shown = json!({
        "command": rejected.command.as_str(), "asked_by": rejected.actor,
        "targets": rejected.targets.iter().map(target).collect::<Vec<_>>(),
        "code": rejected.code, "message": rejected.message, "at": at(rejected.at),
    });
    if rejected.more > 0 {
        shown["more"] = json!(rejected.more);
        shown["since"] = at(rejected.since);
    }
    Some(shown)
}

pub(super) fn tools_called(called: &ToolsCalled) -> Value {
    json!({
        "tool": called.tool, "targets": called.targets.iter().map(target).collect::<Vec<_>>(), "code": called.code,
        "calls": called.calls, "since": at(called.since), "at": at(called.at),
    })
}

fn target(target: &Target) -> Value {
    let mut shown = json!({"kind": target.kind.as_str(), "id": target.id});
    if !target.name.is_empty() {
        shown["name"] = json!(target.name);
    }
    shown
}
