//! Who reads whom without waiting: expressions that look at tasks which may not have run yet.

use std::{collections::BTreeMap, ops::Range};

use super::{Checker, outline::Outline};
use crate::{Code, Diagnostic, expression::Reference, limits::UPSTREAM_STEPS, yaml::Node};

/// A node of the graph by its place in the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reader {
    pub(super) top: usize,
    /// Present for a task inside the group `top`.
    pub(super) inner: Option<usize>,
}

/// A task or group that a node looks at.
pub(super) struct Read<'a> {
    reader: Reader,
    id: String,
    group: bool,
    node: &'a Node,
    range: Range<usize>,
}

impl<'a> Read<'a> {
    pub(super) fn of(reader: Reader, reference: &Reference, node: &'a Node, range: &Range<usize>) -> Option<Self> {
        let (id, group) = match reference {
            Reference::Task { id, .. } => (id, false),
            Reference::TaskGroup(id) => (id, true),
            _ => return None,
        };
        Some(Self { reader, id: id.clone(), group, node, range: range.clone() })
    }
}

impl<'a> Checker<'a> {
    pub(super) fn upstream(&mut self, outline: &Outline<'_>) {
        let mut reads = std::mem::take(&mut self.reads);
        if reads.is_empty() {
            return;
        }
        reads.sort_by_key(|read| read.reader);
        let places = places(outline);
        let top = edges(outline);
        let mut steps = UPSTREAM_STEPS;
        let mut known: Option<(usize, Vec<bool>)> = None;
        let mut siblings: Option<(usize, Vec<Vec<usize>>)> = None;
        for read in reads {
            let Reader { top: at, inner } = read.reader;
            let above = match known.take().filter(|(of, _)| *of == at) {
                Some((_, above)) => above,
                None => reachable(&top, at, &mut steps),
            };
            let target = places.get(&(read.group, read.id.to_lowercase())).copied();
            let waits = match (target, inner) {
                (Some(target), _) if above.get(target.top) == Some(&true) => true,
                (Some(Reader { top: group, inner: Some(task) }), Some(own)) if group == at => {
                    let edges = match siblings.take().filter(|(of, _)| *of == at) {
                        Some((_, edges)) => edges,
                        None => {
                            outline.entries.get(at).and_then(|entry| entry.tasks.as_ref()).map_or(Vec::new(), edges)
                        }
                    };
                    let waits = reachable(&edges, own, &mut steps).get(task) == Some(&true);
                    siblings = Some((at, edges));
                    waits
                }
                (target, _) => target.is_none(),
            };
            known = Some((at, above));
            // Out of steps: nothing more can be told, and this is only advice.
            if steps == 0 {
                return;
            }
            if let Some(target) = target.filter(|_| !waits) {
                self.not_upstream(outline, &read, target);
            }
        }
    }

    fn not_upstream(&mut self, outline: &Outline<'_>, read: &Read<'a>, target: Reader) {
        let id_of = |at: Reader| {
            let entry = outline.entries.get(at.top)?;
            Some(match at.inner {
                Some(inner) => entry.tasks.as_ref()?.entries.get(inner)?.id,
                None => entry.id,
            })
        };
        let top = |at: Reader| Reader { inner: None, ..at };
        let (Some(reader), Some(seen)) = (id_of(read.reader), id_of(target)) else { return };
        let span = self.span_in(read.node, read.range.clone());
        if target.top == read.reader.top && (target.inner.is_none() || target == read.reader) {
            let message = format!("`{reader}` looks at `{seen}`, of which it is itself a part");
            self.report(Diagnostic::warning(Code::NotUpstream, span, message));
            return;
        }
        let same_group = target.top == read.reader.top;
        let (waiting, awaited) = match same_group {
            true => (reader, Some(seen)),
            false => (id_of(top(read.reader)).unwrap_or(reader), id_of(top(target))),
        };
        let message =
            format!("`{reader}` looks at `{seen}` but does not wait for it, so what it sees is a matter of luck");
        let help = awaited.map(|awaited| format!("add `{awaited}` to `depends_on` of `{waiting}`"));
        self.report(Diagnostic::warning(Code::NotUpstream, span, message).with_help(help));
    }
}

/// Where every group (`true`) and task (`false`) stands, by lower-case id.
fn places(outline: &Outline<'_>) -> BTreeMap<(bool, String), Reader> {
    let mut places = BTreeMap::new();
    for (top, entry) in outline.entries.iter().enumerate() {
        let at = Reader { top, inner: None };
        places.entry((entry.tasks.is_some(), entry.id.to_lowercase())).or_insert(at);
        for (inner, task) in entry.tasks.iter().flat_map(|tasks| &tasks.entries).enumerate() {
            places.entry((false, task.id.to_lowercase())).or_insert(Reader { inner: Some(inner), ..at });
        }
    }
    places
}

/// For every entry the siblings that it waits for.
fn edges(siblings: &Outline<'_>) -> Vec<Vec<usize>> {
    let ids = siblings.ids();
    let of = |id: &str| ids.get(&id.to_lowercase()).copied();
    let entries = siblings.entries.iter();
    entries.map(|entry| entry.depends_on.iter().filter_map(|(id, _)| of(id)).collect()).collect()
}

/// For every entry whether `from` waits for it, directly or not; steps are spent per edge.
fn reachable(edges: &[Vec<usize>], from: usize, steps: &mut usize) -> Vec<bool> {
    let mut found = vec![false; edges.len()];
    let mut open = vec![from];
    while let Some(next) = open.pop().and_then(|at| edges.get(at)) {
        *steps = steps.saturating_sub(next.len());
        if *steps == 0 {
            break;
        }
        for at in next.iter().copied().filter(|at| *at != from) {
            if found.get(at) == Some(&false) {
                found[at] = true;
                open.push(at);
            }
        }
    }
    found
}
