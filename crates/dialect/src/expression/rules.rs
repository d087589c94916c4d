//! Rules about a whole tree that the grammar alone cannot say: quantifiers and attributes of task runs.

use serde_json::Value;

use super::{
    ExpressionError,
    ast::{Kind, Node, Root},
    parser::Parse,
};
use crate::suggest::did_you_mean;

/// What an expression can read of a task run.
pub(super) const TASK_ATTRIBUTES: [&str; 4] = ["status", "outputs", "run_parameters", "task_run_id"];

pub(super) fn check(node: &Node) -> Parse<()> {
    match &node.kind {
        Kind::Compare { first, rest } if first.quantifier().is_some() => {
            check_quantified(first, rest.len())?;
            rest.iter().try_for_each(|(_, operand)| check(operand))
        }
        Kind::Quantified { all, .. } => Err(misplaced(node, *all)),
        Kind::Member { base, index, .. } => {
            if is_task(base) {
                check_attribute(index)?;
            }
            check(base)?;
            check(index)
        }
        _ => node.children().into_iter().try_for_each(check),
    }
}

/// The left side of a comparison: members on top of `.all()` or `.any()` on top of a group.
fn check_quantified(node: &Node, comparisons: usize) -> Parse<()> {
    let Some((group, all)) = node.quantifier() else { return Ok(()) };
    let Kind::Member { base, index, .. } = &node.kind else { return Err(misplaced(node, all)) };
    if comparisons != 1 {
        return Err(misplaced(node, all));
    }
    if !matches!(group.kind, Kind::Root(Root::TaskGroup(_))) {
        let message = format!("`.{}()` works on a task group only", word(all));
        return Err(ExpressionError::new(node.span.clone(), message)
            .with_help(Some(format!("write `task_groups['id'].{}().status == ...`", word(all)))));
    }
    check_members(base, index)
}

fn check_members(base: &Node, index: &Node) -> Parse<()> {
    check(index)?;
    match &base.kind {
        Kind::Member { base, index, .. } => check_members(base, index),
        _ => check_attribute(index),
    }
}

fn misplaced(node: &Node, all: bool) -> ExpressionError {
    let message = format!("`.{}()` must be followed by an attribute and one comparison", word(all));
    let help = format!("write `task_groups['id'].{}().status == 'SUCCEEDED'`", word(all));
    ExpressionError::new(node.span.clone(), message).with_help(Some(help))
}

fn word(all: bool) -> &'static str {
    if all { "all" } else { "any" }
}

/// Whether the node is one task run: `tasks['a']` or `task_groups['g'][0]`.
pub(super) fn is_task(node: &Node) -> bool {
    match &node.kind {
        Kind::Root(Root::Task(_)) => true,
        Kind::Member { base, .. } => matches!(base.kind, Kind::Root(Root::TaskGroup(_))),
        _ => false,
    }
}

fn check_attribute(index: &Node) -> Parse<()> {
    let Kind::Literal(Value::String(name)) = &index.kind else { return Ok(()) };
    if TASK_ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let help = did_you_mean(name, TASK_ATTRIBUTES).unwrap_or_else(|| format!("it has {}", TASK_ATTRIBUTES.join(", ")));
    Err(ExpressionError::unknown_name(index.span.clone(), format!("a task run has no `{name}`")).with_help(Some(help)))
}
