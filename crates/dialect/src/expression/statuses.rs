//! Words that an expression compares with the status of a task: they are known before anything runs.

use std::{borrow::Cow, ops::Range};

use serde_json::Value;

use super::ast::{Comparison, Kind, Node, Root};

/// What the console of the reference writes for the status of a task that has ended, however it ended.
const COMPLETED: &str = "COMPLETED";
const ENDED: [&str; 5] = ["SUCCEEDED", "WARNING", "FAILED", "SKIPPED", "CANCELLED"];

/// The value of `node` for a comparison with `other`: the status of an ended task counts as `COMPLETED` where that is asked for.
pub(super) fn comparable<'v>(node: &Node, value: &'v Value, other: &Value) -> Cow<'v, Value> {
    let asked = match other {
        Value::String(word) => word == COMPLETED,
        Value::Array(words) => words.iter().any(|word| word == COMPLETED),
        _ => false,
    };
    if asked && is_status(node) && ENDED.iter().any(|status| value == status) {
        return Cow::Owned(Value::from(COMPLETED));
    }
    Cow::Borrowed(value)
}

/// Every text that is compared with a `status`, with its place.
pub(super) fn compared(node: &Node) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    visit(node, &mut found);
    found
}

fn visit(node: &Node, found: &mut Vec<(String, Range<usize>)>) {
    if let Kind::Compare { first, rest } = &node.kind {
        let mut left = &**first;
        for (operator, right) in rest {
            match operator {
                Comparison::Equal | Comparison::NotEqual if is_status(left) => words(right, found),
                Comparison::Equal | Comparison::NotEqual if is_status(right) => words(left, found),
                Comparison::In | Comparison::NotIn if is_status(left) => words(right, found),
                _ => {}
            }
            left = right;
        }
    }
    node.children().into_iter().for_each(|child| visit(child, found));
}

fn words(node: &Node, found: &mut Vec<(String, Range<usize>)>) {
    match &node.kind {
        Kind::Literal(Value::String(word)) => found.push((word.clone(), node.span.clone())),
        Kind::List(items) => items.iter().for_each(|item| words(item, found)),
        _ => {}
    }
}

/// `tasks['id'].status`, `task_groups['id'][0].status`, `task_groups['id'].any().status`.
fn is_status(node: &Node) -> bool {
    let Kind::Member { base, index, .. } = &node.kind else { return false };
    let Kind::Literal(Value::String(name)) = &index.kind else { return false };
    let of_a_run = match &base.kind {
        Kind::Root(Root::Task { .. }) | Kind::Quantified { .. } => true,
        Kind::Member { base, .. } => matches!(base.kind, Kind::Root(Root::TaskGroup { .. })),
        _ => false,
    };
    of_a_run && name.eq_ignore_ascii_case("status")
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    #[test]
    fn words_beside_a_status_are_found() {
        for (text, expected) in [
            ("tasks['a'].status == 'DONE'", vec!["DONE"]),
            ("'DONE' != tasks['a']['STATUS']", vec!["DONE"]),
            (
                "task_groups['g'].all().status in ['A', 'B'] and not (task_groups['g'][0].status == 'C')",
                vec!["A", "B", "C"],
            ),
            ("tasks['a'].outputs.status == 'DONE' or inputs.status == 'x'", vec![]),
            ("len([tasks['a'].status == 'D'])", vec!["D"]),
        ] {
            let found = Expression::parse(text).unwrap().compared_statuses();
            assert_eq!(found.into_iter().map(|(word, _)| word).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
