//! Whose column is that? Names are looked up among what FROM lists, then among aliases, then in the query around it.

use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{Ident, ObjectName};

use super::context::Context;
use super::name::{self, TableName};
use super::relation::{Output, Relation, Uses};

/// Something that FROM lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// What its columns are qualified with; empty = they cannot be.
    pub alias: String,
    /// A table that goes by its own name may be qualified with all of it.
    pub table: Option<TableName>,
    pub relation: Rc<Relation>,
}

/// Names that are in sight.
#[derive(Debug, Default)]
pub(super) struct Scope<'p> {
    pub sources: Vec<Source>,
    /// Columns that USING made one of two.
    pub merged: Vec<Output>,
    /// Columns of the query itself, so far.
    pub aliases: Vec<Output>,
    /// Windows that have a name, and the columns that make them.
    pub windows: Vec<(String, Uses)>,
    /// When aliases are looked at.
    pub order: Order,
    pub parent: Option<&'p Scope<'p>>,
}

/// Which comes first, a column of FROM or one of the query itself?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Aliases are not in sight.
    #[default]
    Columns,
    /// Columns that are known, then aliases, then columns that may be.
    ColumnsThenAliases,
    /// Aliases, as in ORDER BY.
    AliasesFirst,
}

enum Found {
    It(Uses),
    /// Several may have it, or somebody unknown.
    Nobodys,
    /// Nobody here has it.
    Absent,
}

impl<'p> Scope<'p> {
    pub fn inside(parent: Option<&'p Scope<'p>>) -> Self {
        Self { parent, ..Self::default() }
    }

    fn alias(&self, name: &str) -> Option<&Output> {
        self.aliases.iter().rev().find(|output| output.name == name)
    }

    /// What it costs to look for a name.
    fn width(&self) -> usize {
        let columns = self.sources.iter().map(|source| 1 + source.relation.columns.len() / 16).sum::<usize>();
        columns + self.merged.len() / 16 + self.aliases.len() / 16
    }

    fn here(&self, context: &mut Context<'_>, name: &str) -> Found {
        if context.budget.spent() || !context.budget.pay(self.width()) {
            return Found::Nobodys;
        }
        if self.order == Order::AliasesFirst
            && let Some(output) = self.alias(name)
        {
            return Found::It(output.uses.clone());
        }
        if let Some(output) = self.merged.iter().find(|output| output.name == name) {
            return Found::It(output.uses.clone());
        }
        let mut having = self.sources.iter().filter_map(|source| source.relation.column(name));
        match (having.next(), having.next()) {
            (Some(output), None) => return Found::It(output.uses.clone()),
            (Some(_), Some(_)) => return Found::Nobodys,
            (None, _) => {}
        }
        let used = |output: &Output| {
            output.uses.iter().any(|(origin, _)| context.column(origin.column).is_some_and(|column| column == name))
        };
        // An alias of a value that itself uses a column of that name: this is that column.
        if self.order == Order::ColumnsThenAliases
            && let Some(output) = self.alias(name).filter(|output| !used(output))
        {
            return Found::It(output.uses.clone());
        }
        self.possible(context, name)
    }

    /// Nobody is known to have it: may exactly one?
    fn possible(&self, context: &mut Context<'_>, name: &str) -> Found {
        if context.session.is_variable(name) {
            return Found::Nobodys;
        }
        let mut candidates = self.sources.iter().filter(|source| !source.relation.is_closed());
        match (candidates.next(), candidates.next()) {
            (None, _) => Found::Absent,
            (Some(source), None) => column_of(context, &source.relation, name).map_or(Found::Nobodys, Found::It),
            (Some(_), Some(_)) => {
                context.more = true;
                Found::Nobodys
            }
        }
    }

    /// What stands in FROM under a name, as in `name.*`.
    pub fn named(&self, context: &Context<'_>, name: &ObjectName) -> Option<&Source> {
        let parts: Option<Vec<_>> = name.0.iter().map(|part| part.as_ident().cloned()).collect();
        self.source(context, &parts?)
    }

    /// The same, of the parts of a name.
    pub fn source(&self, context: &Context<'_>, parts: &[Ident]) -> Option<&Source> {
        if let [one] = parts {
            let alias = name::alias(one, context.dialect);
            return self.sources.iter().find(|source| source.alias == alias);
        }
        let names: Vec<_> = parts
            .iter()
            .map(|part| context.dialect.folds_tables(part.quote_style.is_some()).apply(&part.value))
            .collect();
        self.sources.iter().find(|source| source.table.as_ref().is_some_and(|table| ends_with(table, &names)))
    }
}

fn ends_with(table: &TableName, names: &[String]) -> bool {
    let whole = [&table.database, &table.schema, &table.name];
    let whole: Vec<_> = whole.into_iter().filter(|part| !part.is_empty()).collect();
    whole.len() >= names.len()
        && whole[whole.len() - names.len()..].iter().zip(names).all(|(left, right)| *left == right)
}

/// A column of what a source gives; `None`: it has none of that name, or nobody knows which table's it is.
pub(super) fn column_of(context: &mut Context<'_>, relation: &Relation, name: &str) -> Option<Uses> {
    if let Some(output) = relation.column(name) {
        return Some(output.uses.clone());
    }
    let mut open = relation.open.iter();
    match (open.next(), open.next(), &relation.every) {
        (Some(table), None, None) => Some(Uses::from([(context.origin(*table, name), ColumnUse::Identity)])),
        (None, _, Some(every)) => Some(every.clone()),
        _ => None,
    }
}

/// Where a name without a qualifier comes from; empty = from nowhere, or nobody knows.
pub(super) fn unqualified(context: &mut Context<'_>, scope: &Scope<'_>, name: &str) -> Uses {
    let mut scope = Some(scope);
    while let Some(here) = scope {
        match here.here(context, name) {
            Found::It(uses) => return uses,
            Found::Nobodys => return Uses::new(),
            Found::Absent => scope = here.parent,
        }
    }
    Uses::new()
}

/// Where `a.b.c` comes from, and whether it is only a part of the column.
pub(super) fn qualified(context: &mut Context<'_>, scope: &Scope<'_>, parts: &[Ident]) -> (Uses, bool) {
    let mut around = Some(scope);
    while let Some(here) = around {
        if context.budget.spent() || !context.budget.pay(here.width()) {
            return (Uses::new(), false);
        }
        for length in (1..parts.len().min(4)).rev() {
            if let Some(source) = here.source(context, &parts[..length]) {
                let column = context.fold(&parts[length]);
                let uses = column_of(context, &source.relation, &column).unwrap_or_default();
                return (uses, parts.len() > length + 1);
            }
        }
        around = here.parent;
    }
    match parts.first() {
        Some(first) if context.dialect.dots_are_fields() => {
            let column = context.fold(first);
            (unqualified(context, scope, &column), true)
        }
        _ => (Uses::new(), false),
    }
}
