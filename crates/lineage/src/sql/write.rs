//! Statements: what each reads and writes.

use sqlparser::ast::{
    CopyIntoSnowflakeKind, CopySource, CopyTarget, CreateTable, CreateView, Expr, ObjectName, ObjectType, Query,
    SelectInto, SetExpr, Statement,
};

use super::context::Context;
use super::name::TableName;
use super::query;
use super::relation::{Output, Relation, Uses};
use super::{Dialect, Kind, change, insert, merge};

/// Reads a statement that shows or writes rows. Statements that hold others are `script`'s.
pub(super) fn read(context: &mut Context<'_>, statement: &Statement) {
    match statement {
        Statement::Query(query) => shown(context, query),
        Statement::Insert(insert) => insert::read(context, insert),
        Statement::Update(update) => {
            change::update(context, update);
        }
        Statement::Delete(delete) => {
            change::delete(context, delete);
        }
        Statement::Merge(merge) => merge::read(context, merge),
        Statement::CreateTable(create) => create_table(context, create),
        Statement::CreateView(create) => create_view(context, create),
        Statement::Copy { source, to, target, .. } => copy(context, source, *to, target),
        Statement::CopyIntoSnowflake { kind, into, from_obj, from_query, .. } => {
            copy_into(context, kind, into, from_obj.as_ref(), from_query.as_deref());
        }
        Statement::Unload { query: Some(query), .. } | Statement::Directory { source: query, .. } => {
            unload(context, query)
        }
        Statement::ExportData(export) => unload(context, &export.query),
        Statement::LoadData { table_name, .. } => load(context, table_name),
        Statement::Truncate(truncate) => {
            for target in &truncate.table_names {
                changed(context, Kind::Delete, &target.name);
            }
        }
        Statement::Drop {
            object_type: ObjectType::Table | ObjectType::View | ObjectType::MaterializedView,
            names,
            ..
        } => {
            for name in names {
                drop(context, name);
            }
        }
        _ => {}
    }
}

/// A statement inside of a common table expression. What it returns is what is read of it.
pub(super) fn inside(context: &mut Context<'_>, statement: &Statement) -> Relation {
    let (returned, reads) = context.aside(|context| match statement {
        Statement::Update(update) => change::update(context, update),
        Statement::Delete(delete) => change::delete(context, delete),
        other => {
            read(context, other);
            Relation::default()
        }
    });
    super::relation::add_tables(&mut context.reads, &reads);
    super::relation::add_tables(&mut context.reads, &returned.tables);
    returned
}

/// A query that stands alone; one that is no query at all but a change behind a WITH; one with INTO.
fn shown(context: &mut Context<'_>, query: &Query) {
    let outside = context.expressions.len();
    match &*query.body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => {
            if let Some(with) = &query.with {
                query::expressions(context, with, None);
            }
            read(context, statement);
            context.expressions.truncate(outside);
        }
        body => {
            let (relation, reads) = context.aside(|context| query::read(context, query, None));
            match into(body).and_then(|into| target_of(context, into).map(|name| (name, into.temporary))) {
                Some((name, temporary)) => made(context, Kind::CreateTable, name, temporary, relation, &reads),
                // `select 1` reads nothing.
                None if reads.is_empty() => {}
                None => context.done(Kind::Query, &reads, None, &relation),
            }
        }
    }
}

fn into(body: &SetExpr) -> Option<&SelectInto> {
    let mut body = body;
    loop {
        body = match body {
            SetExpr::Select(select) => return select.into.as_ref(),
            SetExpr::SetOperation { left, .. } => left,
            SetExpr::Query(query) => &query.body,
            _ => return None,
        };
    }
}

/// The table of SELECT ... INTO. Where variables may stand there it is none.
fn target_of(context: &Context<'_>, into: &SelectInto) -> Option<ObjectName> {
    let [target] = into.targets.as_slice() else { return None };
    if matches!(context.dialect, Dialect::MySql | Dialect::Snowflake | Dialect::BigQuery) {
        return None;
    }
    match target {
        Expr::Identifier(ident) if ident.value.starts_with(['@', ':']) => None,
        Expr::Identifier(ident) => Some(ObjectName::from(vec![ident.clone()])),
        Expr::CompoundIdentifier(parts) => Some(ObjectName::from(parts.clone())),
        _ => None,
    }
}

