//! Runs that are run again, wholly or in part, while the pipeline is edited, and tasks whose outcome people decide.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let versions: Vec<String> = (0..2)
        .map(|_| {
            let mut yaml = Yaml::new("restarts", "");
            yaml.task("a", &Job::Script, &[], "");
            yaml.matrix("g", &["a".to_owned()], "{inputs: {m: [{id: x}, {id: y}, {id: z}]}, continue_on_error: true}");
            yaml.member("b", &Job::Script, &[], "");
            yaml.member("c", &Job::Script, &["b".to_owned()], "");
            for task in 0..dice.between(1, 4) {
                yaml.task(&format!("t{task}"), &Job::Script, &["a".to_owned()], "");
            }
            let paused = if dice.per_mille(200) { "paused: true" } else { "" };
            yaml.task("p", &Job::Script, &["a".to_owned()], paused);
            yaml.task("z", &Job::Script, &["g".to_owned(), "p".to_owned()], "");
            yaml.text()
        })
        .collect();
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(1, 3)).map(|key| (dice.below(20 * SECOND), Action::Start { pipeline: 0, key })));
    for _ in 0..dice.between(1, 5) {
        actions.push((20 * SECOND + dice.below(150 * SECOND), Action::RestartSome));
    }
    for _ in 0..dice.below(3) {
        actions.push((dice.below(100 * SECOND), Action::MarkSome));
    }
    if dice.per_mille(500) {
        actions.push((dice.below(100 * SECOND), Action::Apply { pipeline: 0, version: 1 }));
    }
    if dice.per_mille(300) {
        actions.push((dice.below(100 * SECOND), Action::CancelSome));
    }
    Workload {
        name: "restarts",
        pipelines: vec![versions],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 4 * SECOND),
            fail_per_mille: 150,
            hang_per_mille: 2,
            collect_per_mille: 150,
        },
        scheduled: false,
    }
}
