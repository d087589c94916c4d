//! What a command built, each after what it was made of.

use std::collections::BTreeSet;

use super::super::artifacts::Invocation;

/// Ids of models, seeds and snapshots that were built. Those in a circle come once, in some order.
pub(super) fn built(invocation: &Invocation) -> Vec<&str> {
    let results = invocation.results.results.iter();
    let built: BTreeSet<&str> = results
        .filter(|result| matches!(result.status.as_str(), "success" | "partial success" | "warn"))
        .map(|result| result.unique_id.as_str())
        .filter(|id| ["model.", "seed.", "snapshot."].iter().any(|kind| id.starts_with(kind)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut ordered = Vec::new();
    for id in &built {
        visit(invocation, id, &built, &mut seen, &mut ordered);
    }
    ordered
}

/// `from` behind everything that it is made of. Goes down without recursion: a chain of models has any length.
fn visit<'a>(
    invocation: &'a Invocation,
    from: &'a str,
    built: &BTreeSet<&str>,
    seen: &mut BTreeSet<&'a str>,
    ordered: &mut Vec<&'a str>,
) {
    let parents = |id: &str| invocation.manifest.nodes.get(id).map_or(&[][..], |node| &node.depends_on.nodes);
    if !seen.insert(from) {
        return;
    }
    let mut open = vec![(from, parents(from).iter())];
    while let Some((id, left)) = open.last_mut() {
        match left.next() {
            Some(parent) => {
                if seen.insert(parent) {
                    open.push((parent, parents(parent).iter()));
                }
            }
            None => {
                if built.contains(id) {
                    ordered.push(id);
                }
                open.pop();
            }
        }
    }
}
