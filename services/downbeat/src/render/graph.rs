//! Lineage over all runs, as people read it: a tree up, a tree down, a list of what breaks, a way from here to there.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_proto::metadata::v1::{
    AssetEdge, AssetWriter, FindLineagePathResponse, GetImpactResponse, GetLineageResponse, LineageDirection,
    LineageNode,
};

use super::{clean, mark};

/// What an asset came of and what came of it.
pub fn around(answer: &GetLineageResponse, direction: LineageDirection) -> Vec<String> {
    let Some(start) = answer.nodes.first() else { return Vec::new() };
    let mut lines = vec![node_line(start)];
    let known: BTreeMap<&str, &LineageNode> = answer.nodes.iter().map(|node| (node.key.as_str(), node)).collect();
    for (up, title) in [(true, "made of"), (false, "made into")] {
        let unwanted = if up { LineageDirection::Downstream } else { LineageDirection::Upstream };
        if direction == unwanted {
            continue;
        }
        let mut next = BTreeMap::<&str, BTreeSet<&str>>::new();
        for edge in &answer.edges {
            let (here, there) = if up { (&edge.to, &edge.from) } else { (&edge.from, &edge.to) };
            next.entry(here).or_default().insert(there);
        }
        let mut tree = Tree { known: &known, next, drawn: BTreeSet::from([start.key.as_str()]), lines: Vec::new() };
        tree.below(&start.key, "");
        let nothing = if up { "made of nothing that anybody told" } else { "nothing is made of it" };
        lines.push(if tree.lines.is_empty() { nothing.to_owned() } else { title.to_owned() });
        lines.extend(tree.lines);
    }
    if answer.truncated {
        lines.push(
            "There is more than fits into one answer: ask with a smaller --depth, or from further on.".to_owned(),
        );
    }
    lines
}

struct Tree<'a> {
    known: &'a BTreeMap<&'a str, &'a LineageNode>,
    next: BTreeMap<&'a str, BTreeSet<&'a str>>,
    drawn: BTreeSet<&'a str>,
    lines: Vec<String>,
}

impl<'a> Tree<'a> {
    fn below(&mut self, at: &str, rest: &str) {
        let children: Vec<&'a str> = self.next.get(at).map(|next| next.iter().copied().collect()).unwrap_or_default();
        for (index, child) in children.iter().enumerate() {
            let last = index + 1 == children.len();
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let again = !self.drawn.insert(child);
            let line = match self.known.get(child) {
                Some(node) if again => format!("{} ↑", short(&node.key)),
                Some(node) => node_line(node),
                None => clean(child),
            };
            self.lines.push(format!("{rest}{branch}{line}"));
            if !again {
                self.below(child, &format!("{rest}{below}"));
            }
        }
    }
}

