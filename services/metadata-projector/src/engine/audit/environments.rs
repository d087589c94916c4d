//! What a command changed of an environment. The rows of the environments as they are stand here, because no other projection knows them.

use downbeat_domain::{
    CommandKind, Target, TargetKind,
    environment::{EnvironmentEvent, EnvironmentSet, Variable},
};
use downbeat_proto::{event, events::v1 as wire};
use serde_json::{Map, Value, json};

use super::{Told, target, tell::about};
use crate::{
    engine::{batch::Batch, keys::audit as at},
    error::Error,
    limits,
};

/// Keeps what the next change of the environment is held against.
pub(super) fn keep(fact: &EnvironmentEvent, batch: &mut Batch<'_>) {
    match fact {
        EnvironmentEvent::Set(set) => batch.put(at::environment(set.environment), &event::environment_set(set)),
        EnvironmentEvent::Removed { environment, .. } => batch.put_bytes(at::environment(*environment), Vec::new()),
    }
}

/// What it says, with what differs from before.
pub(super) fn told(fact: &EnvironmentEvent, batch: &Batch<'_>) -> Result<Told, Error> {
    let (id, name) = match fact {
        EnvironmentEvent::Set(set) => (set.environment, &set.name),
        EnvironmentEvent::Removed { environment, name, .. } => (*environment, name),
    };
    let before: Option<wire::EnvironmentSet> = batch.get(&at::environment(id))?;
    let before = before.and_then(event::environment_set_of);
    let targets = vec![target(&Target { name: name.clone(), ..Target::new(TargetKind::Environment, id) })];
    let (kind, summary, after) = match (fact, &before) {
        (EnvironmentEvent::Set(set), None) => {
            (CommandKind::SetEnvironment, format!("made environment {name}"), Some(set.as_ref()))
        }
        (EnvironmentEvent::Set(set), Some(_)) => {
            (CommandKind::SetEnvironment, format!("changed environment {name}"), Some(set.as_ref()))
        }
        (EnvironmentEvent::Removed { .. }, _) => {
            (CommandKind::RemoveEnvironment, format!("removed environment {name}"), None)
        }
    };
    Ok(Told {
        before: shown(before.as_ref(), after),
        after: shown(after, before.as_ref()),
        ..about(kind, targets, summary)
    })
}

/// One side of a change: of its variables those that the other side has not so, each cut to its limit.
fn shown(side: Option<&EnvironmentSet>, other: Option<&EnvironmentSet>) -> Value {
    let Some(side) = side else { return Value::Null };
    let differs = |(name, variable): &(&String, &Variable)| {
        other.is_none_or(|other| other.variables.get(name.as_str()) != Some(*variable))
    };
    let differing = side.variables.iter().filter(differs);
    let found = differing.clone().count();
    let listed = differing.take(limits::AUDITED_VARIABLES_MAX).map(|(name, variable)| {
        let text = variable.value.to_string();
        let cut: String = text.chars().take(limits::AUDITED_VARIABLE_CHARS_MAX).collect();
        let value = if cut.len() < text.len() { json!(format!("{cut}\u{2026}")) } else { variable.value.clone() };
        (name.clone(), value)
    });
    let listed: Map<String, Value> = listed.collect();
    let more = found - listed.len();
    let mut shown = json!({"name": side.name, "default": side.is_default, "variables": listed});
    if more > 0 {
        shown["more_variables"] = json!(more);
    }
    shown
}
