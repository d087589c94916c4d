//! Environments are made, changed and removed. Runs that exist keep what they were given.

use crate::{
    command::{Context, Rejection},
    environment::{EnvironmentEvent, EnvironmentSet, SetEnvironment, bytes_of, unfit},
    event::Event,
    id::EnvironmentId,
    limits,
    state::Partition,
};

pub(super) fn set(partition: &Partition, set: &SetEnvironment, context: &Context) -> Result<Vec<Event>, Rejection> {
    let environments = &partition.environments;
    let before = match set.named.as_str() {
        // The same id again is answered from state.
        "" if environments.all.contains_key(&set.new) => return Ok(Vec::new()),
        "" => None,
        named => Some(environments.named(named).ok_or_else(|| environments.unknown(named))?),
    };
    let id = before.map_or(set.new, |(id, _)| id);
    let invalid = |why: String| Err(Rejection::InvalidEnvironment(why));
    if let Some(why) = unfit_name(&set.name) {
        return invalid(why);
    }
    if let Some((other, _)) = environments.all.iter().find(|(other, it)| it.name == set.name && **other != id) {
        return invalid(format!("name: environment {other} is called `{}` already", set.name));
    }
    if let Some(why) = unfit(&set.variables) {
        return invalid(why);
    }
    if before.is_none() && environments.all.len() >= limits::ENVIRONMENTS_MAX {
        let most = limits::ENVIRONMENTS_MAX;
        return invalid(format!(
            "there are {most} environments, and that is the most that is allowed; remove one first"
        ));
    }
    let bytes = environments.bytes_beside(before.map(|(id, _)| id)) + bytes_of(&set.variables);
    if bytes > limits::ENVIRONMENTS_BYTES_MAX {
        let most = limits::ENVIRONMENTS_BYTES_MAX;
        return invalid(format!(
            "the variables of all environments would take {bytes} bytes; at most {most} are allowed"
        ));
    }
    let was_default = environments.default == Some(id);
    if set.is_default == Some(false) && (was_default || environments.all.is_empty()) {
        return invalid(format!(
            "`{}` is the default, and there has to be one: make another environment the default instead",
            set.name
        ));
    }
    let is_default = was_default || environments.all.is_empty() || set.is_default == Some(true);
    let as_before = before.is_some_and(|(_, it)| it.name == set.name && it.variables == set.variables);
    if as_before && is_default == was_default {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Environment(EnvironmentEvent::Set(Box::new(EnvironmentSet {
        environment: id,
        name: set.name.clone(),
        variables: set.variables.clone(),
        is_default,
        at: context.now,
    })))])
}

fn unfit_name(name: &str) -> Option<String> {
    let most = limits::ENVIRONMENT_NAME_CHARS_MAX;
    let visible = !name.chars().any(char::is_control) && name.trim() == name;
    if !visible || !(1..=most).contains(&name.chars().count()) {
        return Some(format!(
            "name: 1 to {most} characters are allowed, none of them invisible, no space at either end"
        ));
    }
    // It could not be told from the id of another one.
    name.parse::<EnvironmentId>().is_ok().then(|| format!("name: `{name}` looks like an id"))
}

pub(super) fn remove(partition: &Partition, named: &str, context: &Context) -> Result<Vec<Event>, Rejection> {
    let environments = &partition.environments;
    let (environment, state) = environments.named(named).ok_or_else(|| environments.unknown(named))?;
    if environments.default == Some(environment) && environments.all.len() > 1 {
        return Err(Rejection::EnvironmentIsDefault { name: state.name.clone() });
    }
    Ok(vec![Event::Environment(EnvironmentEvent::Removed { environment, name: state.name.clone(), at: context.now })])
}
