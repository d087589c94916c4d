//! Which tasks of its pipeline a run is about, worked out as the core does it.

use downbeat_domain::{
    Selection,
    plan::{Node, Plan, PlanGroup, PlanTask, PreparedPlan},
};

use super::rows;

/// Places of the tasks of a selection, and of what follows from them if it says so.
pub(super) fn places(plan: &rows::Plan, selection: &Selection) -> Vec<u32> {
    // The shape of the plan is all that a selection looks at.
    let task = |task: &rows::PlanTask| PlanTask {
        group: task.group_plus_one.checked_sub(1),
        depends_on: task.after.iter().map(node).collect(),
        ..PlanTask::default()
    };
    let group = |group: &rows::PlanGroup| PlanGroup {
        depends_on: group.after.iter().map(node).collect(),
        ..PlanGroup::default()
    };
    let shape = Plan {
        tasks: plan.tasks.iter().map(task).collect(),
        groups: plan.groups.iter().map(group).collect(),
        ..Plan::default()
    };
    PreparedPlan::new(shape).select(selection).into_iter().collect()
}

fn node(number: &u32) -> Node {
    if number.is_multiple_of(2) { Node::Task(number / 2) } else { Node::Group(number / 2) }
}
