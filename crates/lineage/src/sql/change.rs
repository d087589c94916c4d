//! UPDATE and DELETE: the table that is changed is not read by it, the tables beside it are.

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, ObjectName, SelectItem, SetExpr, TableFactor,
    TableWithJoins, Update, UpdateTableFromKind,
};

use super::context::Context;
use super::name::{self, TableName};
use super::relation::{Output, Relation, TableId, Uses};
use super::scope::Scope;
use super::{Kind, expr, from, projection, query};

/// Reads an UPDATE; what it returns comes back.
pub(super) fn update(context: &mut Context<'_>, update: &Update) -> Relation {
    let mut scope = Scope::inside(None);
    let mut rows = Uses::new();
    let list = match &update.from {
        Some(UpdateTableFromKind::BeforeSet(list) | UpdateTableFromKind::AfterSet(list)) => list.as_slice(),
        None => &[],
    };
    let named = factor_name(&update.table.relation);
    let aliased = named.and_then(|name| aliased(context, name, list));
    let (target, reads) = context.aside(|context| {
        let target = match &aliased {
            Some(target) => Some(target.clone()),
            None => {
                with_target(context, &update.table, &mut scope, &mut rows);
                named.and_then(|name| context.name(name))
            }
        };
        from::list(context, list, &mut scope, &mut rows);
        target
    });
    let mut relation = Relation::default();
    let (filters, more) = context.aside(|context| {
        for assignment in &update.assignments {
            assign(context, &scope, assignment, &mut relation);
        }
        let mut filters = Uses::new();
        expr::all_uses(context, &scope, &update.selection, ColumnUse::Filter, &mut filters);
        filters
    });
    rows.extend(filters);
    relation.rows = rows;
    let reads = without_target(context, reads, more, target.as_ref());
    finished(context, Kind::Update, target, &reads, &relation);
    returned(context, &mut scope, update.returning.as_deref(), relation)
}

/// Reads a DELETE; what it returns comes back.
pub(super) fn delete(context: &mut Context<'_>, delete: &Delete) -> Relation {
    let mut scope = Scope::inside(None);
    let mut rows = Uses::new();
    let (FromTable::WithFromKeyword(list) | FromTable::WithoutKeyword(list)) = &delete.from;
    let using = delete.using.as_deref().unwrap_or_default();
    let first = list.first().and_then(|item| factor_name(&item.relation));
    let target = match delete.tables.first() {
        // `delete a from accounts a`
        Some(name) => {
            aliased(context, name, list).or_else(|| aliased(context, name, using)).or_else(|| context.name(name))
        }
        // `delete from a using accounts a` of MySQL, and the plain form.
        None => first.and_then(|name| aliased(context, name, using).or_else(|| context.name(name))),
    };
    let ((), reads) = context.aside(|context| {
        match list.as_slice() {
            [first, others @ ..] if delete.tables.is_empty() => {
                with_target(context, first, &mut scope, &mut rows);
                from::list(context, others, &mut scope, &mut rows);
            }
            list => from::list(context, list, &mut scope, &mut rows),
        }
        from::list(context, using, &mut scope, &mut rows);
    });
    let (filters, more) = context.aside(|context| {
        let mut filters = Uses::new();
        expr::all_uses(context, &scope, &delete.selection, ColumnUse::Filter, &mut filters);
        filters
    });
    rows.extend(filters);
    let relation = Relation { rows, ..Relation::default() };
    let reads = without_target(context, reads, more, target.as_ref());
    finished(context, Kind::Delete, target, &reads, &relation);
    returned(context, &mut scope, delete.returning.as_deref(), relation)
}

/// A table with what is joined to it. It is met like any other; `without_target` takes it out of those that are read.
fn with_target(context: &mut Context<'_>, item: &TableWithJoins, scope: &mut Scope<'_>, rows: &mut Uses) {
    from::with_joins(context, item, scope, rows);
}

