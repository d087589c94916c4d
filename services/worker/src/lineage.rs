//! What statements of SQL say of assets: which they read and wrote, and which column came of which.
//!
//! Promises: whatever the text is, a task does not fail because of it, and waits for it for a few seconds at most (`limits.rs` of the crate
//! that reads it); what could not be read is a note for the log. A table is only named where its whole name is known. Knows nothing
//! about how statements are run.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_lineage::naming::{self, Place, System};
use downbeat_lineage::sql::{self, Defaults, Dialect, Kind, Script, Statement, TableName};
use downbeat_proto::events::v1::{Asset, ColumnEdge, ColumnUse, EdgeKind, LineageEdge, Operation};

use crate::limits::{COLLECTED_ITEMS_MAX, LINEAGE_EDGE_BYTES_MAX, LINEAGE_NOTES_MAX};

/// Which columns tables have.
pub(crate) type Columns = BTreeMap<TableName, Vec<String>>;

/// A database that statements speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) system: System,
    /// Host, account or path, as [`Place`] wants it.
    pub(crate) at: String,
    pub(crate) port: Option<u16>,
    /// Where names lie that do not say it; empty = nobody knows.
    pub(crate) defaults: Defaults,
    /// Who reports its assets.
    pub(crate) integration: String,
}

/// Where tables lie, as their names have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) system: System,
    /// Host, account or path, as [`Place`] wants it.
    pub(crate) at: String,
    pub(crate) port: Option<u16>,
}

impl Located {
    /// The namespace of the tables there.
    pub(crate) fn namespace(&self) -> String {
        self.system.namespace(&Place { at: &self.at, port: self.port })
    }
}

/// What statements did to assets.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    pub(crate) assets: Vec<Asset>,
    pub(crate) edges: Vec<LineageEdge>,
    /// The one asset that was written; empty = none was, or several were.
    pub(crate) written: String,
    /// What is not known, and why.
    pub(crate) notes: Vec<String>,
}

/// The dialect that a system speaks.
pub(crate) fn dialect(system: System) -> Dialect {
    match system {
        System::Postgres => Dialect::Postgres,
        System::Redshift => Dialect::Redshift,
        System::MySql => Dialect::MySql,
        System::SqlServer => Dialect::SqlServer,
        System::Snowflake => Dialect::Snowflake,
        System::BigQuery => Dialect::BigQuery,
        System::Databricks => Dialect::Databricks,
        System::DuckDb | System::MotherDuck => Dialect::DuckDb,
        System::ClickHouse => Dialect::ClickHouse,
        _ => Dialect::Generic,
    }
}

/// Reads `text`, whose rows and tables are those of `operation`. Reading takes a while for a long text, so it goes on beside.
pub(crate) async fn read(text: &str, database: Database, columns: Columns, operation: &str) -> Lineage {
    let (text, operation) = (text.to_owned(), operation.to_owned());
    let work = move || {
        let script = sql::read(&text, dialect(database.system), &database.defaults, &columns);
        of_script(&script, &database, &operation)
    };
    let nobody =
        || Lineage { notes: vec!["lineage is not known: nobody could read it".to_owned()], ..Lineage::default() };
    beside(work).await.unwrap_or_else(nobody)
}

/// Tables whose columns would say more of what `text` does.
pub(crate) async fn unknown(text: &str, database: &Database) -> Vec<TableName> {
    let (text, database) = (text.to_owned(), database.clone());
    let work = move || sql::read(&text, dialect(database.system), &database.defaults, &()).unknown;
    beside(work).await.unwrap_or_default()
}

/// Does `work` on a thread that has the stack for it. `None`: it came to nothing.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, wait) = tokio::sync::oneshot::channel();
    let begin = || done.send(work());
    let thread = std::thread::Builder::new().name("lineage".to_owned()).stack_size(sql::STACK_BYTES);
    thread.spawn(move || drop(begin())).ok()?;
    wait.await.ok()
}

impl Lineage {
    /// Puts it to what `operation` did.
    pub(crate) fn put(self, operation: &mut Operation, collection: &mut crate::attempt::Collection) {
        if operation.asset.is_empty() {
            operation.asset = self.written;
        }
        collection.assets.extend(self.assets);
        collection.edges.extend(self.edges);
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < LINEAGE_NOTES_MAX {
            self.notes.push(note);
        }
    }
}

fn of_script(script: &Script, database: &Database, operation: &str) -> Lineage {
    let mut found = Reader { database, assets: BTreeMap::new(), edges: BTreeMap::new(), nameless: BTreeSet::new() };
    for statement in &script.statements {
        found.statement(statement);
    }
    found.finish(script, operation)
}

/// From, to, and what the edge between them says.
type Ends = (String, String, EdgeKind);
/// Column of the one, column of the other, and what it was used for.
type Pairs = BTreeSet<(String, String, ColumnUse)>;

