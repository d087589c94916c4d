//! `use_state_orchestration`: of what a command selects only those nodes are built whose code or data changed since their last build.
//!
//! Promises: a command is narrowed by asking dbt itself what it selects, what changed and how new its sources are; where dbt cannot say it, the
//! command runs as it stands. What is built without looking at its state is forgotten, so that nothing relies on it. The state is kept per
//! connection (or task) in the blob store. Nothing here makes a task fail.

mod decide;
mod kept;
mod listing;
mod project;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use downbeat_runtime::blob::BlobStore;
use jiff::Timestamp;

use super::artifacts::{self, Arguments, Invocation, Metadata, NodeResult, RunResults};
use super::{call, freshness, resume};
use crate::attempt::cut;
use crate::connectors::Task;
use crate::limits::{DBT_LISTING_BYTES_MAX, DBT_STATE_REASONS_SHOWN, DBT_STATE_WAIT};
use crate::process::{
    log::TaskLog,
    run::{Exit, Ran},
};
use crate::toolchain::words::Command;
use decide::{Decision, Known, decide};
use kept::{Entries, Entry, Kept};
use project::Project;

/// Commands that build, and the kinds of nodes that each builds.
const BUILDING: [(&str, &[&str]); 4] =
    [("build", &["model", "seed", "snapshot"]), ("run", &["model"]), ("seed", &["seed"]), ("snapshot", &["snapshot"])];
/// What `build` runs besides.
const ALSO: [&str; 4] = ["test", "unit_test", "saved_query", "function"];
/// Exactly the nodes of the written results.
const SELECTOR: &str = "result:error";

/// What is known of earlier builds, and what this attempt adds.
#[derive(Debug)]
pub(super) struct State {
    kept: Kept,
    entries: Entries,
    /// Without `use_state_orchestration` nothing is reused, but what is built is forgotten.
    active: bool,
    /// Of the task, besides those of a command.
    variables: String,
}

/// A command that is about to run.
#[derive(Debug)]
pub(super) struct Plan {
    /// As it runs; `None`: everything that it selects is reused.
    pub(super) words: Option<Vec<String>>,
    observed: Option<Observed>,
}

/// What was seen before a command ran.
#[derive(Debug)]
struct Observed {
    project: Project,
    newest: BTreeMap<String, Timestamp>,
    variables: String,
    decision: Decision,
    at: Timestamp,
}

impl State {
    pub(super) async fn of(task: &Task, blobs: &BlobStore, active: bool, variables: String) -> Self {
        let scope = match task.offer.connection.as_str() {
            "" => format!("{}/{}", task.offer.pipeline_name, task.offer.task_id),
            connection => connection.to_owned(),
        };
        let kept = Kept::of(blobs, &scope);
        let entries = match kept.load().await {
            Ok(entries) => entries,
            Err(reason) => {
                task.log
                    .line(&format!("the state of earlier builds cannot be read, so none is reused: {reason}"))
                    .await;
                Entries::new()
            }
        };
        Self { kept, entries, active, variables }
    }

    /// How the command runs.
    pub(super) async fn before(&self, project: &super::Project<'_>, command: &Command) -> Plan {
        let as_it_stands = || Plan { words: Some(command.words.clone()), observed: None };
        let Some(kinds) = kinds(&command.words).filter(|_| self.active) else { return as_it_stands() };
        let log = &project.task.log;
        match self.observe(project, &command.words, kinds).await {
            Ok((selected, observed)) => {
                say(log, &observed.decision).await;
                match narrowed(project, &command.words, kinds, &selected, &observed) {
                    Ok(words) => Plan { words, observed: Some(observed) },
                    Err(reason) => {
                        log.line(&format!("use_state_orchestration: {reason}; everything that is selected is built"))
                            .await;
                        as_it_stands()
                    }
                }
            }
            Err(reason) => {
                log.line(&format!("use_state_orchestration: {reason}; everything that is selected is built")).await;
                as_it_stands()
            }
        }
    }

    /// Takes up what the command left: what was built is kept, and what was reused stands among the results.
    pub(super) async fn after(
        &mut self,
        project: &super::Project<'_>,
        plan: Plan,
        fresh: Option<Invocation>,
    ) -> Option<Invocation> {
        let changed = match (&plan.observed, &fresh) {
            (Some(observed), Some(fresh)) => self.learned(observed, fresh),
            (None, Some(fresh)) => self.forgotten(fresh),
            (_, None) => Entries::new(),
        };
        if !changed.is_empty() {
            if let Err(reason) = self.kept.add(&changed).await {
                project.task.log.line(&format!("the state of this build is not kept: {reason}")).await;
            }
            self.entries.extend(changed);
        }
        let Some(observed) = plan.observed.filter(|observed| !observed.decision.reuse.is_empty()) else { return fresh };
        let reused = observed.decision.reuse.iter().map(|(id, since)| reused(id, *since));
        match fresh {
            Some(mut fresh) => {
                fresh.results.results.extend(reused);
                Some(fresh)
            }
            None if plan.words.is_none() => {
                let manifest = artifacts::read_manifest(&folder(project)).ok()??;
                let at = observed.at.to_string();
                let metadata = Metadata { generated_at: at, invocation_id: "reused".to_owned(), ..Metadata::default() };
                let args = Arguments { which: "build".to_owned() };
                let results = RunResults { metadata, results: reused.collect(), args };
                Some(Invocation { manifest, results })
            }
            None => None,
        }
    }

