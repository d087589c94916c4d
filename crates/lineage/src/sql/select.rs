//! SELECT: what it shows, and what decides about its rows.

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{ConnectByKind, Distinct, Expr, GroupByExpr, NamedWindowExpr, PipeOperator, Select};

use super::context::Context;
use super::relation::{Relation, Uses};
use super::scope::{Order, Scope};
use super::{expr, from, projection, query};

/// Reads a SELECT. The scope is given back for the ORDER BY behind it.
pub(super) fn read<'p>(
    context: &mut Context<'_>,
    select: &Select,
    parent: Option<&'p Scope<'p>>,
) -> (Relation, Scope<'p>) {
    let mut scope = Scope::inside(parent);
    let mut rows = Uses::new();
    from::list(context, &select.from, &mut scope, &mut rows);
    from::views(context, &select.lateral_views, &mut scope);
    windows(context, select, &mut scope);
    let mut relation = projection::read(context, &select.projection, &mut scope);
    projection::exclude(context, &mut relation, select.exclude.as_ref());
    scope.aliases.clone_from(&relation.columns);
    let filters = [&select.prewhere, &select.selection].into_iter().flatten();
    scope.order = if context.dialect.aliases_beside() { Order::ColumnsThenAliases } else { Order::Columns };
    expr::all_uses(context, &scope, filters, ColumnUse::Filter, &mut rows);
    connected(context, select, &scope, &mut rows);
    scope.order = Order::ColumnsThenAliases;
    grouped(context, select, &relation, &scope, &mut rows);
    let filters = [&select.having, &select.qualify].into_iter().flatten();
    expr::all_uses(context, &scope, filters, ColumnUse::Filter, &mut rows);
    query::sorted(context, &select.sort_by, &scope, &mut rows);
    relation.rows = rows;
    (relation, scope)
}

/// Windows with a name; one may build on another that stands before it.
fn windows(context: &mut Context<'_>, select: &Select, scope: &mut Scope<'_>) {
    for definition in &select.named_window {
        let mut columns = Uses::new();
        match &definition.1 {
            NamedWindowExpr::WindowSpec(spec) => expr::window(context, scope, spec, &mut columns),
            NamedWindowExpr::NamedWindow(other) => {
                let other = context.fold(other);
                let known = scope.windows.iter().find(|(name, _)| *name == other);
                columns = known.map(|(_, columns)| columns.clone()).unwrap_or_default();
            }
        }
        scope.windows.push((context.fold(&definition.0), columns));
    }
}

fn connected(context: &mut Context<'_>, select: &Select, scope: &Scope<'_>, rows: &mut Uses) {
    for clause in &select.connect_by {
        match clause {
            ConnectByKind::ConnectBy { relationships, .. } => {
                expr::all_uses(context, scope, relationships, ColumnUse::Join, rows);
            }
            ConnectByKind::StartWith { condition, .. } => {
                expr::uses(context, scope, condition, ColumnUse::Filter, rows)
            }
        }
    }
}

fn grouped(context: &mut Context<'_>, select: &Select, shown: &Relation, scope: &Scope<'_>, rows: &mut Uses) {
    if let Some(Distinct::On(keys)) = &select.distinct {
        for key in keys {
            query::by(context, key, scope, ColumnUse::GroupBy, rows);
        }
    }
    match &select.group_by {
        GroupByExpr::All(_) => {
            // All that is shown and is no aggregate.
            for output in &shown.columns {
                if output.uses.iter().all(|(_, kind)| *kind != ColumnUse::Aggregation) {
                    context.carry(rows, &output.uses, ColumnUse::GroupBy);
                }
            }
        }
        GroupByExpr::Expressions(keys, _) => {
            for key in keys.iter().flat_map(keys_of) {
                query::by(context, key, scope, ColumnUse::GroupBy, rows);
            }
        }
    }
}

/// `(1, 2)` and `rollup(1, 2)` name places, too.
fn keys_of(key: &Expr) -> Vec<&Expr> {
    match key {
        Expr::Tuple(keys) => keys.iter().collect(),
        Expr::Rollup(sets) | Expr::Cube(sets) | Expr::GroupingSets(sets) => sets.iter().flatten().collect(),
        key => vec![key],
    }
}

/// Tables that pipe operators read.
pub(super) fn piped(context: &mut Context<'_>, operators: &[PipeOperator], parent: Option<&Scope<'_>>) {
    for operator in operators {
        match operator {
            PipeOperator::Join(join) => from::joined(context, join, &mut Scope::inside(parent), &mut Uses::new()),
            PipeOperator::Union { queries, .. }
            | PipeOperator::Intersect { queries, .. }
            | PipeOperator::Except { queries, .. } => {
                for query in queries {
                    query::read(context, query, parent);
                }
            }
            // Queries inside of conditions are read for their tables.
            PipeOperator::Where { expr } => {
                expr::uses(context, &Scope::inside(parent), expr, ColumnUse::Filter, &mut Uses::new());
            }
            _ => {}
        }
    }
}