/// `postgres://db:5432/shop.public.orders  TABLE  ✓ HEALTHY  daily/build_models  (id, total)`.
fn node_line(node: &LineageNode) -> String {
    let mut parts = vec![clean(&node.key)];
    if let Some(asset) = &node.asset {
        parts.push(asset.asset.as_ref().map(|asset| clean(&asset.r#type)).unwrap_or_default());
        if asset.status != "UNKNOWN" {
            parts.push(format!("{} {}", mark(&asset.status), clean(&asset.status)));
        }
    }
    parts.extend(node.writers.first().map(writer));
    if !node.columns.is_empty() {
        parts.push(format!("({})", clean(&node.columns.join(", "))));
    }
    if node.more {
        parts.push("…".to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// `pipeline/task`, or the job of another system.
pub(super) fn writer(writer: &AssetWriter) -> String {
    whose(&writer.pipeline_alias, &writer.pipeline_id, &writer.task)
}

/// A task of a pipeline, by names.
pub(super) fn whose(alias: &str, id: &str, task: &str) -> String {
    let pipeline = if alias.is_empty() { super::short(id) } else { clean(alias) };
    if pipeline.is_empty() { clean(task) } else { format!("{pipeline}/{}", clean(task)) }
}

fn short(key: &str) -> String {
    clean(key.rsplit('/').next().unwrap_or(key))
}

/// What breaks.
pub fn impact(answer: &GetImpactResponse, column: Option<&str>) -> Vec<String> {
    let of = match column {
        Some(column) => format!("column {} of {}", clean(column), clean(&answer.asset)),
        None => clean(&answer.asset),
    };
    if answer.affected.is_empty() {
        return vec![format!("nothing depends on {of}, as far as anybody said")];
    }
    let more = if answer.truncated { " at least" } else { "" };
    let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let mut lines = vec![format!(
        "If {of} goes or changes,{more} {}, {} and {} are affected.",
        count(answer.affected.len(), "asset"),
        count(answer.tasks.len(), "task"),
        count(answer.exposed.len(), "exposure"),
    )];
    if !answer.owners.is_empty() {
        lines.push(format!("Tell: {}", clean(&answer.owners.join(", "))));
    }
    if !answer.exposed.is_empty() {
        lines.push("People see it in".to_owned());
        lines.extend(answer.exposed.iter().map(|key| format!("  {}", clean(key))));
    }
    lines.push("Assets".to_owned());
    lines.extend(answer.affected.iter().map(|node| format!("  {}", node_line(node))));
    if !answer.tasks.is_empty() {
        lines.push("Tasks".to_owned());
        lines.extend(answer.tasks.iter().map(|task| format!("  {}", writer(task))));
    }
    lines
}

/// One step a line.
pub fn path(answer: &FindLineagePathResponse) -> Vec<String> {
    let mut lines = Vec::new();
    if answer.reversed {
        lines.push("The other way round:".to_owned());
    }
    lines.extend(answer.edges.first().map(|edge| clean(&edge.from)));
    lines.extend(answer.edges.iter().map(step));
    lines
}

fn step(edge: &AssetEdge) -> String {
    let by = edge.sources.first().map(|source| whose(&source.pipeline_alias, &source.pipeline_id, &source.task));
    let verb = if edge.kind == "EXPOSES" { "shown by" } else { "→" };
    format!("  {verb} {}  {}", clean(&edge.to), by.unwrap_or_default()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use downbeat_proto::metadata::v1::EdgeSource;

    use super::*;

    fn node(key: &str, distance: u32) -> LineageNode {
        let writer = AssetWriter { pipeline_alias: "daily".into(), task: format!("t_{key}"), ..AssetWriter::default() };
        LineageNode { key: format!("db/{key}"), distance, writers: vec![writer], ..LineageNode::default() }
    }

    fn edge(from: &str, to: &str) -> AssetEdge {
        let source = EdgeSource { pipeline_alias: "daily".into(), task: "t".into(), ..EdgeSource::default() };
        AssetEdge {
            from: format!("db/{from}"),
            to: format!("db/{to}"),
            kind: "DERIVES".into(),
            sources: vec![source],
            columns: Vec::new(),
        }
    }

    #[test]
    fn a_tree_goes_up_and_another_down_and_shows_each_asset_once() {
        let answer = GetLineageResponse {
            nodes: vec![node("mart", 0), node("stg_a", 1), node("stg_b", 1), node("raw", 2), node("board\u{1b}[2J", 1)],
            edges: vec![
                edge("stg_a", "mart"),
                edge("stg_b", "mart"),
                edge("raw", "stg_a"),
                edge("raw", "stg_b"),
                edge("mart", "board\u{1b}[2J"),
            ],
            truncated: false,
            position: None,
        };
        let lines = around(&answer, LineageDirection::Both);
        assert_eq!(
            lines,
            [
                "db/mart  daily/t_mart",
                "made of",
                "├─ db/stg_a  daily/t_stg_a",
                "│  └─ db/raw  daily/t_raw",
                "└─ db/stg_b  daily/t_stg_b",
                "   └─ raw ↑",
                "made into",
                "└─ db/board [2J  daily/t_board [2J",
            ]
        );
        let down = around(&answer, LineageDirection::Downstream);
        assert_eq!(down.len(), 3);
    }

    #[test]
    fn what_breaks_is_told_in_one_sentence_first() {
        let answer = GetImpactResponse {
            affected: vec![node("stg", 1), node("board", 2)],
            exposed: vec!["db/board".into()],
            tasks: vec![AssetWriter { pipeline_alias: "daily".into(), task: "build".into(), ..AssetWriter::default() }],
            owners: vec!["sales@example.org".into()],
            asset: "db/raw".into(),
            ..GetImpactResponse::default()
        };
        let lines = impact(&answer, Some("id"));
        assert_eq!(lines[0], "If column id of db/raw goes or changes, 2 assets, 1 task and 1 exposure are affected.");
        assert!(lines.contains(&"Tell: sales@example.org".to_owned()) && lines.contains(&"  daily/build".to_owned()));
        let nothing = GetImpactResponse { asset: "db/raw".into(), ..GetImpactResponse::default() };
        assert_eq!(impact(&nothing, None), ["nothing depends on db/raw, as far as anybody said"]);
    }

    #[test]
    fn a_way_is_told_step_by_step() {
        let mut answer = FindLineagePathResponse {
            edges: vec![edge("a", "b"), AssetEdge { kind: "EXPOSES".into(), ..edge("b", "c") }],
            ..FindLineagePathResponse::default()
        };
        assert_eq!(path(&answer), ["db/a", "  → db/b  daily/t", "  shown by db/c  daily/t"]);
        answer.reversed = true;
        assert_eq!(path(&answer)[0], "The other way round:");
    }
}
