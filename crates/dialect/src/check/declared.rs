//! What a task says it reads and writes (`reads`, `writes` under `meta.downbeat`): keys of single assets, and not more than one event holds.
//!
//! Promises: each fault stands at the key that has it. Knows nothing about what becomes of the keys when the task ends.

use std::collections::BTreeSet;

use super::{Checker, additions, outline::Outline};
use crate::{
    Code, Diagnostic,
    limits::{DECLARED_BYTES, DECLARED_ITEM_BYTES},
    yaml::{Entry, Node},
};

const LISTS: [&str; 2] = ["reads", "writes"];

/// The keys under `reads` or `writes`; the checks have passed.
pub(super) fn keys_of(ours: &Node, list: &str) -> Option<Vec<String>> {
    ours.get(list).map_or(&[][..], Node::items).iter().map(|key| key.text().map(str::to_owned)).collect()
}

impl Checker<'_> {
    pub(super) fn declared_assets(&mut self, outline: &Outline<'_>) {
        for task in outline.tasks() {
            let Some(ours) = additions::ours(task.node) else { continue };
            for list in LISTS {
                self.declared_keys(ours.get(list).map_or(&[][..], Node::items));
            }
            let (reads, writes) = (ours.entry("reads"), ours.entry("writes"));
            self.declared_size(reads, writes);
        }
    }

    fn declared_keys(&mut self, keys: &[Node]) {
        let mut seen = BTreeSet::new();
        for key in keys {
            let Some(text) = key.text() else { continue };
            if text.contains("${{") {
                let help = "name the assets that it reads and writes in every run".to_owned();
                let message = "the key of an asset takes no template";
                self.report(Diagnostic::error(Code::AssetKey, key.span, message).with_help(help));
                continue;
            }
            let no_star = "a task reads and writes single assets, so a key takes no `*`";
            self.asset_key(key, text, Some((no_star, "name each of the assets")));
            if text.contains('/') && text.trim() == text && name_in(text).is_empty() {
                let help = "keys are `<namespace>/<name>`, such as `s3://bucket/orders.csv`".to_owned();
                let message = "no asset has such a key: nothing stands behind its namespace";
                self.report(Diagnostic::error(Code::AssetKey, key.span, message).with_help(help));
            }
            if !seen.insert(text) {
                let message = format!("the asset `{}` stands twice", text.chars().take(60).collect::<String>());
                self.report(Diagnostic::error(Code::RepeatedName, key.span, message));
            }
        }
    }

    fn declared_size(&mut self, reads: Option<&Entry>, writes: Option<&Entry>) {
        let Some(last) = writes.or(reads) else { return };
        let bytes = weight(&lengths(reads), &lengths(writes));
        if bytes > DECLARED_BYTES {
            let (kib, most) = (bytes.div_ceil(1_024), DECLARED_BYTES / 1_024);
            let message = format!(
                "what this task reads and writes is too much to report at once: an edge for each pair makes {kib} KiB, and {most} are \
                 allowed"
            );
            let help = "name fewer assets, or let several tasks say it".to_owned();
            self.report(Diagnostic::error(Code::OutOfRange, last.key_span, message).with_help(help));
        }
    }
}

/// What stands behind the namespace, which may be an address.
fn name_in(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, name)| name.trim_matches('/'))
}

fn lengths(list: Option<&Entry>) -> Vec<usize> {
    let items = list.map_or(&[][..], |list| list.value.items());
    items.iter().filter_map(Node::text).map(str::len).collect()
}

/// Bytes, at most, of the operations, assets and edges that these lengths of keys become.
fn weight(reads: &[usize], writes: &[usize]) -> usize {
    let (read, written): (usize, usize) = (reads.iter().sum(), writes.iter().sum());
    // An asset has its key, its namespace and its name; an operation names the asset that it wrote.
    let assets = 2 * read + 3 * written + DECLARED_ITEM_BYTES * (reads.len() + 2 * writes.len());
    let pairs = read * writes.len().max(1) + written * reads.len().max(1);
    // Of an edge little is said besides its two keys.
    assets + pairs + 30 * reads.len().max(1) * writes.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_counts() {
        for (reads, writes, fits) in [
            (vec![50; 100], vec![50; 1], true),
            (vec![50; 1], vec![50; 100], true),
            (vec![50; 20], vec![50; 15], true),
            (vec![50; 100], vec![50; 100], false),
            (vec![500; 60], vec![500; 1], false),
            (vec![], vec![60; 100], true),
        ] {
            assert_eq!(weight(&reads, &writes) <= DECLARED_BYTES, fits, "{} x {}", reads.len(), writes.len());
        }
    }
}
