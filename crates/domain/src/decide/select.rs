//! From ids that people name to places in a plan.

use crate::{command::Rejection, event::Selection, limits, plan::PreparedPlan};

/// The tasks of these ids; the id of a group stands for all of its tasks.
pub(super) fn places(
    alias: &str,
    plan: &PreparedPlan,
    ids: &[String],
    downstream: bool,
) -> Result<Selection, Rejection> {
    if ids.len() > limits::SELECTED_TASKS_MAX {
        let most = limits::SELECTED_TASKS_MAX;
        return Err(Rejection::InvalidInputs(format!("{} tasks are named; at most {most} are allowed", ids.len())));
    }
    let mut tasks = Vec::new();
    for id in ids {
        let lower = id.to_lowercase();
        match (plan.task_by_id.get(&lower), plan.group_by_id.get(&lower)) {
            (Some(task), _) => tasks.push(*task),
            (None, Some(group)) => tasks.extend(&plan.members[*group as usize]),
            (None, None) => {
                let known = plan.plan.groups.iter().map(|group| group.id.as_str());
                let known: Vec<&str> =
                    known.chain(plan.plan.tasks.iter().map(|task| task.id.as_str())).take(10).collect();
                return Err(Rejection::UnknownTask {
                    alias: alias.to_owned(),
                    id: id.chars().take(100).collect(),
                    known: known.join(", "),
                });
            }
        }
    }
    tasks.sort_unstable();
    tasks.dedup();
    Ok(Selection { tasks, downstream })
}
