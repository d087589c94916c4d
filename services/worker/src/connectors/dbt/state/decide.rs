//! Which of the selected nodes must be built, and why; the others are reused as they are.
//!
//! Pure. Promises: a node is reused only if its code and all that makes it are the same as when it was built, and everything that it reads is
//! known to be as it was then. What is not known counts as new.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use super::kept::{Entries, Entry, Kept};
use super::project::Project;

/// What is known when a command is about to run.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) project: &'a Project,
    pub(super) kept: &'a Kept,
    pub(super) entries: &'a Entries,
    /// The newest data of sources; those that dbt cannot tell are missing.
    pub(super) newest: &'a BTreeMap<String, Timestamp>,
    /// Of the command and the task.
    pub(super) variables: &'a str,
    pub(super) now: Timestamp,
}

/// Why a node is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// Nothing is known of an earlier build.
    New,
    Code,
    /// Its file is so large that dbt does not tell whether it changed.
    LargeFile,
    /// New data in this source.
    Data(String),
    /// It cannot be told whether there is new data in this source.
    Untold(String),
    /// This node is built, or was built since.
    Upstream(String),
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => formatter.write_str("no earlier build is known"),
            Self::Code => formatter.write_str("its code, configuration, macros or variables changed"),
            Self::LargeFile => formatter.write_str("dbt does not tell whether a file of that size changed"),
            Self::Data(source) => write!(formatter, "{source} has new data"),
            Self::Untold(source) => {
                write!(formatter, "{source} tells no freshness: give it `freshness` and `loaded_at_field`")
            }
            Self::Upstream(node) => write!(formatter, "{node} is newer"),
        }
    }
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) build: BTreeMap<String, Why>,
    /// With the time of the build that stays.
    pub(super) reuse: BTreeMap<String, Timestamp>,
    /// Tests of nothing but what is reused.
    pub(super) untested: BTreeSet<String>,
}

/// Decides for the selected nodes of the given kinds (`model`, `seed`, `snapshot`), and for the tests among the selected.
pub(super) fn decide(known: &Known<'_>, selected: &BTreeSet<String>, kinds: &[&str]) -> Decision {
    let mut decision = Decision::default();
    for id in in_order(known.project, selected, kinds) {
        match known.why(id, &decision.build) {
            Ok(why) => {
                decision.build.insert(id.to_owned(), why);
            }
            Err(since) => {
                decision.reuse.insert(id.to_owned(), since);
            }
        }
    }
    for id in selected.iter().filter(|id| known.project.is_test(id)) {
        let tested = known.project.tested(id);
        let only_reused =
            tested.iter().all(|of| known.project.nodes.contains_key(*of) && !decision.build.contains_key(*of));
        if only_reused && tested.iter().any(|of| decision.reuse.contains_key(*of)) {
            decision.untested.insert(id.clone());
        }
    }
    decision
}

/// What of them is there as a relation, each after what it reads. A cycle, which dbt allows in no project, ends it.
fn in_order<'a>(project: &'a Project, selected: &BTreeSet<String>, kinds: &[&str]) -> Vec<&'a str> {
    let wanted: BTreeMap<&str, BTreeSet<&str>> = project
        .nodes
        .iter()
        .filter(|(id, node)| {
            selected.contains(*id) && kinds.contains(&node.resource_type.as_str()) && !node.is_ephemeral()
        })
        .map(|(id, _)| (id.as_str(), project.parents(id)))
        .collect();
    let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, parents) in &wanted {
        let before: Vec<&str> = parents.iter().copied().filter(|parent| wanted.contains_key(parent)).collect();
        open.insert(id, before.len());
        for parent in before {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut ready: Vec<&str> = open.iter().filter(|(_, before)| **before == 0).map(|(id, _)| *id).collect();
    let mut order = Vec::new();
    while let Some(id) = ready.pop() {
        order.push(id);
        for child in children.get(id).into_iter().flatten() {
            if let Some(before) = open.get_mut(child) {
                *before -= 1;
                if *before == 0 {
                    ready.push(child);
                }
            }
        }
    }
    order
}

impl Known<'_> {
    /// What was built of a node.
    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(&self.key(id)?)
    }

    pub(super) fn key(&self, id: &str) -> Option<String> {
        Some(self.kept.key(self.project.nodes.get(id)?.relation_name.as_deref()?))
    }

    /// Why the node is built, or since when what is there is good.
    fn why(&self, id: &str, built: &BTreeMap<String, Why>) -> Result<Why, Timestamp> {
        let (Some(node), Some(entry)) = (self.project.nodes.get(id), self.entry(id)) else { return Ok(Why::New) };
        if node.checksum.name == "path" {
            return Ok(Why::LargeFile);
        }
        let context = || self.project.context(id, self.variables);
        if node.checksum.checksum != entry.checksum || entry.context.as_ref().is_some_and(|known| *known != context()) {
            return Ok(Why::Code);
        }
        let parents = self.project.parents(id);
        let news: Vec<Why> = parents.iter().filter_map(|parent| self.news(parent, entry, built)).collect();
        let all = news.len() == parents.len();
        let Some(first) = news.into_iter().next() else { return Err(entry.last_updated) };
        if let Some(after) = self.project.build_after(id) {
            let age = self.now.duration_since(entry.last_updated).as_secs();
            if age < after.seconds() || (after.of_all() && !all) {
                return Err(entry.last_updated);
            }
        }
        Ok(first)
    }

    /// Whether something that a node reads is newer than when the node was built.
    fn news(&self, parent: &str, entry: &Entry, built: &BTreeMap<String, Why>) -> Option<Why> {
        let seen = entry.sources.get(parent);
        if self.project.sources.contains_key(parent) {
            return match (self.newest.get(parent), seen) {
                (None, _) => Some(Why::Untold(parent.to_owned())),
                (Some(newest), Some(seen)) if newest <= seen => None,
                _ => Some(Why::Data(parent.to_owned())),
            };
        }
        if built.contains_key(parent) {
            return Some(Why::Upstream(parent.to_owned()));
        }
        let same = match (self.entry(parent), seen) {
            (Some(parent), Some(seen)) => parent.last_updated == *seen,
            // Entries of others do not say it.
            (Some(parent), None) => parent.last_updated <= entry.last_updated,
            (None, _) => false,
        };
        (!same).then(|| Why::Upstream(parent.to_owned()))
    }
}

#[cfg(test)]
mod tests;
