//! From a place in a text to the way that leads there in the document.

use crate::{
    edit::{Path, Step},
    yaml::{self, Node},
};

/// The way to the innermost value that a byte of the text belongs to; that of a key leads to its value. Empty for the root, for what
/// lies between values at the top, and for a text that cannot be read.
pub fn path_at(source: &str, offset: usize) -> Path {
    paths_at(source, &[offset]).pop().unwrap_or_default()
}

/// The same of several bytes, in their order: the text is read once.
pub fn paths_at(source: &str, offsets: &[usize]) -> Vec<Path> {
    let root = yaml::read(source, &mut Vec::new());
    let path = |offset: &usize| {
        let mut way = Vec::new();
        if let Some(root) = &root {
            descend(root, *offset, &mut way);
        }
        Path(way)
    };
    offsets.iter().map(path).collect()
}

fn descend(node: &Node, offset: usize, way: &mut Vec<Step>) {
    // Of neighbours, the one that begins last before the place: spans of blocks may end behind it.
    let entry = node.entries().iter().rev().find(|entry| entry.key_span.start <= offset);
    if let Some(entry) = entry.filter(|_| holds(node, offset)) {
        way.push(Step::Key(entry.key.clone()));
        if offset >= entry.value.span.start {
            descend(&entry.value, offset, way);
        }
        return;
    }
    let item = node.items().iter().enumerate().rev().find(|(_, item)| item.span.start <= offset);
    if let Some((at, item)) = item.filter(|_| holds(node, offset)) {
        way.push(Step::Index(at));
        descend(item, offset, way);
    }
}

/// A place at the very beginning of a map is the map itself, where nothing but its first key could be meant.
fn holds(node: &Node, offset: usize) -> bool {
    node.span.start <= offset && offset <= node.span.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_leads_to_the_innermost_value() {
        let source = "version: v1\npipeline:\n  g:\n    tasks:\n      t:\n        depends_on: [a, b]\n        name: x\nlast: 1\n";
        for (at, expected) in [
            ("version", "version"),
            ("v1", "version"),
            ("g:", "pipeline.g"),
            ("t:", "pipeline.g.tasks.t"),
            ("a,", "pipeline.g.tasks.t.depends_on[0]"),
            ("b]", "pipeline.g.tasks.t.depends_on[1]"),
            ("name", "pipeline.g.tasks.t.name"),
            ("x\n", "pipeline.g.tasks.t.name"),
            ("1\n", "last"),
        ] {
            let offset = if at == "1\n" { source.rfind(at) } else { source.find(at) };
            let found = path_at(source, offset.unwrap());
            let at = if at == "t:" { source.find("      t:").map(|at| at + 6) } else { None };
            let found = at.map_or(found, |at| path_at(source, at));
            assert_eq!(found.to_string(), expected);
        }
    }

    #[test]
    fn what_cannot_be_read_has_no_ways() {
        for source in ["", "a: [", "\u{0}", "just a text"] {
            assert_eq!(path_at(source, 3), Path::default(), "{source:?}");
        }
        assert_eq!(path_at("a: 1\n", 1_000_000).to_string(), "");
        let several = paths_at("a: 1\nb: [2]\n", &[9, 0]);
        assert_eq!(several.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b[0]", "a"]);
    }
}
