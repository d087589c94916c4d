//! Queries: WITH, set operations, ORDER BY around SELECT.

use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{
    Expr, OrderBy, OrderByExpr, OrderByKind, Query, SetExpr, SetOperator, SetQuantifier, Table, TableAlias, Value,
    Values, With,
};

use super::context::Context;
use super::expr;
use super::name;
use super::recursion;
use super::relation::{Output, Relation, Uses};
use super::scope::{Order, Scope};
use super::{select, write};

/// Reads a query inside of another one, or none.
pub(super) fn read(context: &mut Context<'_>, query: &Query, parent: Option<&Scope<'_>>) -> Relation {
    let outside = context.expressions.len();
    if let Some(with) = &query.with {
        expressions(context, with, parent);
    }
    let relation = after_with(context, query, parent);
    context.expressions.truncate(outside);
    relation
}

/// The same without its WITH, whose expressions are in sight already.
pub(super) fn after_with(context: &mut Context<'_>, query: &Query, parent: Option<&Scope<'_>>) -> Relation {
    let mut relation = match &*query.body {
        SetExpr::Select(select) => {
            let (mut relation, mut scope) = select::read(context, select, parent);
            scope.order = Order::AliasesFirst;
            ordered(context, &mut relation, query.order_by.as_ref(), &scope);
            relation
        }
        body => {
            let mut relation = set(context, body, parent);
            let scope = Scope { aliases: relation.columns.clone(), order: Order::AliasesFirst, ..Scope::inside(None) };
            ordered(context, &mut relation, query.order_by.as_ref(), &scope);
            relation
        }
    };
    if !query.pipe_operators.is_empty() {
        // What `|>` makes of columns is not followed; the tables are read and no column is guessed.
        relation = Relation { every: Some(Uses::new()), rows: relation.rows, ..Relation::default() };
        select::piped(context, &query.pipe_operators, parent);
    }
    relation
}

/// Puts the expressions of a WITH in sight.
pub(super) fn expressions(context: &mut Context<'_>, with: &With, parent: Option<&Scope<'_>>) {
    for expression in &with.cte_tables {
        let name = name::alias(&expression.alias.name, context.dialect);
        let columns = alias_columns(context, &expression.alias);
        let may_recurse = with.recursive || context.dialect.recursion_needs_no_word();
        let (mut relation, tables) = context.aside(|context| {
            let recursive = may_recurse.then(|| recursion::read(context, &expression.query, parent, &name, &columns));
            recursive.flatten().unwrap_or_else(|| read(context, &expression.query, parent))
        });
        relation.rename(&columns);
        relation.tables = tables;
        context.expressions.push((name, Rc::new(relation)));
    }
}

/// Names of columns that an alias gives.
pub(super) fn alias_columns(context: &Context<'_>, alias: &TableAlias) -> Vec<String> {
    alias.columns.iter().map(|column| context.fold(&column.name)).collect()
}

/// A body with its set operations. They lean to the left, one level per operation, and are taken apart from there.
pub(super) fn set(context: &mut Context<'_>, body: &SetExpr, parent: Option<&Scope<'_>>) -> Relation {
    let mut body = body;
    let mut operations = Vec::new();
    while let SetExpr::SetOperation { left, op, set_quantifier, right } = body {
        operations.push((op, set_quantifier, right));
        body = left;
    }
    let mut relation = leaf(context, body, parent);
    for (operator, quantifier, right) in operations.into_iter().rev() {
        let right = set(context, right, parent);
        combine(context, &mut relation, *operator, *quantifier, &right);
    }
    relation
}

fn leaf(context: &mut Context<'_>, body: &SetExpr, parent: Option<&Scope<'_>>) -> Relation {
    match body {
        SetExpr::Select(select) => select::read(context, select, parent).0,
        SetExpr::Query(query) => read(context, query, parent),
        SetExpr::Values(values) => self::values(context, values, parent),
        SetExpr::Table(table) => self::table(context, table),
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => write::inside(context, statement),
        // `set` takes these apart.
        SetExpr::SetOperation { .. } => Relation::default(),
    }
}

fn table(context: &mut Context<'_>, table: &Table) -> Relation {
    let parts = [&table.schema_name, &table.table_name].into_iter().flatten().cloned();
    let name = sqlparser::ast::ObjectName::from(parts.collect::<Vec<_>>());
    Relation { tables: Vec::new(), ..(*context.open(&name)).clone() }
}

fn values(context: &mut Context<'_>, values: &Values, parent: Option<&Scope<'_>>) -> Relation {
    let scope = Scope::inside(parent);
    let mut relation = Relation::default();
    for row in &values.rows {
        for (place, value) in row.content.iter().enumerate() {
            if relation.columns.len() <= place {
                relation.columns.push(Output { name: format!("column{}", place + 1), uses: Uses::new() });
            }
            expr::uses(context, &scope, value, ColumnUse::Identity, &mut relation.columns[place].uses);
        }
    }
    relation
}

/// Puts `right` to what is on its left.
pub(super) fn combine(
    context: &mut Context<'_>,
    left: &mut Relation,
    operator: SetOperator,
    quantifier: SetQuantifier,
    right: &Relation,
) {
    context.carry(&mut left.rows, &right.rows, ColumnUse::Identity);
    if operator != SetOperator::Union {
        // Its values decide which rows there are, and are none themselves.
        for output in &right.columns {
            context.carry(&mut left.rows, &output.uses, ColumnUse::Filter);
        }
        return;
    }
    let by_name =
        matches!(quantifier, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName);
    if by_name {
        for output in &right.columns {
            match left.columns.iter_mut().find(|column| column.name == output.name) {
                Some(column) => context.carry(&mut column.uses, &output.uses, ColumnUse::Identity),
                None => left.columns.push(output.clone()),
            }
        }
        left.open.extend(right.open.iter().copied());
    } else if left.is_closed() && right.is_closed() {
        for (column, output) in left.columns.iter_mut().zip(&right.columns) {
            context.carry(&mut column.uses, &output.uses, ColumnUse::Identity);
        }
    }
    // By position, a column of a table that nobody knows may be any; the names are those of the left.
}

fn ordered(context: &mut Context<'_>, relation: &mut Relation, order: Option<&OrderBy>, scope: &Scope<'_>) {
    match order.map(|order| &order.kind) {
        None => {}
        Some(OrderByKind::All(_)) => {
            for output in &relation.columns {
                context.carry(&mut relation.rows, &output.uses, ColumnUse::Sort);
            }
        }
        Some(OrderByKind::Expressions(list)) => sorted(context, list, scope, &mut relation.rows),
    }
}

/// Columns of an ORDER BY, or of what is like it.
pub(super) fn sorted(context: &mut Context<'_>, order: &[OrderByExpr], scope: &Scope<'_>, rows: &mut Uses) {
    for order in order {
        by(context, &order.expr, scope, ColumnUse::Sort, rows);
    }
}

/// An expression of ORDER BY or GROUP BY: a number stands for the column at that place.
pub(super) fn by(context: &mut Context<'_>, by: &Expr, scope: &Scope<'_>, how: ColumnUse, rows: &mut Uses) {
    match place(by).map(|place| scope.aliases.get(place)) {
        Some(Some(output)) => context.carry(rows, &output.uses, how),
        Some(None) => {}
        None => expr::uses(context, scope, by, how, rows),
    }
}

fn place(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = expr else { return None };
    match &value.value {
        Value::Number(number, _) => number.to_string().parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
}
