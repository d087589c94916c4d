//! The tables of a project as its SQL names them, and what is known of their columns.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_lineage::sql::{self, Catalog, Defaults, Dialect, TableName};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::artifacts::{Invocation, Manifest, Node};
use super::super::assets;
use super::beside::Beside;
use super::catalog;
use crate::attempt::cut;

/// Columns of the tables, by the unique ids of their nodes and sources. It outlives a command: the next one reads what this one built.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) dialect: Dialect,
    ids: BTreeMap<TableName, String>,
    /// All columns in their order.
    whole: BTreeMap<String, Vec<String>>,
    /// Types by column, from the database itself.
    kinds: BTreeMap<String, BTreeMap<String, String>>,
    /// What is documented, by column: some of them.
    documented: BTreeMap<String, BTreeMap<String, String>>,
    /// Built since the catalog was written.
    newer: BTreeSet<String>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            dialect: Dialect::Generic,
            ids: BTreeMap::new(),
            whole: BTreeMap::new(),
            kinds: BTreeMap::new(),
            documented: BTreeMap::new(),
            newer: BTreeSet::new(),
        }
    }
}

impl Catalog for Tables {
    fn columns(&self, table: &TableName) -> Option<Vec<String>> {
        self.whole.get(self.id(table)?).cloned()
    }

    fn has(&self, table: &TableName, column: &str) -> bool {
        let documented = self.id(table).and_then(|id| self.documented.get(id));
        documented.is_some_and(|columns| columns.contains_key(column))
    }
}

impl Tables {
    /// Learns what a command's artifacts say of the tables of its project, before its SQL is read.
    pub(super) fn enter(&mut self, invocation: &Invocation, beside: &Beside) {
        let manifest = &invocation.manifest;
        self.dialect = Dialect::of_name(&assets::adapter(manifest)).unwrap_or(Dialect::Generic);
        self.newer.extend(built_after(invocation, beside.catalog.at()));
        for (id, node) in manifest.nodes.iter().chain(&manifest.sources) {
            let Some(table) = self.table(manifest, id, node) else { continue };
            self.ids.insert(table, id.clone());
            self.documented.insert(id.clone(), documented(node, self.dialect));
            match beside.catalog.columns(id) {
                Some(columns) if !self.newer.contains(id) => self.catalogued(id, &columns),
                _ => {}
            }
            if let Some(names) = beside.seeds.get(id).filter(|_| !self.whole.contains_key(id)) {
                let names = names.iter().map(|name| self.dialect.column(name, self.quotes(node))).collect();
                self.whole.insert(id.clone(), names);
            }
        }
    }

    /// The name that SQL has for a node. Its own words for it are read as SQL, so that letters become what they do there.
    fn table(&self, manifest: &Manifest, id: &str, node: &Node) -> Option<TableName> {
        assets::key(manifest, id)?;
        let name = node.relation_name.as_deref()?;
        let read = sql::read(&format!("select * from {name}"), self.dialect, &Defaults::default(), &());
        match read.statements.as_slice() {
            [statement] if read.problems.is_empty() => match statement.reads.as_slice() {
                [table] => Some(table.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn catalogued(&mut self, id: &str, columns: &[&catalog::Column]) {
        let name = |column: &catalog::Column| self.dialect.column(&column.name, true);
        let kinds = columns.iter().filter_map(|column| Some((name(column), column.kind.clone()?)));
        let (names, kinds) = (columns.iter().map(|column| name(column)).collect(), kinds.collect());
        self.whole.insert(id.to_owned(), names);
        self.kinds.insert(id.to_owned(), kinds);
    }

    /// dbt creates seeds with quoted names, unless it is told not to; on Snowflake it is the other way around.
    fn quotes(&self, node: &Node) -> bool {
        node.config.quote_columns.as_bool().unwrap_or(self.dialect != Dialect::Snowflake)
    }

    /// A node was built with these columns. What the database itself says goes before it, unless that is older.
    pub(super) fn built(&mut self, id: &str, output: Option<Vec<String>>) {
        if self.kinds.contains_key(id) && !self.newer.contains(id) {
            return;
        }
        match output {
            Some(output) => drop(self.whole.insert(id.to_owned(), output)),
            None => drop(self.whole.remove(id)),
        }
    }

    pub(super) fn id(&self, table: &TableName) -> Option<&str> {
        self.ids.get(table).map(String::as_str)
    }

    /// Tables whose columns are all known.
    pub(super) fn whole(&self) -> impl Iterator<Item = (&str, &Vec<String>)> {
        self.whole.iter().map(|(id, names)| (id.as_str(), names))
    }

    /// The type of a column.
    pub(super) fn kind(&self, id: &str, column: &str) -> Option<String> {
        self.kinds.get(id)?.get(column).cloned()
    }

    /// What is said of a column.
    pub(super) fn description(&self, id: &str, column: &str) -> Option<String> {
        self.documented.get(id)?.get(column).cloned()
    }
}

/// Nodes that were built after the instant.
fn built_after(invocation: &Invocation, instant: Option<Timestamp>) -> impl Iterator<Item = String> {
    let results = invocation.results.results.iter().filter(move |result| {
        let ended = result.timing.iter().filter_map(|timing| timing.completed_at.as_deref()?.parse::<Timestamp>().ok());
        ended.max() > instant
    });
    results.map(|result| result.unique_id.clone())
}

/// Documented columns with what is said of them.
fn documented(node: &Node, dialect: Dialect) -> BTreeMap<String, String> {
    let empty = Map::new();
    let columns = node.columns.as_object().unwrap_or(&empty);
    let said = columns.iter().map(|(name, column)| {
        let field = |field: &str| column.get(field).and_then(Value::as_str);
        let quoted = column.get("quote").and_then(Value::as_bool).unwrap_or_default();
        let name = dialect.column(field("name").unwrap_or(name), quoted);
        (name, cut(field("description").unwrap_or_default().to_owned()))
    });
    said.collect()
}
