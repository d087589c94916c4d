//! Assets of a run as a tree, from what nothing feeds to what feeds nothing. Tests are properties of assets.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_proto::{
    events::v1::LineageEdge,
    metadata::v1::{Asset, AssetTest},
};

use super::{clean, mark};

/// The tree. An asset that several others feed stands once in full and else by name.
pub fn tree(assets: &[Asset], edges: &[LineageEdge]) -> String {
    let known: BTreeMap<&str, &Asset> = assets.iter().map(|asset| (key(asset), asset)).collect();
    let mut fed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut has_source: BTreeSet<&str> = BTreeSet::new();
    for edge in edges {
        fed.entry(&edge.from).or_default().insert(&edge.to);
        has_source.insert(&edge.to);
    }
    let mut drawing = Drawing { known, fed, drawn: BTreeSet::new(), lines: Vec::new() };
    let roots: Vec<&str> = drawing.known.keys().copied().filter(|key| !has_source.contains(key)).collect();
    for root in roots {
        drawing.draw(root, "", "");
    }
    // What stands only in a circle has no root.
    let rest: Vec<&str> = drawing.known.keys().copied().filter(|key| !drawing.drawn.contains(key)).collect();
    for key in rest {
        if !drawing.drawn.contains(key) {
            drawing.draw(key, "", "");
        }
    }
    drawing.lines.join("\n")
}

/// Assets, edges and tests in one line.
pub fn summary(assets: &[Asset], edges: &[LineageEdge]) -> String {
    let tests = || assets.iter().flat_map(|asset| &asset.tests);
    let passed = tests().filter(|test| test.status == "SUCCEEDED").count();
    let total = tests().count();
    format!("{} assets, {} edges, tests passed {passed}/{total}", assets.len(), edges.len())
}

struct Drawing<'a> {
    known: BTreeMap<&'a str, &'a Asset>,
    fed: BTreeMap<&'a str, BTreeSet<&'a str>>,
    drawn: BTreeSet<&'a str>,
    lines: Vec<String>,
}

impl<'a> Drawing<'a> {
    fn draw(&mut self, at: &'a str, first: &str, rest: &str) {
        let again = !self.drawn.insert(at);
        let text = match self.known.get(at) {
            Some(asset) if again => format!("{} ↑", name(asset)),
            Some(asset) => describe(asset),
            None => clean(at),
        };
        self.lines.push(format!("{first}{text}"));
        if again {
            return;
        }
        let children: Vec<&str> = self.fed.get(at).map(|fed| fed.iter().copied().collect()).unwrap_or_default();
        for (index, child) in children.iter().enumerate() {
            let last = index + 1 == children.len();
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(child, &format!("{rest}{branch}"), &format!("{rest}{below}"));
        }
    }
}

fn key(asset: &Asset) -> &str {
    asset.asset.as_ref().map(|asset| asset.key.as_str()).unwrap_or_default()
}

fn name(asset: &Asset) -> String {
    asset.asset.as_ref().map(|asset| clean(&asset.name)).unwrap_or_default()
}

/// `fct_weather  TABLE  1,461 rows  ✓ 4 tests`.
fn describe(asset: &Asset) -> String {
    let mut parts = vec![name(asset)];
    if let Some(detail) = &asset.asset {
        parts.push(clean(&detail.r#type));
        let rows = if detail.row_count >= 0 { detail.row_count } else { asset.rows_affected };
        if rows >= 0 {
            parts.push(format!("{} rows", thousands(rows)));
        }
    }
    if !asset.tests.is_empty() {
        parts.push(tests(&asset.tests));
    }
    parts.join("  ")
}

fn tests(tests: &[AssetTest]) -> String {
    let passed = tests.iter().filter(|test| test.status == "SUCCEEDED").count();
    if passed == tests.len() {
        return format!("{} {passed} test{}", mark("SUCCEEDED"), if passed == 1 { "" } else { "s" });
    }
    let bad = tests.iter().filter(|test| test.status != "SUCCEEDED");
    let names: Vec<String> = bad.map(|test| format!("{} {}", mark(&test.status), clean(&test.name))).collect();
    format!("{passed}/{} tests  {}", tests.len(), names.join(", "))
}

pub(super) fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests_of_the_tree {
    use super::*;

    fn asset(name: &str, kind: &str, rows: i64, tests: &[&str]) -> Asset {
        let detail = downbeat_proto::events::v1::Asset {
            key: format!("db/{name}"),
            name: name.to_owned(),
            r#type: kind.to_owned(),
            row_count: rows,
            ..Default::default()
        };
        let test =
            |status: &&str| AssetTest { name: "t".to_owned(), status: (*status).to_owned(), ..Default::default() };
        Asset { asset: Some(detail), rows_affected: -1, tests: tests.iter().map(test).collect(), ..Default::default() }
    }

    fn edge(from: &str, to: &str) -> LineageEdge {
        LineageEdge {
            from: format!("db/{from}"),
            to: format!("db/{to}"),
            operation: String::new(),
            ..LineageEdge::default()
        }
    }

    #[test]
    fn shared_assets_stand_once_in_full_and_tests_are_properties() {
        let assets = [
            asset("a", "TABLE", 1_461, &[]),
            asset("b", "VIEW", -1, &["SUCCEEDED", "SUCCEEDED"]),
            asset("c", "TABLE", 7, &["SUCCEEDED", "FAILED"]),
        ];
        let edges = [edge("a", "b"), edge("a", "c"), edge("b", "c")];
        let expected = "a  TABLE  1,461 rows\n├─ b  VIEW  ✓ 2 tests\n│  └─ c  TABLE  7 rows  1/2 tests  ✗ t\n└─ c ↑";
        assert_eq!(tree(&assets, &edges), expected);
        assert_eq!(summary(&assets, &edges), "3 assets, 3 edges, tests passed 3/4");
    }

    #[test]
    fn a_circle_is_drawn_and_ends() {
        let assets = [asset("a", "TABLE", 1, &[]), asset("b", "TABLE", 1, &[])];
        assert_eq!(tree(&assets, &[edge("a", "b"), edge("b", "a")]).lines().count(), 3);
    }
}
