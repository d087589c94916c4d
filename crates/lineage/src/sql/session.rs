//! What the statements of a text leave behind for those after them: temporary tables, and which columns tables got.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::name::TableName;
use super::relation::{Relation, add_tables};

#[derive(Default)]
pub(super) struct Session {
    temporary: BTreeMap<TableName, Rc<Relation>>,
    columns: BTreeMap<TableName, Vec<String>>,
    variables: BTreeSet<String>,
}

impl Session {
    /// A temporary table is made.
    pub fn make(&mut self, name: TableName, relation: Relation) {
        self.temporary.insert(name, Rc::new(relation));
    }

    pub fn temporary(&self, name: &TableName) -> Option<Rc<Relation>> {
        self.temporary.get(name).map(Rc::clone)
    }

    /// Rows are added to a temporary table: each of its columns has one more origin.
    pub fn fill(&mut self, name: &TableName, rows: &Relation) {
        let Some(table) = self.temporary.get_mut(name) else { return };
        let table = Rc::make_mut(table);
        for output in &rows.columns {
            match table.columns.iter_mut().find(|column| column.name == output.name) {
                Some(column) => column.uses.extend(output.uses.iter().copied()),
                None => table.columns.push(output.clone()),
            }
        }
        table.rows.extend(rows.rows.iter().copied());
        table.open.extend(rows.open.iter().copied());
        add_tables(&mut table.tables, &rows.tables);
    }

    /// The text says which columns a table has.
    pub fn learn(&mut self, name: TableName, columns: Vec<String>) {
        self.columns.insert(name, columns);
    }

    pub fn columns(&self, name: &TableName) -> Option<&Vec<String>> {
        self.columns.get(name)
    }

    /// A variable of the script, which may be used where a column may.
    pub fn declare(&mut self, name: String) {
        self.variables.insert(name);
    }

    pub fn is_variable(&self, name: &str) -> bool {
        self.variables.contains(name)
    }

    /// A table is gone, or is another one now.
    pub fn forget(&mut self, name: &TableName) {
        self.temporary.remove(name);
        self.columns.remove(name);
    }
}
