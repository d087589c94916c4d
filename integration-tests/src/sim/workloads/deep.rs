//! Tasks one after the other.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let tasks = dice.between(2, 20);
    let mut yaml = Yaml::new("deep", "");
    for task in 0..tasks {
        let before: Vec<String> = (task > 0).then(|| format!("t{}", task - 1)).into_iter().collect();
        let job = if dice.per_mille(300) { Job::Noop } else { Job::Script };
        yaml.task(&format!("t{task}"), &job, &before, "");
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(1, 4)).map(|key| (dice.below(30 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "deep",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 5 * SECOND),
            fail_per_mille: 5,
            hang_per_mille: 3,
            collect_per_mille: 200,
        },
        scheduled: false,
    }
}
