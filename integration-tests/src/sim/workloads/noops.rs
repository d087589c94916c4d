//! Tasks that a worker answers by itself at once: the shortest way around, where batches grow large.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("noops", "");
    let tasks = dice.between(5, 60);
    for task in 0..tasks {
        let before: Vec<String> =
            (task > 0 && dice.per_mille(300)).then(|| format!("t{}", dice.below(task))).into_iter().collect();
        yaml.task(&format!("t{task}"), &Job::Noop, &before, "");
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(1, 4)).map(|key| (dice.below(30 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "noops",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour { takes: (0, 0), fail_per_mille: 0, hang_per_mille: 0, collect_per_mille: 0 },
        scheduled: false,
    }
}
