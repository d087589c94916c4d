//! Random plans: groups, matrices, conditions, retries, timeouts, pools, core jobs; no circles, everything else may be.

use downbeat_domain::plan::{Backoff, Node, Plan, PlanConcurrency, PlanGroup, PlanMatrix, PlanTask, PoolUse};
use proptest::prelude::*;
use serde_json::{Map, json};

const CONDITIONS: [Option<&str>; 6] = [
    None,
    None,
    Some("true"),
    Some("false"),
    Some("tasks['t0'].status == 'SUCCEEDED'"),
    Some("tasks['t0'].outputs.n > 1"),
];

#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) group: u8,
    pub(crate) depends_on: u8,
    pub(crate) condition: u8,
    pub(crate) retries: u8,
    pub(crate) flags: u8,
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    (0u8..5, any::<u8>(), 0u8..12, 0u8..3, any::<u8>()).prop_map(|(group, depends_on, condition, retries, flags)| {
        Shape { group, depends_on, condition, retries, flags }
    })
}

/// None, or up to three elements (written or computed), some at once, with or without going on after a failure.
fn matrix(flags: u8) -> Option<PlanMatrix> {
    let inputs = match flags >> 5 {
        0 => json!([]),
        1 => json!(["a"]),
        2 | 3 => json!([{"id": "x"}, {"id": "y"}, 3]),
        4 => json!("${{ tasks['t0'].outputs.list }}"),
        _ => return None,
    };
    let (max_parallel, continue_on_error) = (u32::from(flags & 3), flags & 4 == 4);
    Some(PlanMatrix { inputs: vec![("m".to_owned(), inputs)], max_parallel, continue_on_error })
}

/// Tasks depend on earlier siblings, groups and loose tasks on what stands before them: no cycles, everything else may be.
pub(crate) fn plan(shapes: &[Shape], group_count: u8) -> Plan {
    let mut plan = Plan::default();
    for group in 0..group_count {
        let condition = CONDITIONS.get(shapes.get(group as usize).map_or(0, |shape| shape.condition) as usize);
        plan.groups.push(PlanGroup {
            id: format!("g{group}"),
            depends_on: (0..group)
                .filter(|before| before % 2 == 0)
                .map(|before| Node::Group(u32::from(before)))
                .collect(),
            condition: condition.copied().flatten().map(str::to_owned),
            matrix: matrix(shapes.get(group as usize).map_or(0, |shape| shape.flags)),
            paused: shapes.get(group as usize).is_some_and(|shape| shape.retries == 2 && shape.flags & 16 == 16),
            ..PlanGroup::default()
        });
    }
    for (place, shape) in (0u32..).zip(shapes) {
        let group = (shape.group < group_count).then_some(u32::from(shape.group));
        let siblings = (0..place)
            .filter(|before| plan.tasks[*before as usize].group == group && shape.depends_on >> (before % 8) & 1 == 1);
        let mut depends_on: Vec<Node> = siblings.map(Node::Task).collect();
        if group.is_none() && group_count > 0 && shape.flags & 8 == 8 {
            depends_on.push(Node::Group(0));
        }
        let core = match shape.flags & 15 {
            7 | 15 => Some("WAIT"),
            3 => Some("APPROVAL"),
            5 => Some("TRIGGER_PIPELINE"),
            _ => None,
        };
        plan.tasks.push(PlanTask {
            id: format!("t{place}"),
            group,
            depends_on,
            condition: CONDITIONS.get(shape.condition as usize).copied().flatten().map(str::to_owned),
            integration: if core.is_some() { "ORCHESTRA" } else { "X" }.to_owned(),
            integration_job: core.unwrap_or("Y").to_owned(),
            parameters: match shape.flags >> 4 & 3 {
                _ if core == Some("TRIGGER_PIPELINE") => {
                    let target = if shape.retries == 0 { "gone" } else { "other" };
                    json!({ "pipeline_id": target }).as_object().cloned().unwrap_or_default()
                }
                0 => json!({"p": "${{ tasks['t0'].outputs.n }}"}).as_object().cloned().unwrap_or_default(),
                _ => Map::new(),
            },
            retries: u32::from(shape.retries),
            backoff: Backoff { delay_ms: u64::from(shape.flags & 1) * 60_000, ..Backoff::default() },
            timeout_seconds: (shape.flags & 2 == 2).then_some(30),
            treat_failure_as_warning: shape.flags & 4 == 4,
            paused: shape.condition == 11,
            detached: shape.flags & 64 == 64,
            approval_expires_ms: (shape.flags & 64 == 64).then_some(45_000),
            pool: (shape.flags & 32 == 32).then(|| PoolUse { name: "p".to_owned(), slots: 1 }),
            concurrency: (shape.condition == 10 && core.is_none())
                .then(|| PlanConcurrency { max_active: "1".to_owned(), on_limit: "QUEUE".to_owned() }),
            ..PlanTask::default()
        });
    }
    plan
}
