//! Ids and dependencies: unique, existing, without cycles.

use std::collections::BTreeMap;

use super::{
    Checker,
    outline::{Outline, OutlineEntry},
};
use crate::{Code, Diagnostic};

impl Checker<'_> {
    pub(super) fn graph(&mut self, outline: &Outline<'_>) {
        self.not_empty(outline, "the pipeline has no task");
        self.unique_ids(outline);
        self.dependencies(outline, None, outline);
        self.cycles(outline);
        for group in outline.groups() {
            let Some(tasks) = &group.tasks else { continue };
            self.not_empty(tasks, &format!("the task group `{}` has no task", group.id));
            // The official validator does not look into groups, and what the service does is unknown.
            self.as_advice(|checker| {
                checker.dependencies(tasks, Some(group.id), outline);
                checker.cycles(tasks);
            });
        }
    }

    fn not_empty(&mut self, outline: &Outline<'_>, message: &str) {
        if let Some(span) = outline.span.filter(|_| outline.entries.is_empty()) {
            self.report(Diagnostic::warning(Code::NoTasks, span, message));
        }
    }

    /// Groups and tasks share one space of ids, without regard to case.
    fn unique_ids(&mut self, outline: &Outline<'_>) {
        let mut lines = BTreeMap::new();
        for top in &outline.entries {
            let inner = top.tasks.iter().flat_map(|tasks| &tasks.entries);
            for entry in std::iter::once(top).chain(inner) {
                if entry.id.trim().is_empty() {
                    self.report(Diagnostic::warning(Code::BadId, entry.id_span, "an id should not be empty"));
                }
                if let Some(first) = lines.get(&entry.id.to_lowercase()) {
                    let message =
                        format!("the id `{}` is used twice in the pipeline (first on line {first})", entry.id);
                    let advice = Diagnostic::warning(Code::DuplicateId, entry.id_span, message);
                    self.report(
                        advice.with_help("groups and tasks share their ids, and case does not count".to_owned()),
                    );
                } else {
                    lines.insert(entry.id.to_lowercase(), entry.id_span.line);
                }
            }
        }
    }

    fn dependencies(&mut self, siblings: &Outline<'_>, group: Option<&str>, whole: &Outline<'_>) {
        let ids = siblings.ids();
        for entry in &siblings.entries {
            for (dependency, span) in &entry.depends_on {
                let wanted = dependency.to_lowercase();
                if wanted == entry.id.to_lowercase() {
                    let message = format!("`{}` depends on itself", entry.id);
                    self.report(Diagnostic::error(Code::SelfDependency, *span, message));
                } else if !ids.contains_key(&wanted) {
                    let candidates = siblings.entries.iter().map(|sibling| sibling.id).filter(|id| *id != entry.id);
                    let help = self.suggest(dependency, candidates).or_else(|| elsewhere(dependency, group, whole));
                    let message = format!("`{}` depends on `{dependency}`, which does not exist here", entry.id);
                    self.report(Diagnostic::error(Code::UnknownDependency, *span, message).with_help(help));
                }
            }
        }
    }

    /// Reports each cycle once, with its path.
    fn cycles(&mut self, siblings: &Outline<'_>) {
        let ids = siblings.ids();
        let targets = |entry: &OutlineEntry<'_>| -> Vec<usize> {
            let found =
                entry.depends_on.iter().filter_map(|(dependency, _)| ids.get(&dependency.to_lowercase()).copied());
            found.collect()
        };
        let edges: Vec<Vec<usize>> = siblings.entries.iter().map(targets).collect();
        for cycle in find_cycles(&edges) {
            let path: Vec<&str> = cycle.iter().chain(cycle.first()).map(|at| siblings.entries[*at].id).collect();
            let Some(first) = cycle.first().map(|at| &siblings.entries[*at]) else { continue };
            let next = path.get(1).copied().unwrap_or(first.id);
            let closing = first.depends_on.iter().find(|(dependency, _)| dependency.eq_ignore_ascii_case(next));
            let span = closing.map_or(first.id_span, |(_, span)| *span);
            let message = format!("dependencies form a cycle: {}", path.join(" -> "));
            self.report(Diagnostic::error(Code::DependencyCycle, span, message));
        }
    }
}

/// Why an id that exists cannot be named here.
fn elsewhere(dependency: &str, group: Option<&str>, whole: &Outline<'_>) -> Option<String> {
    let same = |id: &str| id.eq_ignore_ascii_case(dependency);
    if let Some(group) = group {
        let top_level = whole.entries.iter().any(|entry| same(entry.id));
        let help = format!("a task in a group names siblings only: let the group `{group}` depend on it");
        return top_level.then_some(help);
    }
    let owner = whole.groups().find(|candidate| {
        candidate.tasks.as_ref().is_some_and(|tasks| tasks.entries.iter().any(|task| same(task.id)))
    })?;
    Some(format!("that task is inside the group `{0}`: depend on `{0}`", owner.id))
}

/// One cycle per way back that a depth-first walk meets; self references are not cycles here. Without recursion: chains are long.
fn find_cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; edges.len()];
    let mut cycles = Vec::new();
    for start in 0..edges.len() {
        if states[start] != State::New {
            continue;
        }
        states[start] = State::Open;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let (node, edge) = (*node, edges[*node].get(*next).copied());
            *next += 1;
            match edge {
                None => {
                    states[node] = State::Done;
                    path.pop();
                }
                Some(target) if states[target] == State::New => {
                    states[target] = State::Open;
                    path.push((target, 0));
                }
                Some(target) if states[target] == State::Open && target != node => {
                    let from = path.iter().position(|(node, _)| *node == target).unwrap_or(0);
                    cycles.push(path[from..].iter().map(|(node, _)| *node).collect());
                }
                Some(_) => {}
            }
        }
    }
    cycles
}
