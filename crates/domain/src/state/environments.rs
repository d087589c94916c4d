//! The environments that there are, and what a run reads of one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    Rejection,
    environment::{EnvironmentSet, Variables, bytes_of},
    id::EnvironmentId,
};

/// Names that a refusal lists.
const NAMES_SHOWN_MAX: usize = 20;

/// All environments. Where there are any, one of them is the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environments {
    /// By id.
    pub all: BTreeMap<EnvironmentId, Environment>,
    /// What runs read that name none.
    pub default: Option<EnvironmentId>,
}

/// An environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// What it is called; each has its own.
    pub name: String,
    /// What `ENV.NAME` reads.
    pub variables: Variables,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was set last.
    pub updated_at: Timestamp,
}

/// What a run has of an environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Used {
    /// Its name; empty = none.
    pub(crate) name: String,
    /// What `ENV.NAME` reads.
    pub(crate) variables: Map<String, Value>,
}

impl Environments {
    /// The one of this id or, if there is none, of this name.
    pub fn named(&self, named: &str) -> Option<(EnvironmentId, &Environment)> {
        let of = |id: EnvironmentId| self.all.get(&id).map(|it| (id, it));
        let by_name = || self.all.iter().find(|(_, it)| it.name == named).map(|(id, it)| (*id, it));
        named.parse().ok().and_then(of).or_else(by_name)
    }

    /// What a run reads whose trigger names this one; empty = the default. As long as nobody has made an environment, every name stands for
    /// one that holds nothing.
    pub(crate) fn used(&self, named: &str) -> Result<Used, Rejection> {
        if self.all.is_empty() {
            return Ok(Used { name: named.to_owned(), variables: Map::new() });
        }
        let found = match named {
            "" => self.default.and_then(|id| self.all.get(&id)),
            named => self.named(named).map(|(_, it)| it),
        };
        let environment = found.ok_or_else(|| self.unknown(named))?;
        let variables = environment.variables.iter().map(|(name, variable)| (name.clone(), variable.value.clone()));
        Ok(Used { name: environment.name.clone(), variables: variables.collect() })
    }

    /// The refusal of a name that none has.
    pub(crate) fn unknown(&self, named: &str) -> Rejection {
        let mut names: Vec<&str> = self.all.values().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(NAMES_SHOWN_MAX);
        names.truncate(NAMES_SHOWN_MAX);
        let known = match (names.as_slice(), more) {
            ([], _) => "there are none".to_owned(),
            (names, 0) => format!("there are: {}", names.join(", ")),
            (names, more) => format!("there are: {} and {more} more", names.join(", ")),
        };
        Rejection::UnknownEnvironment { named: crate::decide::brief(named), known }
    }

    /// What the variables of all others take as JSON, bytes.
    pub(crate) fn bytes_beside(&self, environment: Option<EnvironmentId>) -> usize {
        let others = self.all.iter().filter(|(id, _)| Some(**id) != environment);
        others.map(|(_, it)| bytes_of(&it.variables)).sum()
    }

    /// Has each its own name, and is one of them the default?
    pub(crate) fn is_sound(&self) -> bool {
        let names: BTreeSet<&str> = self.all.values().map(|it| it.name.as_str()).collect();
        let default = self.default.map_or(self.all.is_empty(), |id| self.all.contains_key(&id));
        names.len() == self.all.len() && default
    }

    pub(crate) fn set(&mut self, set: &EnvironmentSet) {
        let created_at = self.all.get(&set.environment).map_or(set.at, |before| before.created_at);
        let environment =
            Environment { name: set.name.clone(), variables: set.variables.clone(), created_at, updated_at: set.at };
        self.all.insert(set.environment, environment);
        if set.is_default {
            self.default = Some(set.environment);
        }
    }

    pub(crate) fn remove(&mut self, environment: EnvironmentId) {
        self.all.remove(&environment);
        self.default = self.default.filter(|default| *default != environment);
    }
}
