//! Groups, dependencies between them and inside them, and conditions on what became of others.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("graph", "");
    let groups = dice.between(2, 6);
    for group in 0..groups {
        let before: Vec<String> = (0..group).filter(|_| dice.per_mille(500)).map(|other| format!("g{other}")).collect();
        let condition = before.first().filter(|_| dice.per_mille(400)).map(|first| {
            let first = first.clone();
            match dice.below(3) {
                0 => format!("task_groups['{first}'].any().status == 'FAILED'"),
                1 => format!("task_groups['{first}'].all().status in ['SUCCEEDED', 'WARNING', 'SKIPPED']"),
                _ => "1 == 1".to_owned(),
            }
        });
        yaml.group(&format!("g{group}"), &before, condition.as_deref());
        for task in 0..dice.between(1, 4) {
            let before: Vec<String> =
                (0..task).filter(|_| dice.per_mille(500)).map(|other| format!("g{group}t{other}")).collect();
            let more = if dice.per_mille(150) { "treat_failure_as_warning: true" } else { "" };
            let job = if dice.per_mille(250) { Job::Noop } else { Job::Script };
            yaml.member(&format!("g{group}t{task}"), &job, &before, more);
        }
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(1, 4)).map(|key| (dice.below(30 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "graph",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 6 * SECOND),
            fail_per_mille: 150,
            hang_per_mille: 3,
            collect_per_mille: 100,
        },
        scheduled: false,
    }
}