/// Assets and edges, each once.
struct Reader<'a> {
    database: &'a Database,
    assets: BTreeMap<String, Asset>,
    edges: BTreeMap<Ends, Pairs>,
    nameless: BTreeSet<String>,
}

impl Reader<'_> {
    fn statement(&mut self, statement: &Statement) {
        let kind = match statement.kind {
            // What is gone came of nothing.
            Kind::Drop => return,
            Kind::CreateView => "VIEW",
            _ => "TABLE",
        };
        let written = statement.writes.as_ref().map(|table| self.asset(table, kind));
        let mut derived = false;
        for table in &statement.reads {
            let Some(from) = self.asset(table, "TABLE") else { continue };
            let (to, edge) = match &written {
                Some(Some(to)) => (to.clone(), EdgeKind::Derives),
                Some(None) | None => (String::new(), EdgeKind::Reads),
            };
            // A table that is made of itself, too, says nothing new.
            if from == to {
                continue;
            }
            derived |= edge == EdgeKind::Derives;
            let used = statement.columns.iter().filter(|used| used.table == *table);
            let columns: Vec<_> =
                used.map(|used| (self.column(&used.column), self.column(&used.to), use_of(used.kind))).collect();
            let known = self.edges.entry((from, to, edge)).or_default();
            match edge {
                // Nothing that has a name came of it, so there is nothing that columns could go into.
                EdgeKind::Reads => known.extend(columns.into_iter().map(|(from, _, used)| (from, String::new(), used))),
                _ => known.extend(columns),
            }
        }
        if let (Some(Some(to)), false) = (written, derived) {
            self.edges.entry((String::new(), to, EdgeKind::Writes)).or_default();
        }
    }

    /// The key of a table. `None`: where it lies is not known.
    fn asset(&mut self, table: &TableName, kind: &str) -> Option<String> {
        let Database { system, at, port, integration, .. } = self.database;
        let has_schemas = !matches!(system, System::MySql | System::ClickHouse);
        let whole = !table.database.is_empty() && (!has_schemas || !table.schema.is_empty());
        let place = Place { at, port: *port };
        let key = naming::table(*system, &place, &[&table.database, &table.schema, &table.name]).filter(|_| whole);
        let Some(key) = key else {
            self.nameless.insert(table.to_string());
            return None;
        };
        let asset = self.assets.entry(key.clone()).or_insert_with(|| Asset {
            key: key.clone(),
            name: if system.folds() { table.name.to_lowercase() } else { table.name.clone() },
            r#type: kind.to_owned(),
            namespace: system.namespace(&place),
            row_count: -1,
            integration: integration.clone(),
            ..Asset::default()
        });
        if kind == "VIEW" {
            kind.clone_into(&mut asset.r#type);
        }
        Some(key)
    }

    /// A column as all who speak of it spell it.
    fn column(&self, name: &str) -> String {
        if self.database.system.folds() { name.to_lowercase() } else { name.to_owned() }
    }

    fn finish(mut self, script: &Script, operation: &str) -> Lineage {
        let mut lineage = Lineage::default();
        for problem in &script.problems {
            let at = problem.at;
            lineage
                .note(format!("lineage of line {}, column {} is not known: {}", at.line, at.column, problem.message));
        }
        if !self.nameless.is_empty() {
            let names: Vec<_> = self.nameless.iter().take(5).map(String::as_str).collect();
            let many = self.nameless.len();
            let names = names.join(", ");
            lineage.note(format!(
                "lineage leaves out {many} tables of which nobody says in which database they lie: {names}"
            ));
        }
        // A source of a temporary table is read by one statement, and what is made of it by another.
        let sources: BTreeSet<_> = self
            .edges
            .keys()
            .filter(|(_, _, kind)| *kind == EdgeKind::Derives)
            .map(|(from, ..)| from.clone())
            .collect();
        let made: BTreeSet<_> =
            self.edges.keys().filter(|(_, _, kind)| *kind == EdgeKind::Derives).map(|(_, to, _)| to.clone()).collect();
        self.edges.retain(|(from, to, kind), _| match kind {
            EdgeKind::Reads => !sources.contains(from),
            EdgeKind::Writes => !made.contains(to),
            _ => true,
        });
        let written: BTreeSet<_> = self.edges.keys().map(|(_, to, _)| to).filter(|to| !to.is_empty()).collect();
        if let (Some(one), 1) = (written.first(), written.len()) {
            lineage.written = (*one).clone();
        }
        lineage.edges = self
            .edges
            .into_iter()
            .take(COLLECTED_ITEMS_MAX)
            .map(|(ends, columns)| edge(ends, columns, operation))
            .collect();
        let named: BTreeSet<_> = lineage.edges.iter().flat_map(|edge| [edge.from.as_str(), edge.to.as_str()]).collect();
        self.assets.retain(|key, _| named.contains(key.as_str()));
        lineage.assets = self.assets.into_values().collect();
        lineage
    }
}

