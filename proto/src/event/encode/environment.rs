//! Environments, and what tools remember.

use downbeat_domain::{
    environment::{EnvironmentEvent, EnvironmentSet, Variable},
    tool_state::ToolStateKept,
};

use crate::{
    convert::{id_bytes, micros},
    event::event,
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &EnvironmentEvent) -> wire::Event {
    match fact {
        EnvironmentEvent::Set(set) => event(EventKind::EnvironmentSet, &self::set(set)),
        EnvironmentEvent::Removed { environment, name, at } => event(
            EventKind::EnvironmentRemoved,
            &wire::EnvironmentRemoved { environment_id: id_bytes(&environment.0), name: name.clone(), at: micros(*at) },
        ),
    }
}

/// The wire form of an environment as it was set, which snapshots and rows hold as well.
pub fn set(set: &EnvironmentSet) -> wire::EnvironmentSet {
    let variable = |(name, variable): (&String, &Variable)| {
        let (kind, value) = (variable.kind.as_str().to_owned(), variable.value.to_string());
        (name.clone(), wire::EnvironmentVariable { r#type: kind, value })
    };
    wire::EnvironmentSet {
        environment_id: id_bytes(&set.environment.0),
        name: set.name.clone(),
        variables: set.variables.iter().map(variable).collect(),
        is_default: set.is_default,
        at: micros(set.at),
    }
}

pub(super) fn kept(kept: &ToolStateKept) -> wire::ToolStateKept {
    wire::ToolStateKept { integration: kept.integration.clone(), entries: kept.entries.clone(), at: micros(kept.at) }
}
