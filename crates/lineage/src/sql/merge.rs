//! MERGE: rows of a source change a table.

use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{Merge, MergeAction, MergeInsertExpr, MergeInsertKind, MergeUpdateKind, TableFactor};

use super::context::Context;
use super::relation::{Relation, Uses};
use super::scope::Scope;
use super::{Kind, change, expr, factor, name};

pub(super) fn read(context: &mut Context<'_>, merge: &Merge) {
    let TableFactor::Table { name, .. } = &merge.table else { return };
    let Some(target) = context.name(name) else { return };
    let mut rows = Uses::new();
    let outer = Scope::inside(None);
    let (target_sources, _) =
        context.aside(|context| factor::read(context, &merge.table, &outer, false, &mut Uses::new()));
    let (source, mut reads) = context.aside(|context| factor::read(context, &merge.source, &outer, false, &mut rows));
    let both =
        Scope { sources: target_sources.into_iter().chain(source.iter().cloned()).collect(), ..Scope::inside(None) };
    let alone = Scope { sources: source, ..Scope::inside(None) };
    let mut relation = Relation::default();
    let ((), more) = context.aside(|context| {
        expr::uses(context, &both, &merge.on, ColumnUse::Join, &mut rows);
        for clause in &merge.clauses {
            expr::all_uses(context, &both, &clause.predicate, ColumnUse::Filter, &mut rows);
            action(context, &clause.action, &both, &alone, &target, &mut relation);
        }
    });
    super::relation::add_tables(&mut reads, &more);
    relation.rows = rows;
    if context.session.temporary(&target).is_some() {
        context.done(Kind::Merge, &reads, None, &relation);
        context.session.fill(&target, &Relation { tables: reads, ..relation });
    } else {
        context.done(Kind::Merge, &reads, Some(target), &relation);
    }
}

fn action(
    context: &mut Context<'_>,
    action: &MergeAction,
    both: &Scope<'_>,
    source: &Scope<'_>,
    target: &super::TableName,
    relation: &mut Relation,
) {
    match action {
        MergeAction::Update(update) => match &update.kind {
            MergeUpdateKind::Set(assignments) => {
                for assignment in assignments {
                    change::assign(context, both, assignment, relation);
                }
            }
            MergeUpdateKind::Wildcard => everything(context, source, relation),
        },
        MergeAction::Insert(insert) => inserted(context, insert, source, target, relation),
        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
    }
}

fn inserted(
    context: &mut Context<'_>,
    insert: &MergeInsertExpr,
    source: &Scope<'_>,
    target: &super::TableName,
    relation: &mut Relation,
) {
    let MergeInsertKind::Values(values) = &insert.kind else {
        // All columns of the source, into those that are called the same.
        return everything(context, source, relation);
    };
    let given: Vec<_> = insert.columns.iter().filter_map(|column| name::last_column(column, context.dialect)).collect();
    let names = if given.is_empty() { context.known_columns(target) } else { Some(given) };
    for row in &values.rows {
        for (name, value) in names.iter().flatten().zip(&row.content) {
            let mut uses = Uses::new();
            // Only the source is in sight there: the row is none of the target's yet.
            expr::uses(context, source, value, ColumnUse::Identity, &mut uses);
            change::put(relation, name, uses);
        }
    }
}

fn everything(context: &mut Context<'_>, source: &Scope<'_>, relation: &mut Relation) {
    for from in source.sources.iter().map(|source| Rc::clone(&source.relation)) {
        context.more |= !from.open.is_empty();
        for output in &from.columns {
            change::put(relation, &output.name, output.uses.clone());
        }
    }
}
