//! Of dbt's manifest what decides whether a node must be built: its code, all that makes it, and what it reads.
//!
//! Pure. Promises: whatever a manifest holds, it is read to an end (chains and cycles of any length).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

/// Settings that change nothing of what a build writes.
const IDLE_SETTINGS: [&str; 8] = ["access", "docs", "freshness", "full_refresh", "group", "meta", "tags", "event_time"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Project {
    metadata: Metadata,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) sources: BTreeMap<String, Source>,
    unit_tests: BTreeMap<String, Node>,
    macros: BTreeMap<String, Macro>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    adapter_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) resource_type: String,
    pub(super) relation_name: Option<String>,
    pub(super) checksum: Checksum,
    raw_code: String,
    config: BTreeMap<String, Value>,
    columns: Value,
    depends_on: DependsOn,
    attached_node: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Checksum {
    /// How it was made; `path`: of the file's name alone, since the file is large.
    pub(super) name: String,
    pub(super) checksum: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DependsOn {
    nodes: Vec<String>,
    macros: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Macro {
    package_name: String,
    macro_sql: String,
    depends_on: DependsOn,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    package_name: String,
    source_name: String,
    name: String,
}

/// How long a node may be left alone after a build although there is new data (`freshness: {build_after: ...}` of a model).
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct BuildAfter {
    count: i64,
    period: String,
    updates_on: String,
}

impl BuildAfter {
    pub(super) fn seconds(&self) -> i64 {
        let unit = match self.period.as_str() {
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => 0,
        };
        self.count.max(0).saturating_mul(unit)
    }

    /// Whether everything that it reads must have something new.
    pub(super) fn of_all(&self) -> bool {
        self.updates_on == "all"
    }
}

impl Source {
    /// As `dbt source freshness --select` has it.
    pub(super) fn selector(&self) -> String {
        format!("source:{}.{}.{}", self.package_name, self.source_name, self.name)
    }
}

impl Project {
    /// What a node reads, by unique id: sources and nodes that are there as relations. Ephemeral models are none, so what they read
    /// counts instead.
    pub(super) fn parents(&self, id: &str) -> BTreeSet<&str> {
        self.reach(id).0
    }

    /// What a test tests.
    pub(super) fn tested(&self, id: &str) -> BTreeSet<&str> {
        let mut found = self.parents(id);
        let test = self.node(id);
        found.extend(test.and_then(|test| test.attached_node.as_deref()).filter(|node| self.nodes.contains_key(*node)));
        found
    }

    pub(super) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id).or_else(|| self.unit_tests.get(id))
    }

    pub(super) fn is_test(&self, id: &str) -> bool {
        self.node(id).is_some_and(|node| matches!(node.resource_type.as_str(), "test" | "unit_test"))
    }

    pub(super) fn build_after(&self, id: &str) -> Option<BuildAfter> {
        let freshness = self.nodes.get(id)?.config.get("freshness")?;
        serde_json::from_value(freshness.get("build_after")?.clone()).ok()
    }

    /// A hash of everything besides its own code that makes what a node writes. `variables`: of the command and the task; they count
    /// where the code asks for any.
    pub(super) fn context(&self, id: &str, variables: &str) -> String {
        let Some(node) = self.nodes.get(id) else { return String::new() };
        let ephemeral: Vec<(&str, &Node)> =
            self.reach(id).1.into_iter().filter_map(|id| Some((id, self.nodes.get(id)?))).collect();
        let codes = || std::iter::once(node).chain(ephemeral.iter().map(|(_, node)| *node));
        let macros = self.macros_of(codes());
        let mut texts = codes().map(|node| node.raw_code.as_str()).chain(macros.values().copied());
        // `env_var(` ends like that, too.
        let asks = texts.any(|text| text.contains("var(") || text.contains("var ("));
        let settings = |node: &Node| -> BTreeMap<String, Value> {
            let kept = node.config.iter().filter(|(name, _)| !IDLE_SETTINGS.contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let enforced =
            node.config.get("contract").and_then(|contract| contract.get("enforced")) == Some(&Value::Bool(true));
        let of = json!({
            "settings": settings(node),
            "columns": if enforced { &node.columns } else { &Value::Null },
            "macros": macros,
            "ephemeral": ephemeral.iter().map(|(id, node)| (*id, &node.checksum.checksum, settings(node))).collect::<Vec<_>>(),
            "variables": asks.then_some(variables),
        });
        blake3::hash(of.to_string().as_bytes()).to_hex()[..32].to_owned()
    }

    /// What a node reads, and the ephemeral models through which.
    fn reach(&self, id: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let (mut parents, mut through) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<&str> = self.node(id).map(depended).unwrap_or_default();
        while let Some(id) = open.pop() {
            let ephemeral = self.nodes.get(id).filter(|node| node.is_ephemeral());
            if let Some(node) = ephemeral {
                open.extend(through.insert(id).then(|| depended(node)).into_iter().flatten());
            } else if self.nodes.contains_key(id) || self.sources.contains_key(id) {
                parents.insert(id);
            }
        }
        (parents, through)
    }

    /// Texts of all macros that the nodes use, without those of dbt itself and of the adapter: a newer dbt builds nothing anew.
    fn macros_of<'a>(&'a self, nodes: impl Iterator<Item = &'a Node>) -> BTreeMap<&'a str, &'a str> {
        let adapter = format!("dbt_{}", self.metadata.adapter_type.as_deref().unwrap_or_default());
        let own = |package: &str| package == "dbt" || package == "dbt_postgres" || package == adapter;
        let mut found = BTreeMap::new();
        let mut open: Vec<&str> = nodes.flat_map(|node| node.depends_on.macros.iter().map(String::as_str)).collect();
        while let Some(id) = open.pop() {
            let Some(of) = self.macros.get(id).filter(|of| !own(&of.package_name)) else { continue };
            if found.insert(id, of.macro_sql.as_str()).is_none() {
                open.extend(of.depends_on.macros.iter().map(String::as_str));
            }
        }
        found
    }
}

impl Node {
    pub(super) fn is_ephemeral(&self) -> bool {
        self.config.get("materialized").and_then(Value::as_str) == Some("ephemeral")
    }
}

fn depended(node: &Node) -> Vec<&str> {
    node.depends_on.nodes.iter().map(String::as_str).collect()
}
