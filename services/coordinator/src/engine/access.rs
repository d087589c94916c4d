//! What gateways decide by: keys with their grants, logins, labels of pipelines, and endpoints.
//!
//! Promises: gateways hear only of what is in the log, of all of it at once, and only when it has changed; the table is bounded. Knows
//! nothing about roles, or what a call needs.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    EndpointId, Event, KeyId, Partition, PipelineId,
    event::AccessEvent,
    state::{Endpoint, Key, Logins},
};

use super::{Engine, Output};
use crate::limits;

/// Everything that gateways decide by, as it stood in the log at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessTable {
    /// Those that were not revoked; whoever reads this looks whether one has expired.
    pub keys: BTreeMap<KeyId, Key>,
    /// Logins whose tokens were fetched; the same.
    pub logins: Logins,
    /// Labels of pipelines that have some and are not deleted.
    pub labels: BTreeMap<PipelineId, Vec<String>>,
    /// Those that are open.
    pub endpoints: BTreeMap<EndpointId, Endpoint>,
}

impl AccessTable {
    fn of(partition: &Partition) -> Self {
        let labelled = partition.pipelines.iter().filter(|(_, state)| !state.deleted);
        let labelled = labelled.map(|(id, state)| (*id, &state.plan.plan.labels)).filter(|(_, all)| !all.is_empty());
        let (mut labels, mut bytes, mut left_out) = (BTreeMap::new(), 0, 0_usize);
        for (pipeline, all) in labelled {
            // As a message has it: the id as text, and some bytes around each text.
            let more = 48 + all.iter().map(|label| label.len() + 4).sum::<usize>();
            if bytes + more > limits::ACCESS_LABELS_BYTES_MAX {
                left_out += 1;
                continue;
            }
            bytes += more;
            labels.insert(pipeline, all.clone());
        }
        if left_out > 0 {
            tracing::warn!(left_out, "pipelines have too many labels: only grants without labels reach some of them");
        }
        let fetched = partition.keys.logins.iter().filter(|(_, login)| login.tokens.is_some());
        let logins = fetched.map(|(id, login)| (*id, login.clone())).collect();
        Self { keys: partition.keys.keys.clone(), logins, labels, endpoints: partition.endpoints.open.clone() }
    }
}

/// What was told last, and whether it may be another now.
#[derive(Debug, Default)]
pub(super) struct Access {
    told: Arc<AccessTable>,
    may_differ: bool,
}

impl Engine {
    /// What gateways are told at first, after a take-over: all of it is in the log.
    pub fn access(&self) -> Arc<AccessTable> {
        Arc::clone(&self.access.told)
    }

    pub(super) fn index_access(&mut self) {
        self.access = Access { told: Arc::new(AccessTable::of(&self.partition)), may_differ: false };
    }

    pub(super) fn watch_access(&mut self, event: &Event) {
        let (labels, endpoints) = (&self.access.told.labels, &self.access.told.endpoints);
        self.access.may_differ |= match event {
            // Of these there are many, and nothing is decided by them.
            Event::Access(fact) if matches!(fact.as_ref(), AccessEvent::ToolsCalled(_)) => false,
            Event::Access(_) | Event::Endpoint(_) => true,
            Event::PipelineApplied(applied) => {
                labels.get(&applied.pipeline).map_or(&[][..], Vec::as_slice) != applied.plan.labels
            }
            Event::PipelineDeleted { pipeline, .. } => {
                labels.contains_key(pipeline) || endpoints.values().any(|endpoint| endpoint.pipeline == *pipeline)
            }
            _ => false,
        };
    }

    /// Tells the table if it is another one; it goes out once everything that led to it is in the log.
    pub(super) fn tell_access(&mut self) {
        if !std::mem::take(&mut self.access.may_differ) {
            return;
        }
        let table = AccessTable::of(&self.partition);
        if table != *self.access.told {
            self.access.told = Arc::new(table);
            self.batches.push_output(Output::Access(Arc::clone(&self.access.told)));
        }
    }
}
