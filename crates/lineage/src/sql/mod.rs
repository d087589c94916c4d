//! What SQL reads and writes: tables, and which column came of which.
//!
//! Promises: total over its input. A statement that does not parse, or is too large, is a [`Problem`] with its line and column, and the
//! statements around it are read all the same. An edge between columns stands there only where no other reading of the statement is
//! possible: without a catalog a star gives tables and no columns, and a name that several tables may have is nobody's. Knows nothing
//! about where databases are, and asks nobody but its [`Catalog`]. What is decided how stands in `docs/lineage.md`.
//!
//! The text goes through `guard` (is it safe to parse?), `script` (statement by statement, temporary tables), `write` and `change` (what is
//! written), `query`, `from`, `projection` and `expr` (what is read), `scope` (whose column is that?); what a query comes to is a
//! `relation`.

mod budget;
mod change;
mod context;
mod dialect;
mod expr;
mod expr_parts;
mod factor;
mod from;
mod functions;
mod guard;
mod insert;
mod merge;
mod name;
mod projection;
mod query;
mod recursion;
mod relation;
mod scope;
mod script;
mod select;
mod session;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use downbeat_domain::metadata::ColumnUse;

pub use self::dialect::Dialect;
pub use self::name::{Defaults, TableName};

/// Stack that reading any text takes at most in a build without optimisation, bytes; an optimised one takes a fraction of it. Threads have
/// 2 MiB if nobody says more, which is enough for all but texts that want to do harm.
pub const STACK_BYTES: usize = 8 << 20;

/// Who knows which columns a table has.
pub trait Catalog {
    /// Columns of a table in their order, spelled as the database spells them. `None`: not known.
    fn columns(&self, table: &TableName) -> Option<Vec<String>>;
}

/// Nobody knows any table.
impl Catalog for () {
    fn columns(&self, _table: &TableName) -> Option<Vec<String>> {
        None
    }
}

impl Catalog for BTreeMap<TableName, Vec<String>> {
    fn columns(&self, table: &TableName) -> Option<Vec<String>> {
        self.get(table).cloned()
    }
}

/// What a text does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its statements in their order, without those that touch no table.
    pub statements: Vec<Statement>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Tables whose columns nobody knew and whose columns would say more, as for `select *`; empty where they would not.
    pub unknown: Vec<TableName>,
}

/// What one statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What kind of one it is.
    pub kind: Kind,
    /// Where it begins.
    pub at: Position,
    /// Tables that it reads, each once, in the order in which they are met. Temporary tables and common table expressions are not among
    /// them: what they were made of is.
    pub reads: Vec<TableName>,
    /// The table that it writes; `None` for a query, and where the table is a temporary one.
    pub writes: Option<TableName>,
    /// Which column of a table that is read went into which of what comes out.
    pub columns: Vec<ColumnUsed>,
}

/// A column that is read, and what for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnUsed {
    /// Column of what comes out; empty = all of them: it decided which rows there are, or in which order.
    pub to: String,
    /// Table that it is of; one of [`Statement::reads`].
    pub table: TableName,
    /// Its name.
    pub column: String,
    /// What for.
    pub kind: ColumnUse,
}

/// Kinds of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Rows are shown and nothing is written.
    Query,
    /// Rows are added or replaced.
    Insert,
    /// A table is made, of a query or empty.
    CreateTable,
    /// A view is made.
    CreateView,
    /// Rows are changed.
    Update,
    /// Rows are taken away, or all of them are.
    Delete,
    /// Rows are added, changed and taken away.
    Merge,
    /// Files become rows.
    Load,
    /// Rows become files.
    Unload,
    /// A table or view is dropped.
    Drop,
}

impl Kind {
    /// As it is spelled.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "QUERY",
            Self::Insert => "INSERT",
            Self::CreateTable => "CREATE_TABLE",
            Self::CreateView => "CREATE_VIEW",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Merge => "MERGE",
            Self::Load => "LOAD",
            Self::Unload => "UNLOAD",
            Self::Drop => "DROP",
        }
    }
}

/// A place in the text, both counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

/// Why something of the text is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Position,
    /// What, for people.
    pub message: String,
}

/// Reads a text of one or several statements. `defaults`: where names lie that do not say it.
pub fn read(text: &str, dialect: Dialect, defaults: &Defaults, catalog: &dyn Catalog) -> Script {
    script::read(text, dialect, defaults, catalog)
}

/// The tables of a script, each once: which are read, and which are written.
pub fn tables(script: &Script) -> (BTreeSet<&TableName>, BTreeSet<&TableName>) {
    let reads = script.statements.iter().flat_map(|statement| &statement.reads).collect();
    let writes = script.statements.iter().filter_map(|statement| statement.writes.as_ref()).collect();
    (reads, writes)
}
