//! What is shared while a text is read: tables and names met so far, common table expressions in sight, the budget.

use std::collections::BTreeMap;
use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{Ident, ObjectName};

use super::budget::Budget;
use super::dialect::Dialect;
use super::name::{self, Defaults, TableName};
use super::relation::{ColumnId, Origin, Output, Relation, TableId, Uses, add_tables, through};
use super::session::Session;
use super::{Catalog, ColumnUsed, Kind, Position, Problem, Script, Statement};
use crate::limits::{SQL_COLUMNS_MAX, SQL_EDGES_MAX, SQL_UNKNOWN_MAX};

pub(super) struct Context<'a> {
    pub dialect: Dialect,
    pub defaults: Defaults,
    pub catalog: &'a dyn Catalog,
    pub budget: Budget,
    /// What statements before made.
    pub session: Session,
    /// Common table expressions in sight, the innermost last.
    pub expressions: Vec<(String, Rc<Relation>)>,
    /// Tables that are read by what is being read.
    pub reads: Vec<TableId>,
    /// Where the statement begins that is being read.
    pub at: Position,
    /// What was read.
    pub script: Script,
    /// Would more be known if the columns of all tables were?
    pub more: bool,
    unknown: Vec<TableName>,
    tables: Names<TableName>,
    columns: Names<String>,
}

/// Names by their place in a list.
struct Names<T> {
    list: Vec<T>,
    places: BTreeMap<T, u32>,
}

impl<T: Clone + Ord> Names<T> {
    fn new() -> Self {
        Self { list: Vec::new(), places: BTreeMap::new() }
    }

    fn place(&mut self, name: &T) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        // A text of 1 MiB has fewer names than that.
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(name.clone());
        self.places.insert(name.clone(), place);
        place
    }
}

impl<'a> Context<'a> {
    pub fn new(dialect: Dialect, defaults: &Defaults, catalog: &'a dyn Catalog) -> Self {
        Self {
            dialect,
            defaults: defaults.clone(),
            catalog,
            budget: Budget::new(),
            session: Session::default(),
            expressions: Vec::new(),
            reads: Vec::new(),
            at: Position::default(),
            script: Script::default(),
            more: false,
            unknown: Vec::new(),
            tables: Names::new(),
            columns: Names::new(),
        }
    }

    pub fn table(&self, id: TableId) -> Option<&TableName> {
        self.tables.list.get(id as usize)
    }

    pub fn column(&self, id: ColumnId) -> Option<&String> {
        self.columns.list.get(id as usize)
    }

    pub fn origin(&mut self, table: TableId, column: &str) -> Origin {
        Origin { table, column: self.columns.place(&column.to_owned()) }
    }

    pub fn table_id(&mut self, name: &TableName) -> TableId {
        self.tables.place(name)
    }

    /// The full name of a table.
    pub fn name(&self, name: &ObjectName) -> Option<TableName> {
        name::complete(&name::parts(name, self.dialect), &self.defaults, self.dialect)
    }

    pub fn fold(&self, ident: &Ident) -> String {
        name::column(ident, self.dialect)
    }

    /// Reads what a name stands for: a common table expression, a temporary table, a table.
    pub fn open(&mut self, name: &ObjectName) -> Rc<Relation> {
        if let [_] = name.0.as_slice()
            && let Some(alias) = name::as_alias(name, self.dialect)
            && let Some((_, relation)) = self.expressions.iter().rev().find(|(known, _)| *known == alias)
        {
            let relation = Rc::clone(relation);
            add_tables(&mut self.reads, &relation.tables);
            return relation;
        }
        let Some(table) = self.name(name) else { return Rc::new(Relation::default()) };
        if let Some(relation) = self.session.temporary(&table) {
            add_tables(&mut self.reads, &relation.tables);
            return relation;
        }
        let relation = self.base(&table);
        add_tables(&mut self.reads, &relation.tables);
        Rc::new(relation)
    }

    /// A table of the database.
    fn base(&mut self, table: &TableName) -> Relation {
        let id = self.table_id(table);
        let mut relation = Relation { tables: vec![id], ..Relation::default() };
        match self.known_columns(table) {
            Some(names) => {
                for name in names {
                    let uses = Uses::from([(self.origin(id, &name), ColumnUse::Identity)]);
                    relation.columns.push(Output { name, uses });
                }
            }
            None => {
                relation.open.insert(id);
                self.not_known(table);
            }
        }
        relation
    }

    /// Somebody should say which columns a table has.
    pub fn not_known(&mut self, table: &TableName) {
        if self.unknown.len() < SQL_UNKNOWN_MAX && !self.unknown.contains(table) {
            self.unknown.push(table.clone());
        }
    }

    /// All that was read.
    pub fn finish(mut self) -> Script {
        if self.more {
            self.script.unknown = self.unknown;
        }
        self.script
    }

    /// Columns of a table, if the text or the catalog says which it has.
    pub fn known_columns(&mut self, table: &TableName) -> Option<Vec<String>> {
        let said = self.session.columns(table).cloned();
        // They come as they are spelled there; two that differ in case only are one where case says nothing.
        let fold = self.dialect.folds_columns(true);
        let listed = || Some(self.catalog.columns(table)?.iter().map(|name| fold.apply(name)).collect());
        let known: Vec<String> = said.or_else(listed).filter(|columns: &Vec<String>| !columns.is_empty())?;
        // More than that is no table of anybody's; its columns are as good as not known.
        (known.len() <= SQL_COLUMNS_MAX && self.budget.pay(known.len())).then_some(known)
    }

    /// Adds `from` to `to`, used as `kind`.
    pub fn carry(&mut self, to: &mut Uses, from: &Uses, kind: ColumnUse) {
        if self.budget.pay(from.len()) {
            to.extend(from.iter().map(|(origin, inner)| (*origin, through(kind, *inner))));
        }
    }

    /// Does `work`, and says which tables were read for it; they are not counted as read by what is around it.
    pub fn aside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Vec<TableId>) {
        let around = std::mem::take(&mut self.reads);
        let value = work(self);
        (value, std::mem::replace(&mut self.reads, around))
    }

    /// A statement is read: what it did, of the tables in `reads`.
    pub fn done(&mut self, kind: Kind, reads: &[TableId], writes: Option<TableName>, relation: &Relation) {
        let mut columns = Vec::new();
        let named = relation.columns.iter().filter(|output| !output.name.is_empty());
        let all = named.map(|output| (output.name.as_str(), &output.uses)).chain([("", &relation.rows)]);
        'all: for (to, uses) in all {
            for (origin, use_of) in uses {
                // A target that is not read has columns in conditions, too.
                if !reads.contains(&origin.table) {
                    continue;
                }
                let (Some(table), Some(column)) = (self.table(origin.table), self.column(origin.column)) else {
                    continue;
                };
                if columns.len() == SQL_EDGES_MAX {
                    self.problem(format!("more than {SQL_EDGES_MAX} uses of columns: the others are left out"));
                    break 'all;
                }
                let (table, column) = (table.clone(), column.clone());
                columns.push(ColumnUsed { to: to.to_owned(), table, column, kind: *use_of });
            }
        }
        columns.sort();
        columns.dedup();
        let reads = reads.iter().filter_map(|table| self.table(*table).cloned()).collect();
        self.script.statements.push(Statement { kind, at: self.at, reads, writes, columns });
    }

    /// Something of the statement that is being read is not known.
    pub fn problem(&mut self, message: String) {
        self.script.problems.push(Problem { at: self.at, message });
    }
}
