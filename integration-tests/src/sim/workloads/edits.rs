//! A pipeline that is edited, and put back, while its runs live.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let versions: Vec<String> = (0..3)
        .map(|version| {
            let mut yaml = Yaml::new(&format!("edited {version}"), "");
            let tasks = dice.between(1, 6);
            for task in 0..tasks {
                // The places of tasks move with each version.
                let task = if version % 2 == 0 { task } else { tasks - 1 - task };
                yaml.task(&format!("t{task}"), &Job::Script, &[], "");
            }
            let before: Vec<String> =
                (0..tasks).filter(|_| dice.per_mille(600)).map(|task| format!("t{task}")).collect();
            yaml.task("last", &Job::Script, &before, "");
            yaml.text()
        })
        .collect();
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    for _ in 0..dice.between(2, 5) {
        actions.push((dice.below(60 * SECOND), Action::Apply { pipeline: 0, version: dice.below(3) as usize }));
    }
    actions.extend((0..dice.between(2, 5)).map(|key| (dice.below(60 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "edits",
        pipelines: vec![versions],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 15 * SECOND),
            fail_per_mille: 50,
            hang_per_mille: 5,
            collect_per_mille: 50,
        },
        scheduled: false,
    }
}
