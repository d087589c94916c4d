//! Runs that are cancelled at any moment: before they began, while tasks run, wait, sleep or stop, and again when they are over.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("cancels", "");
    let timeout = format!("configuration: {{retries: 1, timeout: {}}}", dice.between(5, 40));
    yaml.task("a", &Job::Script, &[], &timeout);
    yaml.task("b", &Job::Script, &["a".to_owned()], "");
    yaml.task("wait", &Job::Wait(1), &["a".to_owned()], "");
    for task in 0..dice.below(8) {
        yaml.task(&format!("t{task}"), &Job::Script, &[], "configuration: {retries: 1, retry_delay: 1}");
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    for key in 0..dice.between(1, 4) {
        let begins = dice.below(40 * SECOND);
        actions.push((begins, Action::Start { pipeline: 0, key }));
        for _ in 0..dice.between(1, 2) {
            actions.push((begins + dice.below(60 * SECOND), Action::Cancel { pipeline: 0, key }));
        }
    }
    actions.push((dice.below(90 * SECOND), Action::CancelSome));
    Workload {
        name: "cancels",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 30 * SECOND),
            fail_per_mille: 100,
            hang_per_mille: 50,
            collect_per_mille: 50,
        },
        scheduled: false,
    }
}