fn factor_name(factor: &TableFactor) -> Option<&ObjectName> {
    match factor {
        TableFactor::Table { name, args: None, .. } => Some(name),
        _ => None,
    }
}

/// The table that FROM gives an alias which is the name of the target.
fn aliased(context: &Context<'_>, name: &ObjectName, list: &[TableWithJoins]) -> Option<TableName> {
    let [_] = name.0.as_slice() else { return None };
    let wanted = name::as_alias(name, context.dialect)?;
    let factors = list
        .iter()
        .flat_map(|item| std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)));
    for factor in factors {
        if let TableFactor::Table { name, alias: Some(alias), .. } = factor
            && name::alias(&alias.name, context.dialect) == wanted
        {
            return context.name(name);
        }
    }
    None
}

/// Tables that are read: those of FROM but the target, and those of queries inside, among which the target may be.
fn without_target(
    context: &mut Context<'_>,
    reads: Vec<TableId>,
    more: Vec<TableId>,
    target: Option<&TableName>,
) -> Vec<TableId> {
    let target = target.map(|target| context.table_id(target));
    let mut reads: Vec<_> = reads.into_iter().filter(|table| Some(*table) != target).collect();
    super::relation::add_tables(&mut reads, &more);
    reads
}

fn finished(context: &mut Context<'_>, kind: Kind, target: Option<TableName>, reads: &[TableId], relation: &Relation) {
    let Some(target) = target else { return };
    if context.session.temporary(&target).is_some() {
        context.done(kind, reads, None, relation);
        context.session.fill(&target, &Relation { tables: reads.to_vec(), ..relation.clone() });
    } else {
        context.done(kind, reads, Some(target), relation);
    }
}

/// What RETURNING gives of the rows that were changed.
fn returned(
    context: &mut Context<'_>,
    scope: &mut Scope<'_>,
    items: Option<&[SelectItem]>,
    changed: Relation,
) -> Relation {
    let Some(items) = items else { return Relation::default() };
    let mut relation = projection::read(context, items, scope);
    relation.rows = changed.rows;
    let sources = scope.sources.iter().flat_map(|source| &source.relation.tables);
    relation.tables = sources.copied().collect();
    relation
}

/// `a = value` and `(a, b) = (value, value)`.
pub(super) fn assign(context: &mut Context<'_>, scope: &Scope<'_>, assignment: &Assignment, relation: &mut Relation) {
    let names: Vec<_> = match &assignment.target {
        AssignmentTarget::ColumnName(name) => name::last_column(name, context.dialect).into_iter().collect(),
        AssignmentTarget::Tuple(names) => {
            names.iter().filter_map(|name| name::last_column(name, context.dialect)).collect()
        }
    };
    match (&assignment.value, names.as_slice()) {
        (value, [name]) => set(context, scope, name, value, relation),
        (Expr::Tuple(values), names) => {
            for (name, value) in names.iter().zip(values) {
                set(context, scope, name, value, relation);
            }
        }
        (Expr::Subquery(inner), names) if !matches!(&*inner.body, SetExpr::Values(_)) => {
            let found = query::read(context, inner, Some(scope));
            if found.is_closed() {
                for (name, output) in names.iter().zip(found.columns) {
                    let mut uses = output.uses;
                    context.carry(&mut uses, &found.rows, ColumnUse::Identity);
                    put(relation, name, uses);
                }
            }
        }
        _ => {}
    }
}

fn set(context: &mut Context<'_>, scope: &Scope<'_>, name: &str, value: &Expr, relation: &mut Relation) {
    let mut uses = Uses::new();
    expr::uses(context, scope, value, ColumnUse::Identity, &mut uses);
    put(relation, name, uses);
}

/// Adds to what a column comes of.
pub(super) fn put(relation: &mut Relation, name: &str, uses: Uses) {
    match relation.columns.iter_mut().find(|output| output.name == name) {
        Some(output) => output.uses.extend(uses),
        None => relation.columns.push(Output { name: name.to_owned(), uses }),
    }
}
