//! FROM: joins, and which columns they put together.

use std::rc::Rc;

use downbeat_domain::metadata::ColumnUse;
use sqlparser::ast::{Join, JoinConstraint, JoinOperator, LateralView, ObjectName, TableFactor, TableWithJoins};

use super::context::Context;
use super::factor;
use super::name;
use super::relation::{Output, Relation, Uses};
use super::scope::{Scope, Source, column_of, unqualified};
use super::{Dialect, expr};

/// Which of two sides of a join a column has its values of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

/// Puts what FROM lists into the scope.
pub(super) fn list(context: &mut Context<'_>, list: &[TableWithJoins], scope: &mut Scope<'_>, rows: &mut Uses) {
    let mut arrays = false;
    for item in list {
        // `array join a as x, b as y` of ClickHouse: what follows the comma is an array, too.
        if arrays && item.joins.is_empty() {
            array(context, &item.relation, scope);
            continue;
        }
        with_joins(context, item, scope, rows);
        arrays = context.dialect == Dialect::ClickHouse
            && item.joins.last().is_some_and(|join| is_array(&join.join_operator));
    }
}

/// Puts a table and what is joined to it into the scope.
pub(super) fn with_joins(context: &mut Context<'_>, item: &TableWithJoins, scope: &mut Scope<'_>, rows: &mut Uses) {
    let sources = factor::read(context, &item.relation, scope, false, rows);
    scope.sources.extend(sources);
    for join in &item.joins {
        joined(context, join, scope, rows);
    }
}

fn is_array(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::ArrayJoin | JoinOperator::LeftArrayJoin | JoinOperator::InnerArrayJoin)
}

/// Puts what is joined into the scope.
pub(super) fn joined(context: &mut Context<'_>, join: &Join, scope: &mut Scope<'_>, rows: &mut Uses) {
    if context.budget.spent() {
        return;
    }
    if is_array(&join.join_operator) {
        return array(context, &join.relation, scope);
    }
    let lateral = matches!(join.join_operator, JoinOperator::CrossApply | JoinOperator::OuterApply);
    let sources = factor::read(context, &join.relation, scope, lateral, rows);
    let before = scope.sources.len();
    let (constraint, side) = match &join.join_operator {
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (constraint, Side::Right),
        JoinOperator::FullOuter(constraint) => (constraint, Side::Both),
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::StraightJoin(constraint) => (constraint, Side::Left),
        JoinOperator::AsOf { match_condition, constraint } => {
            scope.sources.extend(sources);
            expr::uses(context, scope, match_condition, ColumnUse::Join, rows);
            return constrained(context, constraint, Side::Left, before, scope, rows);
        }
        JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint) => {
            scope.sources.extend(sources);
            constrained(context, constraint, Side::Left, before, scope, rows);
            // Its columns are not in sight any more.
            scope.sources.truncate(before);
            return;
        }
        JoinOperator::RightSemi(constraint) | JoinOperator::RightAnti(constraint) => {
            scope.sources.extend(sources);
            constrained(context, constraint, Side::Right, before, scope, rows);
            scope.sources.drain(..before);
            return;
        }
        JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::ArrayJoin
        | JoinOperator::LeftArrayJoin
        | JoinOperator::InnerArrayJoin => (&JoinConstraint::None, Side::Left),
    };
    scope.sources.extend(sources);
    constrained(context, constraint, side, before, scope, rows);
}

fn constrained(
    context: &mut Context<'_>,
    constraint: &JoinConstraint,
    side: Side,
    before: usize,
    scope: &mut Scope<'_>,
    rows: &mut Uses,
) {
    match constraint {
        JoinConstraint::On(condition) => expr::uses(context, scope, condition, ColumnUse::Join, rows),
        JoinConstraint::Using(names) | JoinConstraint::UsingAlias(names, _) => {
            let names: Vec<_> = names.iter().filter_map(|name| name::last_column(name, context.dialect)).collect();
            for name in names {
                merge(context, &name, side, before, scope, rows);
            }
        }
        JoinConstraint::Natural => {
            for name in common(scope, before) {
                merge(context, &name, side, before, scope, rows);
            }
        }
        JoinConstraint::None => {}
    }
}

/// Columns that both sides are known to have.
fn common(scope: &Scope<'_>, before: usize) -> Vec<String> {
    let (left, right) = scope.sources.split_at(before);
    let has = |name: &str| left.iter().any(|source| source.relation.column(name).is_some());
    let names = right.iter().flat_map(|source| &source.relation.columns).map(|output| output.name.clone());
    names.filter(|name| has(name)).collect()
}

/// One column of two, by the name that both have.
fn merge(context: &mut Context<'_>, name: &str, side: Side, before: usize, scope: &mut Scope<'_>, rows: &mut Uses) {
    let right_sources = scope.sources.split_off(before);
    let left = unqualified(context, scope, name);
    let mut right = Uses::new();
    for source in &right_sources {
        let found = column_of(context, &source.relation, name).unwrap_or_default();
        right.extend(found);
    }
    scope.sources.extend(right_sources);
    context.carry(rows, &left, ColumnUse::Join);
    context.carry(rows, &right, ColumnUse::Join);
    let uses = match side {
        Side::Left => left,
        Side::Right => right,
        Side::Both => {
            // Whichever is there.
            let mut both = Uses::new();
            context.carry(&mut both, &left, ColumnUse::Transformation);
            context.carry(&mut both, &right, ColumnUse::Transformation);
            both
        }
    };
    scope.merged.retain(|output| output.name != name);
    scope.merged.push(Output { name: name.to_owned(), uses });
}

/// ARRAY JOIN of ClickHouse: an array column becomes rows under its own name or another.
fn array(context: &mut Context<'_>, relation: &TableFactor, scope: &mut Scope<'_>) {
    let TableFactor::Table { name, alias, .. } = relation else { return };
    let Some(column) = name::last_column(name, context.dialect) else { return };
    let found = unqualified(context, scope, &column);
    let mut uses = Uses::new();
    context.carry(&mut uses, &found, ColumnUse::Transformation);
    let shown = alias.as_ref().map_or(column, |alias| context.fold(&alias.name));
    scope.merged.retain(|output| output.name != shown);
    scope.merged.push(Output { name: shown, uses });
}

/// LATERAL VIEW of Hive and Spark.
pub(super) fn views(context: &mut Context<'_>, views: &[LateralView], scope: &mut Scope<'_>) {
    for view in views {
        let mut uses = Uses::new();
        expr::uses(context, scope, &view.lateral_view, ColumnUse::Transformation, &mut uses);
        let columns =
            view.lateral_col_alias.iter().map(|alias| Output { name: context.fold(alias), uses: uses.clone() });
        let mut relation = Relation { columns: columns.collect(), ..Relation::default() };
        if relation.columns.is_empty() {
            relation.every = Some(uses);
        }
        let alias = alias_of(context, &view.lateral_view_name);
        scope.sources.push(Source { alias, table: None, relation: Rc::new(relation) });
    }
}

fn alias_of(context: &Context<'_>, name: &ObjectName) -> String {
    name::as_alias(name, context.dialect).unwrap_or_default()
}
