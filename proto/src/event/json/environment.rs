//! Environments, and what tools remember.

use downbeat_domain::{environment::EnvironmentEvent, tool_state::ToolStateKept};
use serde_json::{Map, Value, json};

use super::at;

pub(super) fn fact(fact: &EnvironmentEvent) -> Value {
    match fact {
        EnvironmentEvent::Set(set) => {
            let variables: Map<String, Value> = set
                .variables
                .iter()
                .map(|(name, variable)| {
                    (name.clone(), json!({"type": variable.kind.as_str(), "value": variable.value}))
                })
                .collect();
            json!({
                "environment_id": set.environment.to_string(), "name": set.name, "variables": variables,
                "is_default": set.is_default, "at": at(set.at),
            })
        }
        EnvironmentEvent::Removed { environment, name, at: when } => {
            json!({"environment_id": environment.to_string(), "name": name, "at": at(*when)})
        }
    }
}

/// Of the values, which are many and large, how much they take.
pub(super) fn kept(kept: &ToolStateKept) -> Value {
    let bytes: Map<String, Value> = kept.entries.iter().map(|(key, value)| (key.clone(), json!(value.len()))).collect();
    json!({"integration": kept.integration, "bytes_by_key": bytes, "at": at(kept.at)})
}
