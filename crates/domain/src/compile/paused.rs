//! What is paused does not run, and what depends on it behaves as if it were absent: it depends on what that depends on.

use std::collections::BTreeSet;

use crate::plan::{Node, Plan};

/// Takes paused nodes out of every list of dependencies. They wait for nothing themselves.
pub(super) fn pass_through(plan: &mut Plan) {
    let before = plan.clone();
    let is_paused = |node: &Node| match *node {
        Node::Group(group) => before.groups.get(group as usize).is_some_and(|group| group.paused),
        Node::Task(task) => before.tasks.get(task as usize).is_some_and(|task| task.paused),
    };
    let depends_on = |node: &Node| match *node {
        Node::Group(group) => before.groups.get(group as usize).map_or(&[][..], |group| &group.depends_on),
        Node::Task(task) => before.tasks.get(task as usize).map_or(&[][..], |task| &task.depends_on),
    };
    let running = |nodes: &[Node]| -> Vec<Node> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut open: Vec<Node> = nodes.iter().rev().copied().collect();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            if is_paused(&node) {
                open.extend(depends_on(&node).iter().rev());
            } else {
                found.push(node);
            }
        }
        found
    };
    for group in &mut plan.groups {
        group.depends_on = if group.paused { Vec::new() } else { running(&group.depends_on) };
    }
    for task in &mut plan.tasks {
        task.depends_on = if task.paused { Vec::new() } else { running(&task.depends_on) };
    }
}