    async fn observe(
        &self,
        project: &super::Project<'_>,
        words: &[String],
        kinds: &'static [&'static str],
    ) -> Result<(BTreeSet<String>, Observed), String> {
        let target = folder(project);
        let ran = call::call(project, &listing::list(words, &target), DBT_LISTING_BYTES_MAX, DBT_STATE_WAIT).await?;
        if ran.exit != Exit::Code(0) {
            return Err(format!("dbt does not list what is selected: {}", said(&ran)));
        }
        let selected = listing::ids(&ran.output)?;
        let of: Project = artifacts::read_file(&target.join("manifest.json"))?.ok_or("dbt wrote no manifest")?;
        // The parse is not done twice.
        let cache = "partial_parse.msgpack";
        if !project.target.join(cache).exists() {
            let copied = std::fs::create_dir_all(&project.target)
                .and_then(|()| std::fs::copy(target.join(cache), project.target.join(cache)));
            drop(copied);
        }
        let newest = self.newest(project, words, &of, &selected, kinds).await?;
        let variables = format!("{:?} {}", call::options(words, &["--vars", "--target", "-t"]), self.variables);
        let at = Timestamp::now();
        let known = Known {
            project: &of,
            kept: &self.kept,
            entries: &self.entries,
            newest: &newest,
            variables: &variables,
            now: at,
        };
        let decision = if listing::refreshes(words) { Decision::default() } else { decide(&known, &selected, kinds) };
        Ok((selected, Observed { project: of, newest, variables, decision, at }))
    }

    /// The newest data of the sources that the selected nodes read.
    async fn newest(
        &self,
        project: &super::Project<'_>,
        words: &[String],
        of: &Project,
        selected: &BTreeSet<String>,
        kinds: &[&str],
    ) -> Result<BTreeMap<String, Timestamp>, String> {
        let builds = |id: &&String| of.nodes.get(*id).is_some_and(|node| kinds.contains(&node.resource_type.as_str()));
        let read: BTreeSet<&str> = selected.iter().filter(builds).flat_map(|id| of.parents(id)).collect();
        let sources = read.into_iter().filter_map(|id| of.sources.get(id)).map(project::Source::selector);
        let sources: Vec<String> = sources.collect();
        if sources.is_empty() {
            return Ok(BTreeMap::new());
        }
        let target = folder(project);
        // Old ones say nothing of now.
        drop(std::fs::remove_file(target.join(freshness::SOURCES)));
        // Stale sources end it with an error: what counts is what it wrote.
        let words = listing::freshness(words, sources, &target);
        let ran = call::call(project, &words, DBT_LISTING_BYTES_MAX, DBT_STATE_WAIT).await?;
        let newest = listing::newest(&target)?;
        if newest.is_empty() && ran.exit != Exit::Code(0) {
            let line = format!("use_state_orchestration: dbt could not tell how new the sources are: {}", said(&ran));
            project.task.log.line(&line).await;
        }
        Ok(newest)
    }

    /// What was built after looking.
    fn learned(&self, observed: &Observed, fresh: &Invocation) -> Entries {
        let of = &observed.project;
        let results = &fresh.results.results;
        // What a failing test is about is built again, so that the test is not passed over next time.
        let failed: BTreeSet<&str> = results
            .iter()
            .filter(|result| {
                matches!(result.status.as_str(), "fail" | "error" | "runtime error") && of.is_test(&result.unique_id)
            })
            .flat_map(|result| of.tested(&result.unique_id))
            .collect();
        let ended: BTreeMap<&str, Timestamp> = built(fresh).collect();
        let mut learned = Entries::new();
        for (id, at) in &ended {
            let Some(node) = of.nodes.get(*id).filter(|_| !failed.contains(id)) else { continue };
            let Some(relation) = node.relation_name.as_deref() else { continue };
            let seen = |parent: &str| {
                let of_node = || self.entries.get(&self.kept.key(of.nodes.get(parent)?.relation_name.as_deref()?));
                let newest = observed.newest.get(parent).or_else(|| ended.get(parent)).copied();
                newest.or_else(|| of_node().map(|entry| entry.last_updated))
            };
            let sources = of.parents(id).into_iter().filter_map(|parent| Some((parent.to_owned(), seen(parent)?)));
            let entry = Entry {
                last_updated: *at,
                checksum: node.checksum.checksum.clone(),
                sources: sources.collect(),
                context: Some(of.context(id, &observed.variables)),
            };
            learned.insert(self.kept.key(relation), entry);
        }
        learned.extend(
            self.forgotten(fresh).into_iter().filter(|(key, _)| !learned.contains_key(key)).collect::<Entries>(),
        );
        learned
    }

    /// What was known, and is built now without knowing from what.
    fn forgotten(&self, fresh: &Invocation) -> Entries {
        let relation = |id: &str| fresh.manifest.nodes.get(id)?.relation_name.clone();
        let keys = built(fresh).filter_map(|(id, at)| Some((self.kept.key(&relation(id)?), at)));
        keys.filter(|(key, _)| self.entries.contains_key(key)).map(|(key, at)| (key, Entry::unknown(at))).collect()
    }
}

