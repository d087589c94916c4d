//! Sealed connections that the coordinator gave to this worker, in memory.
//!
//! Promises: they are kept in no file, cannot be printed, and are overwritten when they are forgotten; what the coordinator says last counts.

use std::collections::BTreeMap;

use downbeat_proto::worker::v1 as wire;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::attempt::Failure;
use crate::limits::GIVEN_CONNECTIONS_MAX;

/// One of them.
pub(super) struct Given {
    pub(super) name: String,
    integration: String,
    is_default: bool,
    fields: Zeroizing<String>,
    error: String,
}

/// All of them, by name.
#[derive(Default)]
pub(super) struct Table(BTreeMap<String, Given>);

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Table {
    /// These and no others.
    pub(super) fn replace(&mut self, told: wire::Connections) {
        self.0.clear();
        self.change(told);
    }

    /// What the coordinator says has changed.
    pub(super) fn change(&mut self, told: wire::Connections) {
        for name in &told.gone {
            self.0.remove(name);
        }
        for integration in &told.without_default {
            self.no_default_of(integration);
        }
        for given in told.connections {
            if given.is_default {
                self.no_default_of(&given.integration);
            }
            // A coordinator keeps no more than that: only one that is none would ask for it.
            if self.0.len() >= GIVEN_CONNECTIONS_MAX && !self.0.contains_key(&given.name) {
                continue;
            }
            let kept = Given {
                name: given.name.clone(),
                integration: given.integration,
                is_default: given.is_default,
                fields: Zeroizing::new(given.fields),
                error: given.error,
            };
            self.0.insert(given.name, kept);
        }
    }

    fn no_default_of(&mut self, integration: &str) {
        self.0.values_mut().filter(|it| it.integration == integration).for_each(|it| it.is_default = false);
    }

    /// The one of this name; of an empty name, the default one of the integration.
    pub(super) fn find(&self, name: &str, integration: &str) -> Option<&Given> {
        match name {
            "" => self.0.values().find(|it| it.is_default && it.integration == integration),
            name => self.0.get(name),
        }
    }
}

impl Given {
    /// Where its fields stand, for people.
    pub(super) fn place(&self) -> String {
        format!("the sealed connection {:?}", self.name)
    }

    /// Its fields as they were sealed.
    pub(super) fn fields(&self, integration: &str) -> Result<Map<String, Value>, Failure> {
        let wrong = |what: &str| Failure::misconfigured(format!("{}: {what}", self.place()));
        if !self.error.is_empty() {
            return Err(wrong(&self.error));
        }
        if self.integration != integration {
            return Err(wrong(&format!("is a connection of {}; {integration} is asked for", self.integration)));
        }
        if self.fields.is_empty() {
            return Ok(Map::new());
        }
        serde_json::from_str(&self.fields).map_err(|_| wrong("its fields are no JSON object"))
    }
}
