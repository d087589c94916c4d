//! INSERT: rows of a query go into a table, column by column where it is known which is which.

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{Insert, MultiTableInsertIntoClause, MultiTableInsertValue, ObjectName, TableObject};

use super::context::Context;
use super::relation::{Output, Relation, TableId, Uses};
use super::scope::{Scope, Source};
use super::{Kind, expr, name, query};

pub(super) fn read(context: &mut Context<'_>, insert: &Insert) {
    let (relation, reads) = context.aside(|context| match &insert.source {
        Some(query) => query::read(context, query, None),
        None => assigned(context, insert),
    });
    let into: Vec<_> = insert
        .multi_table_into_clauses
        .iter()
        .chain(insert.multi_table_when_clauses.iter().flat_map(|when| &when.into_clauses))
        .chain(insert.multi_table_else_clause.iter().flatten())
        .collect();
    if !into.is_empty() {
        return several(context, insert, &into, relation, &reads);
    }
    match &insert.table {
        TableObject::TableName(target) => {
            let columns: Vec<_> =
                insert.columns.iter().filter_map(|column| name::last_column(column, context.dialect)).collect();
            write(context, target, &columns, insert.by_name, relation, &reads);
        }
        // Into a file or another system.
        TableObject::TableFunction(_) => context.done(Kind::Unload, &reads, None, &relation),
        TableObject::TableQuery(_) => {}
    }
}

/// INSERT ... SET of MySQL.
fn assigned(context: &mut Context<'_>, insert: &Insert) -> Relation {
    let scope = Scope::inside(None);
    let mut relation = Relation::default();
    for assignment in &insert.assignments {
        super::change::assign(context, &scope, assignment, &mut relation);
    }
    relation
}

/// Rows with the columns of `relation` go into a table.
fn write(
    context: &mut Context<'_>,
    target: &ObjectName,
    columns: &[String],
    by_name: bool,
    mut relation: Relation,
    reads: &[TableId],
) {
    let Some(target) = context.name(target) else { return };
    let temporary = context.session.temporary(&target);
    if !by_name {
        let known = match &temporary {
            _ if !columns.is_empty() => Some(columns.to_vec()),
            Some(table) => table.is_closed().then(|| table.columns.iter().map(|output| output.name.clone()).collect()),
            None => context.known_columns(&target),
        };
        if known.is_none() && !(relation.columns.is_empty() && relation.is_closed()) {
            context.more = true;
            context.not_known(&target);
        }
        relation = by_position(relation, known.as_deref());
    }
    if temporary.is_some() {
        context.done(Kind::Insert, reads, None, &relation);
        context.session.fill(&target, &Relation { tables: reads.to_vec(), ..relation });
    } else {
        context.done(Kind::Insert, reads, Some(target), &relation);
    }
}

/// Gives columns the names of those that they go into; without such names nobody knows.
fn by_position(relation: Relation, names: Option<&[String]>) -> Relation {
    let (Some(names), true) = (names, relation.is_closed()) else {
        return Relation { columns: Vec::new(), ..relation };
    };
    let columns = relation.columns.into_iter().zip(names);
    let columns = columns.map(|(output, name)| Output { name: name.clone(), uses: output.uses });
    Relation {
        columns: columns.collect(),
        open: relation.open,
        every: relation.every,
        rows: relation.rows,
        tables: relation.tables,
    }
}

/// INSERT ALL and INSERT FIRST: rows of one query go into several tables.
fn several(
    context: &mut Context<'_>,
    insert: &Insert,
    into: &[&MultiTableInsertIntoClause],
    relation: Relation,
    reads: &[TableId],
) {
    let rows = relation.rows.clone();
    let scope = Scope {
        sources: vec![Source { relation: std::rc::Rc::new(relation.clone()), ..Source::default() }],
        ..Scope::inside(None)
    };
    let mut deciding = rows;
    let conditions = insert.multi_table_when_clauses.iter().map(|when| &when.condition);
    expr::all_uses(context, &scope, conditions, ColumnUse::Filter, &mut deciding);
    for clause in into {
        let mut written = relation.clone();
        if let Some(values) = &clause.values {
            written = Relation::default();
            for value in &values.values {
                let mut uses = Uses::new();
                if let MultiTableInsertValue::Expr(value) = value {
                    expr::uses(context, &scope, value, ColumnUse::Identity, &mut uses);
                }
                written.columns.push(Output { name: String::new(), uses });
            }
        }
        written.rows.clone_from(&deciding);
        let columns: Vec<_> = clause.columns.iter().map(|column| context.fold(column)).collect();
        write(context, &clause.table_name, &columns, false, written, reads);
    }
}