/// What a command built, and when that ended.
fn built(fresh: &Invocation) -> impl Iterator<Item = (&str, Timestamp)> {
    let builds =
        BUILDING.iter().any(|(name, _)| *name == fresh.results.args.which) || fresh.results.args.which == "retry";
    let results = fresh.results.results.iter().filter(move |result| builds && result.status == "success");
    results.filter_map(|result| {
        let kind = result.unique_id.split('.').next().unwrap_or_default();
        let ended = result.timing.iter().filter_map(|timing| timing.completed_at.as_deref()?.parse().ok()).max()?;
        BUILDING[0].1.contains(&kind).then_some((result.unique_id.as_str(), ended))
    })
}

/// What the command builds; `None`: it builds nothing, or not the whole of anything.
fn kinds(words: &[String]) -> Option<&'static [&'static str]> {
    let name = resume::command_of(words)?;
    let partial = |word: &String| {
        ["--empty", "--sample", "--event-time-start", "--event-time-end", "--inline"]
            .iter()
            .any(|option| word == option || word.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')))
    };
    if words.iter().any(partial) {
        return None;
    }
    BUILDING.iter().find(|(command, _)| *command == name).map(|(_, kinds)| *kinds)
}

/// The command's words without what is reused; `None`: nothing is left of it.
fn narrowed(
    project: &super::Project<'_>,
    words: &[String],
    kinds: &[&str],
    selected: &BTreeSet<String>,
    observed: &Observed,
) -> Result<Option<Vec<String>>, String> {
    let Observed { decision, project: of, .. } = observed;
    if decision.reuse.is_empty() {
        return Ok(Some(words.to_vec()));
    }
    let left = selected.iter().filter(|id| !decision.reuse.contains_key(*id) && !decision.untested.contains(*id));
    let runs = |id: &&String| {
        let kind = of.node(id).map_or_else(|| id.split('.').next().unwrap_or_default(), |node| &node.resource_type);
        kinds.contains(&kind) && !of.nodes.get(*id).is_some_and(project::Node::is_ephemeral)
            || (kinds.len() > 1 && ALSO.contains(&kind))
    };
    let left: Vec<String> = left.filter(runs).cloned().collect();
    if left.is_empty() {
        return Ok(None);
    }
    let results = project.task.folder.join("changed");
    resume::write_results(&left, &results)
        .map_err(|error| format!("cannot write into {}: {error}", results.display()))?;
    let mut words = resume::narrowed(words, SELECTOR, &results).ok_or("the command's selection cannot be replaced")?;
    // The tests stand among what is selected.
    words.extend(["--indirect-selection".to_owned(), "empty".to_owned()]);
    Ok(Some(words))
}

async fn say(log: &TaskLog, decision: &Decision) {
    let (build, reuse) = (decision.build.len(), decision.reuse.len());
    if reuse == 0 {
        return log.line("use_state_orchestration: nothing is reused").await;
    }
    log.line(&format!("use_state_orchestration: {reuse} reused, {build} built")).await;
    for (id, why) in decision.build.iter().take(DBT_STATE_REASONS_SHOWN) {
        log.line(&format!("  {id}: {why}")).await;
    }
}

fn reused(id: &str, since: Timestamp) -> NodeResult {
    NodeResult {
        unique_id: id.to_owned(),
        status: "reused".to_owned(),
        message: Some(format!("code and data are as when it was built at {since}")),
        ..NodeResult::default()
    }
}

/// What a call printed, on one line.
fn said(ran: &Ran) -> String {
    let text = String::from_utf8_lossy(&ran.output);
    cut(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where dbt writes when it is only asked: what the user's commands wrote stays.
pub(super) fn folder(project: &super::Project<'_>) -> PathBuf {
    project.task.folder.join("state")
}
