//! Queries that read themselves: read in rounds, until a round finds nothing new.

use std::rc::Rc;

use sqlparser::ast::{Query, SetExpr, SetOperator};

use super::context::Context;
use super::query;
use super::relation::Relation;
use super::scope::Scope;
use crate::limits::SQL_ROUNDS_MAX;

/// Reads a common table expression that may read itself. `None`: its form is not that of one that does.
pub(super) fn read(
    context: &mut Context<'_>,
    expression: &Query,
    parent: Option<&Scope<'_>>,
    name: &str,
    columns: &[String],
) -> Option<Relation> {
    let (None, SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }) =
        (&expression.with, &*expression.body)
    else {
        return None;
    };
    // Where it begins. It cannot read itself there, so the name is a table's.
    let mut known = query::set(context, left, parent);
    known.rename(columns);
    for _ in 0..SQL_ROUNDS_MAX {
        context.expressions.push((name.to_owned(), Rc::new(known.clone())));
        let round = query::set(context, right, parent);
        context.expressions.pop();
        let before = known.clone();
        query::combine(context, &mut known, SetOperator::Union, *set_quantifier, &round);
        if known == before || context.budget.spent() {
            break;
        }
    }
    Some(known)
}
