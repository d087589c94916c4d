//! More runs than may live at once, under every policy, with limits that change, pauses, and runs that take too long.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let versions: Vec<String> = (0..3)
        .map(|_| {
            let most = dice.between(0, 2);
            let policy = *dice.pick(&["SKIP", "QUEUE", "QUEUE_LATEST", "QUEUE"]);
            let mut additions = Vec::new();
            if dice.per_mille(250) {
                additions.push("concurrency: {on_limit: CANCEL_RUNNING}".to_owned());
            }
            if dice.per_mille(300) {
                additions.push(format!("timeout: PT{}S", dice.between(5, 60)));
            }
            let mut yaml = Yaml::new(
                "lanes",
                &format!(
                    "configuration: {{concurrency: {{max_active: {most}, on_limit: {policy}}}}}\nmeta: {{downbeat: {{{}}}}}\n",
                    additions.join(", ")
                ),
            );
            yaml.task("a", &Job::Script, &[], "");
            yaml.task("b", &Job::Script, &["a".to_owned()], "");
            yaml.text()
        })
        .collect();
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(3, 9)).map(|key| (dice.below(60 * SECOND), Action::Start { pipeline: 0, key })));
    for _ in 0..dice.below(4) {
        actions.push((dice.below(80 * SECOND), Action::Apply { pipeline: 0, version: dice.below(3) as usize }));
    }
    if dice.per_mille(300) {
        let paused = dice.below(60 * SECOND);
        actions.push((paused, Action::Pause { pipeline: 0 }));
        actions.push((paused + dice.between(1, 60) * SECOND, Action::Resume { pipeline: 0 }));
    }
    if dice.per_mille(500) {
        actions.push((dice.below(80 * SECOND), Action::CancelSome));
    }
    Workload {
        name: "lanes",
        pipelines: vec![versions],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 10 * SECOND),
            fail_per_mille: 80,
            hang_per_mille: 10,
            collect_per_mille: 0,
        },
        scheduled: false,
    }
}
