//! Environments, and what tools remember.

use downbeat_domain::{
    EnvironmentId, Event,
    environment::{EnvironmentEvent, EnvironmentSet, Variable, VariableKind},
    tool_state::ToolStateKept,
};

use super::{DecodeError, fields::Fields};
use crate::{
    convert,
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(known: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    if known == EventKind::EnvironmentRemoved {
        let removed: wire::EnvironmentRemoved = fields.parse(payload)?;
        let environment = EnvironmentId::from_slice(&removed.environment_id).ok_or(fields.missing("environment_id"))?;
        let at = fields.at(removed.at)?;
        return Ok(Event::Environment(EnvironmentEvent::Removed { environment, name: removed.name, at }));
    }
    let set = set_of(fields.parse(payload)?).ok_or(fields.missing("environment_id or variables"))?;
    Ok(Event::Environment(EnvironmentEvent::Set(Box::new(set))))
}

/// An environment as it was set; `None`: its id has not 16 bytes, it has no name, or a variable is none that this version knows.
pub fn set_of(set: wire::EnvironmentSet) -> Option<EnvironmentSet> {
    let variable = |(name, variable): (String, wire::EnvironmentVariable)| {
        let kind = VariableKind::from_word(&variable.r#type)?;
        Some((name, Variable { kind, value: serde_json::from_str(&variable.value).ok()? }))
    };
    Some(EnvironmentSet {
        environment: EnvironmentId::from_slice(&set.environment_id)?,
        name: Some(set.name).filter(|name| !name.is_empty())?,
        variables: set.variables.into_iter().map(variable).collect::<Option<_>>()?,
        is_default: set.is_default,
        at: convert::instant(set.at)?,
    })
}

pub(super) fn kept(fields: Fields, kept: wire::ToolStateKept) -> Result<ToolStateKept, DecodeError> {
    if kept.integration.is_empty() {
        return Err(fields.missing("integration"));
    }
    Ok(ToolStateKept { integration: kept.integration, entries: kept.entries, at: fields.at(kept.at)? })
}
