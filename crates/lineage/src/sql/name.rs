//! Names of tables: how many parts they have, where they lie when they do not say it, how their letters are folded.

use std::fmt;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::dialect::Dialect;

/// A table or view, spelled as its database spells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// Database, catalog or project; empty = not known, or the system has none.
    pub database: String,
    /// Schema or dataset; empty as well. MySQL and ClickHouse have no schemas: what they call a database is `database`.
    pub schema: String,
    /// Its own name.
    pub name: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.database, &self.schema].into_iter().filter(|part| !part.is_empty()) {
            write!(formatter, "{part}.")?;
        }
        formatter.write_str(&self.name)
    }
}

/// Where names lie that do not say it; both may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Database.
    pub database: String,
    /// Schema.
    pub schema: String,
}

/// The parts of a name, folded, the outermost first. Empty: it is none.
pub(super) fn parts(name: &ObjectName, dialect: Dialect) -> Vec<String> {
    let mut parts = Vec::new();
    for part in &name.0 {
        let ObjectNamePart::Identifier(ident) = part else { return Vec::new() };
        let whole = dialect.quotes_whole_names() && ident.quote_style.is_some();
        match whole {
            true => parts.extend(ident.value.split('.').map(|part| fold_table(part, true, dialect))),
            false => parts.push(fold_table(&ident.value, ident.quote_style.is_some(), dialect)),
        }
    }
    parts
}

fn fold_table(name: &str, quoted: bool, dialect: Dialect) -> String {
    dialect.folds_tables(quoted).apply(name)
}

/// A column, or an alias of one.
pub(super) fn column(ident: &Ident, dialect: Dialect) -> String {
    dialect.folds_columns(ident.quote_style.is_some()).apply(&ident.value)
}

/// An alias of a table, or the name of a common table expression.
pub(super) fn alias(ident: &Ident, dialect: Dialect) -> String {
    dialect.folds_aliases(ident.quote_style.is_some()).apply(&ident.value)
}

/// A name of one part as one of a common table expression, or as the alias that a table without one has.
pub(super) fn as_alias(name: &ObjectName, dialect: Dialect) -> Option<String> {
    match name.0.last()? {
        ObjectNamePart::Identifier(ident) if dialect.quotes_whole_names() => {
            let last = ident.value.rsplit('.').next().unwrap_or_default();
            Some(dialect.folds_aliases(ident.quote_style.is_some()).apply(last))
        }
        ObjectNamePart::Identifier(ident) => Some(alias(ident, dialect)),
        ObjectNamePart::Function(_) => None,
    }
}

/// The last part of a name of a column.
pub(super) fn last_column(name: &ObjectName, dialect: Dialect) -> Option<String> {
    match name.0.last()? {
        ObjectNamePart::Identifier(ident) => Some(column(ident, dialect)),
        ObjectNamePart::Function(_) => None,
    }
}

/// A name with all its parts. `None`: it has none, or the name of a server in front of it.
pub(super) fn complete(parts: &[String], defaults: &Defaults, dialect: Dialect) -> Option<TableName> {
    let name = parts.last().filter(|name| !name.is_empty())?.clone();
    let outer = |index: usize, default: &str| {
        let given = parts.len().checked_sub(index + 1).map(|place| &parts[place]).filter(|part| !part.is_empty());
        given.map_or_else(|| default.to_owned(), Clone::clone)
    };
    match parts.len() {
        1..=2 if dialect.without_schemas() => {
            Some(TableName { database: outer(1, &defaults.database), schema: String::new(), name })
        }
        // `database..table` of SQL Server and Snowflake lies in the default schema of that database.
        1..=3 => Some(TableName { database: outer(2, &defaults.database), schema: outer(1, &defaults.schema), name }),
        _ => None,
    }
}
