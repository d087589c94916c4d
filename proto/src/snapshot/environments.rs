//! Environments, both ways.

use std::collections::BTreeMap;

use downbeat_domain::{
    EnvironmentId,
    environment::EnvironmentSet,
    state::{Environment, Environments},
};

use crate::{
    convert::{instant, micros},
    event,
    snapshots::v1 as wire,
};

pub(super) fn encode(environments: &Environments) -> Vec<wire::Environment> {
    let message = |(id, state): (&EnvironmentId, &Environment)| wire::Environment {
        set: Some(event::environment_set(&EnvironmentSet {
            environment: *id,
            name: state.name.clone(),
            variables: state.variables.clone(),
            is_default: environments.default == Some(*id),
            at: state.updated_at,
        })),
        created_at: micros(state.created_at),
    };
    environments.all.iter().map(message).collect()
}

pub(super) fn decode(messages: Vec<wire::Environment>) -> Option<Environments> {
    let mut environments = Environments { all: BTreeMap::new(), default: None };
    for message in messages {
        let set = event::environment_set_of(message.set?)?;
        if set.is_default && environments.default.replace(set.environment).is_some() {
            return None;
        }
        let state = Environment {
            name: set.name,
            variables: set.variables,
            created_at: instant(message.created_at)?,
            updated_at: set.at,
        };
        if environments.all.insert(set.environment, state).is_some() {
            return None;
        }
    }
    Some(environments)
}