fn edge((from, to, kind): Ends, columns: Pairs, operation: &str) -> LineageEdge {
    let mut bytes = 0;
    let columns = columns.into_iter().take_while(|(from, to, _)| {
        // A few bytes go around each.
        bytes += from.len() + to.len() + 16;
        bytes <= LINEAGE_EDGE_BYTES_MAX
    });
    let columns = columns.map(|(from, to, used)| ColumnEdge { from, to, r#use: used.into() });
    LineageEdge { from, to, operation: operation.to_owned(), kind: kind.into(), columns: columns.collect() }
}

fn use_of(kind: sql::ColumnUse) -> ColumnUse {
    use sql::ColumnUse as Use;
    match kind {
        Use::Unknown => ColumnUse::Unknown,
        Use::Identity => ColumnUse::Identity,
        Use::Transformation => ColumnUse::Transformation,
        Use::Aggregation => ColumnUse::Aggregation,
        Use::Filter => ColumnUse::Filter,
        Use::Join => ColumnUse::Join,
        Use::GroupBy => ColumnUse::GroupBy,
        Use::Sort => ColumnUse::Sort,
        Use::Window => ColumnUse::Window,
        Use::Conditional => ColumnUse::Conditional,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(system: System) -> Database {
        let defaults = Defaults { database: "shop".to_owned(), schema: "public".to_owned() };
        Database { system, at: "db".to_owned(), port: None, defaults, integration: "TEST".to_owned() }
    }

    fn lineage(text: &str, database: &Database) -> Lineage {
        let script = sql::read(text, dialect(database.system), &database.defaults, &());
        of_script(&script, database, "op")
    }

    fn shown(lineage: &Lineage) -> Vec<String> {
        let columns = |edge: &LineageEdge| {
            let shown =
                |column: &ColumnEdge| format!(" {}>{}:{}", column.from, column.to, column.r#use().as_str_name());
            edge.columns.iter().map(shown).collect::<String>().replace("COLUMN_USE_", "")
        };
        let edge = |edge: &LineageEdge| {
            let kind = edge.kind().as_str_name().trim_start_matches("EDGE_KIND_");
            format!("{kind} {} > {}{}", edge.from, edge.to, columns(edge))
        };
        lineage.edges.iter().map(edge).collect()
    }

    #[test]
    fn statements_become_edges_by_what_comes_of_them() {
        let orders = "postgres://db:5432/shop.public.orders";
        let report = "postgres://db:5432/shop.public.report";
        let cases: &[(&str, Vec<String>)] = &[
            ("select Id from Orders where paid", vec![format!("READS {orders} >  id>:IDENTITY paid>:FILTER")]),
            (
                "insert into report (id) select id from orders",
                vec![format!("DERIVES {orders} > {report} id>id:IDENTITY")],
            ),
            ("insert into report (id) values (1)", vec![format!("WRITES  > {report}")]),
            (
                "create temp table t as select id from orders; insert into report (k) select id from t",
                vec![format!("DERIVES {orders} > {report} id>k:IDENTITY")],
            ),
            ("insert into report (id) select id from report", vec![format!("WRITES  > {report}")]),
            ("drop table report", vec![]),
            ("select 1", vec![]),
            ("selct id from orders", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(&lineage(text, &database(System::Postgres))), *expected, "{text}");
        }
    }

    #[test]
    fn assets_are_named_as_everybody_names_them() {
        let found = lineage("create view Report as select * from Orders", &database(System::Snowflake));
        let assets: Vec<_> =
            found.assets.iter().map(|asset| (asset.key.as_str(), asset.name.as_str(), asset.r#type.as_str())).collect();
        let place = "snowflake://db.us-west-1.aws/shop.public";
        let (orders, report) = (format!("{place}.orders"), format!("{place}.report"));
        assert_eq!(assets, [(orders.as_str(), "orders", "TABLE"), (report.as_str(), "report", "VIEW")]);
        assert_eq!(found.written, report);
    }

    #[test]
    fn a_table_that_may_lie_anywhere_is_left_out_and_said() {
        let mut nowhere = database(System::Snowflake);
        nowhere.defaults = Defaults::default();
        let found = lineage("insert into a.b.c (x) select x from orders", &nowhere);
        assert_eq!(shown(&found), ["WRITES  > snowflake://db.us-west-1.aws/a.b.c"]);
        assert!(found.notes[0].contains("ORDERS"), "{:?}", found.notes);
    }

    #[test]
    fn what_cannot_be_read_is_a_note() {
        let found = lineage("select a from\n  where", &database(System::Postgres));
        assert!(
            found.edges.is_empty() && found.notes[0].starts_with("lineage of line 2, column 3 is not known"),
            "{:?}",
            found.notes
        );
    }
}
