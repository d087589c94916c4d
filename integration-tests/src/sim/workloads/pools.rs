//! Pipelines that share a pool at its limit, with priorities, tasks that need several slots, and a pool that shrinks and grows.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut pipelines = Vec::new();
    for pipeline in 0..2 {
        let mut yaml = Yaml::new(&format!("pools {pipeline}"), "");
        for task in 0..dice.between(2, 6) {
            let (slots, priority) = (dice.between(1, 2), dice.below(20) as i64 - 10);
            let pool = format!("meta: {{downbeat: {{pool: {{name: shared, slots: {slots}}}, priority: {priority}}}}}");
            let more = match dice.below(4) {
                0 => String::new(),
                1 => "configuration: {retries: 1, concurrency: {max_active: 1, on_limit: QUEUE}}".to_owned(),
                _ => format!("{pool}, configuration: {{retries: 1}}"),
            };
            yaml.task(&format!("t{task}"), &Job::Script, &[], &more);
        }
        pipelines.push(vec![yaml.text()]);
    }
    let mut actions: Vec<(u64, Action)> =
        (0..2).map(|pipeline| (pipeline as u64, Action::Apply { pipeline, version: 0 })).collect();
    for key in 0..dice.between(2, 6) {
        actions.push((dice.below(40 * SECOND), Action::Start { pipeline: dice.below(2) as usize, key }));
    }
    for _ in 0..dice.below(4) {
        actions.push((dice.below(60 * SECOND), Action::SetPool { slots: dice.between(0, 4) as u32 }));
    }
    // Whatever is left of it, people make room for everybody in the end.
    actions.push((dice.below(10 * SECOND), Action::SetPool { slots: 2 }));
    if dice.per_mille(400) {
        actions.push((dice.below(60 * SECOND), Action::CancelSome));
    }
    if dice.per_mille(400) {
        actions.push((dice.below(60 * SECOND), Action::MarkSome));
    }
    Workload {
        name: "pools",
        pipelines,
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 8 * SECOND),
            fail_per_mille: 100,
            hang_per_mille: 10,
            collect_per_mille: 0,
        },
        scheduled: false,
    }
}
