//! Versions of a pipeline: the one that is current, and a few beside it that runs can be started of.
//!
//! Promise: which versions stand beside follows from the events of the pipeline alone, not from its runs, so that whoever folds a part
//! of a history has every version that a run of it began with. Knows nothing about where other versions are read from.

use std::sync::Arc;

use crate::{
    event::PipelineApplied,
    limits,
    plan::{Plan, PreparedPlan},
    state::PipelineState,
};

/// A version of a pipeline. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number, from 1; 0 = nothing can run.
    pub number: u32,
    /// Display name of the pipeline.
    pub name: Arc<str>,
    /// BLAKE3 of its text and root.
    pub digest: [u8; 32],
    /// Where its scripts lie.
    pub source_root: Arc<str>,
    /// What runs.
    pub plan: Arc<PreparedPlan>,
}

impl Version {
    pub(crate) fn new(stored: &PipelineApplied) -> Self {
        Self {
            number: stored.version,
            name: stored.name.as_str().into(),
            digest: stored.digest,
            source_root: stored.source_root.as_str().into(),
            plan: Arc::new(PreparedPlan::new(stored.plan.clone())),
        }
    }

    /// What is current of a pipeline that has drafts only: it has no schedules, sensors, triggers or promises, and no tasks.
    pub(crate) fn none(name: &str) -> Self {
        Self {
            number: 0,
            name: name.into(),
            digest: [0; 32],
            source_root: "".into(),
            plan: Arc::new(PreparedPlan::new(Plan::default())),
        }
    }
}

/// Versions that can be started beside the current one: drafts, and those that were read back from the log. The longest there go first.
#[derive(Clone, Debug, Default)]
pub struct Beside(Vec<Version>);

impl Beside {
    /// The parts of a snapshot, the longest there first.
    pub fn restore(versions: Vec<Version>) -> Self {
        Self(versions)
    }

    /// The longest there first.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.0.iter()
    }

    pub(crate) fn keep(&mut self, version: Version) {
        if self.0.iter().any(|kept| kept.number == version.number) {
            return;
        }
        self.0.push(version);
        if self.0.len() > limits::VERSIONS_BESIDE_MAX {
            self.0.remove(0);
        }
    }

    /// Few, each once, and of numbers that were given and are not the current one?
    pub(crate) fn fits(&self, current: u32, latest: u32) -> bool {
        let mut numbers: Vec<u32> = self.0.iter().map(|version| version.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len() == self.0.len()
            && numbers.len() <= limits::VERSIONS_BESIDE_MAX
            && numbers.iter().all(|number| (1..=latest).contains(number) && *number != current)
    }
}

impl PipelineState {
    /// The current version; of a pipeline that has drafts only, number 0.
    pub fn current(&self) -> Version {
        Version {
            number: self.version,
            name: Arc::clone(&self.name),
            digest: self.digest,
            source_root: Arc::clone(&self.source_root),
            plan: Arc::clone(&self.plan),
        }
    }

    /// The version of this number, if it is the current one or stands beside it.
    pub fn at_hand(&self, number: u32) -> Option<Version> {
        if number != 0 && number == self.version {
            return Some(self.current());
        }
        self.beside.iter().find(|version| version.number == number).cloned()
    }

    /// Is there a version of this number, and has it to be read from the log before a run of it can be created?
    pub fn is_elsewhere(&self, number: u32) -> bool {
        (1..=self.latest).contains(&number) && self.at_hand(number).is_none()
    }

    /// The version at hand that has this text: the current one, or the youngest beside it.
    pub fn with_digest(&self, digest: &[u8; 32]) -> Option<u32> {
        if self.version != 0 && self.digest == *digest {
            return Some(self.version);
        }
        self.beside.iter().filter(|version| version.digest == *digest).map(|version| version.number).max()
    }
}
