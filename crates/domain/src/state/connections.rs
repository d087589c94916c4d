//! The sealed connections that there are, and who uses them.
//!
//! Promises: names differ, and an integration has one default at most. Knows names, never values.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Partition;
use crate::{
    Rejection,
    connection::{ConnectionEvent, ConnectionField, ConnectionHealth, ConnectionSaved, of_sides},
    id::{ConnectionId, PipelineId},
    limits,
    plan::{Plan, PlanAlert, PlanDestination},
};

/// A connection whose values are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// For example `POSTGRES`.
    pub integration: String,
    /// What pipelines call it; each has its own.
    pub name: String,
    /// Counts from 1.
    pub version: u32,
    /// Names the blob that holds the values.
    pub seal: [u8; 16],
    /// The fields that are set.
    pub fields: Vec<ConnectionField>,
    /// Tasks of the integration use it that name none.
    pub is_default: bool,
    /// What became of the last test of this version; `None` = it was not tested.
    pub tested: Option<ConnectionTest>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this version was saved.
    pub updated_at: Timestamp,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionTest {
    /// How it ended.
    pub health: ConnectionHealth,
    /// What the worker said.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// All connections of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// By id.
    pub all: BTreeMap<ConnectionId, Connection>,
}

/// Who uses a connection: current versions of pipelines that are not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Pipeline, its alias, and what of it: `task load`, `check ready of sensor s`, `alert failed`.
    pub named: Vec<(PipelineId, String, String)>,
    /// How many there are besides.
    pub more: usize,
}

impl Users {
    /// Nobody?
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.more == 0
    }

    /// Some of them, and how many more there are.
    pub(crate) fn in_words(&self) -> String {
        const SHOWN: usize = 5;
        let shown = self.named.iter().take(SHOWN).map(|(_, alias, what)| format!("{alias} ({what})"));
        let shown = shown.collect::<Vec<String>>().join(", ");
        match self.named.len().saturating_sub(SHOWN) + self.more {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

impl Connections {
    /// The one of this id or, if there is none, of this name.
    pub fn named(&self, named: &str) -> Option<(ConnectionId, &Connection)> {
        let of = |id: ConnectionId| self.all.get(&id).map(|it| (id, it));
        let by_name = || self.all.iter().find(|(_, it)| it.name == named).map(|(id, it)| (*id, it));
        named.parse().ok().and_then(of).or_else(by_name)
    }

    /// What something of the integration uses that names this one; empty = the integration's default.
    pub fn used_as(&self, integration: &str, named: &str) -> Option<(ConnectionId, &Connection)> {
        let found = if named.is_empty() {
            self.all.iter().find(|(_, it)| it.is_default && it.integration == integration)
        } else {
            self.all.iter().find(|(_, it)| it.name == named)
        };
        found.map(|(id, it)| (*id, it))
    }

    /// Who uses it, as far as names stand in plans and not in expressions; in the order of pipelines.
    pub fn users(&self, connection: ConnectionId, partition: &Partition) -> Users {
        let mut users = Users::default();
        let Some(state) = self.all.get(&connection) else { return users };
        for (id, pipeline) in partition.pipelines.iter().filter(|(_, pipeline)| !pipeline.deleted) {
            each_use(&pipeline.plan.plan, |integration, named, what| {
                let is_it = if named.is_empty() {
                    state.is_default && state.integration == integration
                } else {
                    state.name == named
                };
                if !is_it {
                } else if users.named.len() < limits::CONNECTION_USERS_MAX {
                    users.named.push((*id, pipeline.alias.clone(), what()));
                } else {
                    users.more += 1;
                }
            });
        }
        users
    }

    /// The refusal of a name that none has.
    pub(crate) fn unknown(&self, named: &str) -> Rejection {
        Rejection::UnknownConnection(crate::decide::brief(named))
    }

    /// Has each its own name, and no integration two defaults?
    pub(crate) fn is_sound(&self) -> bool {
        let names: BTreeSet<&str> = self.all.values().map(|it| it.name.as_str()).collect();
        let mut defaults = BTreeSet::new();
        let alone = self.all.values().filter(|it| it.is_default).all(|it| defaults.insert(it.integration.as_str()));
        names.len() == self.all.len() && alone
    }

    pub(crate) fn evolve(&mut self, event: &ConnectionEvent) {
        match event {
            ConnectionEvent::Saved(saved) => self.save(saved),
            ConnectionEvent::Removed { connection, .. } => drop(self.all.remove(connection)),
            ConnectionEvent::Tested { connection, version, health, message, at, .. } => {
                if let Some(state) = self.all.get_mut(connection).filter(|state| state.version == *version) {
                    state.tested = Some(ConnectionTest { health: *health, message: message.clone(), at: *at });
                }
            }
            // It is told, and changes nothing that is decided by.
            ConnectionEvent::Resealed { .. } => {}
        }
    }

    fn save(&mut self, saved: &ConnectionSaved) {
        if saved.is_default {
            let others = self.all.values_mut().filter(|it| it.integration == saved.integration);
            others.for_each(|it| it.is_default = false);
        }
        let created_at = self.all.get(&saved.connection).map_or(saved.at, |before| before.created_at);
        let connection = Connection {
            integration: saved.integration.clone(),
            name: saved.name.clone(),
            version: saved.version,
            seal: saved.seal,
            fields: saved.fields.clone(),
            is_default: saved.is_default,
            tested: None,
            created_at,
            updated_at: saved.at,
        };
        self.all.insert(saved.connection, connection);
    }
}

/// Everything of a plan that uses a connection: integration, name (empty = the default one), and what it is, in words.
fn each_use(plan: &Plan, mut found: impl FnMut(&str, &str, &dyn Fn() -> String)) {
    for task in plan.tasks.iter().filter(|task| task.integration != "ORCHESTRA") {
        found(&task.integration, &task.connection, &|| format!("task {}", task.id));
        for (integration, named) in of_sides(&task.parameters) {
            found(integration, named, &|| format!("task {}", task.id));
        }
        told(&task.alerts, &mut found, &|name| format!("alert {name} of task {}", task.id));
        for destination in task.anomalies.iter().flat_map(|watched| &watched.destinations) {
            told_to(destination, &mut found, &|| format!("what is watched of task {}", task.id));
        }
    }
    for sensor in &plan.sensors {
        for check in &sensor.checks {
            let what = || format!("check {} of sensor {}", check.id, sensor.id);
            found(&check.integration, &check.connection, &what);
        }
        told(&sensor.alerts, &mut found, &|name| format!("alert {name} of sensor {}", sensor.id));
    }
    told(&plan.alerts, &mut found, &|name| format!("alert {name}"));
    for destination in plan.anomalies.iter().flat_map(|watched| &watched.destinations) {
        told_to(destination, &mut found, &|| "what is watched of runs".to_owned());
    }
}

fn told(alerts: &[PlanAlert], found: &mut impl FnMut(&str, &str, &dyn Fn() -> String), what: &dyn Fn(&str) -> String) {
    for (alert, destination) in alerts.iter().flat_map(|it| it.destinations.iter().map(move |to| (it, to))) {
        told_to(destination, found, &|| what(&alert.name));
    }
}

fn told_to(
    destination: &PlanDestination,
    found: &mut impl FnMut(&str, &str, &dyn Fn() -> String),
    what: &dyn Fn() -> String,
) {
    found(&destination.integration, &destination.connection, what);
}