/// Is it a table of the session only, by its name?
fn is_temporary(name: &TableName) -> bool {
    name.name.starts_with('#')
}

/// A table or view is made of a query.
fn made(context: &mut Context<'_>, kind: Kind, name: ObjectName, temporary: bool, relation: Relation, reads: &[u32]) {
    let Some(name) = context.name(&name) else { return };
    context.session.forget(&name);
    if temporary || is_temporary(&name) {
        context.done(kind, reads, None, &relation);
        context.session.make(name, Relation { tables: reads.to_vec(), ..relation });
        return;
    }
    context.done(kind, reads, Some(name.clone()), &relation);
    let columns: Vec<_> = relation.columns.iter().map(|output| output.name.clone()).collect();
    if relation.is_closed() && columns.iter().all(|column| !column.is_empty()) {
        context.session.learn(name, columns);
    }
}

fn create_table(context: &mut Context<'_>, create: &CreateTable) {
    let names: Vec<_> = create.columns.iter().map(|column| context.fold(&column.name)).collect();
    let temporary = create.temporary || create.volatile;
    let (relation, reads) = context.aside(|context| match (&create.query, &create.clone) {
        (Some(query), _) => {
            let mut relation = query::read(context, query, None);
            relation.rename(&names);
            relation
        }
        (None, Some(source)) => (*context.open(source)).clone(),
        (None, None) => {
            let columns = names.iter().map(|name| Output { name: name.clone(), uses: Uses::new() });
            // LIKE and external tables have columns that are not said here.
            let every = names.is_empty().then(Uses::new);
            Relation { columns: columns.collect(), every, ..Relation::default() }
        }
    });
    made(context, Kind::CreateTable, create.name.clone(), temporary, relation, &reads);
}

fn create_view(context: &mut Context<'_>, create: &CreateView) {
    let names: Vec<_> = create.columns.iter().map(|column| context.fold(&column.name)).collect();
    let (mut relation, reads) = context.aside(|context| query::read(context, &create.query, None));
    relation.rename(&names);
    // What a view of ClickHouse writes into.
    let name = create.to.as_ref().unwrap_or(&create.name).clone();
    made(context, Kind::CreateView, name, create.temporary, relation, &reads);
}

fn copy(context: &mut Context<'_>, source: &CopySource, to: bool, _target: &CopyTarget) {
    match source {
        CopySource::Query(query) => unload(context, query),
        CopySource::Table { table_name, .. } if to => {
            let (relation, reads) = context.aside(|context| context.open(table_name));
            context.done(Kind::Unload, &reads, None, &relation);
        }
        CopySource::Table { table_name, .. } => load(context, table_name),
    }
}

fn copy_into(
    context: &mut Context<'_>,
    kind: &CopyIntoSnowflakeKind,
    into: &ObjectName,
    from: Option<&ObjectName>,
    query: Option<&Query>,
) {
    match (kind, query, from) {
        (CopyIntoSnowflakeKind::Table, ..) => load(context, into),
        (CopyIntoSnowflakeKind::Location, Some(query), _) => unload(context, query),
        (CopyIntoSnowflakeKind::Location, None, Some(table)) => {
            let (relation, reads) = context.aside(|context| context.open(table));
            context.done(Kind::Unload, &reads, None, &relation);
        }
        (CopyIntoSnowflakeKind::Location, None, None) => {}
    }
}

/// Files become rows of a table.
pub(super) fn load(context: &mut Context<'_>, name: &ObjectName) {
    changed(context, Kind::Load, name);
}

pub(super) fn unload(context: &mut Context<'_>, query: &Query) {
    let (relation, reads) = context.aside(|context| query::read(context, query, None));
    context.done(Kind::Unload, &reads, None, &relation);
}

/// A table is written, of nothing that has a name.
fn changed(context: &mut Context<'_>, kind: Kind, name: &ObjectName) {
    let Some(name) = context.name(name) else { return };
    if context.session.temporary(&name).is_none() {
        context.done(kind, &[], Some(name), &Relation::default());
    }
}

fn drop(context: &mut Context<'_>, name: &ObjectName) {
    let Some(name) = context.name(name) else { return };
    if context.session.temporary(&name).is_none() && !is_temporary(&name) {
        context.done(Kind::Drop, &[], Some(name.clone()), &Relation::default());
    }
    context.session.forget(&name);
}
