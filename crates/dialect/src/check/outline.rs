//! The graph's bones: who exists and who waits for whom, read from the tree even where other parts of it are at fault.

use std::collections::BTreeMap;

use crate::{
    Span,
    yaml::{Entry, Node},
};

/// Entries of the top level, or siblings of a group.
pub(super) struct Outline<'a> {
    pub(super) entries: Vec<OutlineEntry<'a>>,
    /// Where the map of entries is named.
    pub(super) span: Option<Span>,
}

pub(super) struct OutlineEntry<'a> {
    pub(super) id: &'a str,
    pub(super) id_span: Span,
    pub(super) node: &'a Node,
    pub(super) depends_on: Vec<(&'a str, Span)>,
    /// Present for a group.
    pub(super) tasks: Option<Outline<'a>>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(root: &'a Node) -> Outline<'a> {
        Self::of_map(root.entry("pipeline"), true)
    }

    fn of_map(map: Option<&'a Entry>, groups: bool) -> Outline<'a> {
        let entries = map.map_or(&[][..], |entry| entry.value.entries());
        let entries = entries.iter().map(|entry| OutlineEntry {
            id: &entry.key,
            id_span: entry.key_span,
            node: &entry.value,
            depends_on: dependencies(&entry.value),
            tasks: entry.value.entry("tasks").filter(|_| groups).map(|tasks| Self::of_map(Some(tasks), false)),
        });
        Outline { entries: entries.collect(), span: map.map(|entry| entry.key_span) }
    }

    /// Ids by their lower-case form.
    pub(super) fn ids(&self) -> BTreeMap<String, usize> {
        self.entries.iter().enumerate().rev().map(|(at, entry)| (entry.id.to_lowercase(), at)).collect()
    }

    /// All tasks, standalone ones and those of groups.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &OutlineEntry<'a>> {
        self.entries.iter().flat_map(|entry| match &entry.tasks {
            Some(tasks) => tasks.entries.iter().collect::<Vec<_>>(),
            None => vec![entry],
        })
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &OutlineEntry<'a>> {
        self.entries.iter().filter(|entry| entry.tasks.is_some())
    }
}

fn dependencies(node: &Node) -> Vec<(&str, Span)> {
    let items = node.get("depends_on").map_or(&[][..], Node::items);
    items.iter().filter_map(|item| Some((item.text()?, item.span))).collect()
}
