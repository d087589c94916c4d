//! Pipelines that assets of others start, with and without a pause to gather them, and one that watches how old they are; some are paused
//! meanwhile. Those that listen write as well.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let ours = |what: &str| format!("meta: {{downbeat: {{{what}}}}}\n");
    let mut first = Yaml::new("first", "");
    first.task("a", &Job::Script, &[], "");
    first.task("b", &Job::Script, &["a".to_owned()], "");
    let pause = dice.pick(&["PT0.5S", "PT5S", "PT20S"]);
    let mut second =
        Yaml::new("second", &ours(&format!("triggers: [{{name: all, asset: 'sim/*', debounce: {pause}}}]")));
    second.task("c", &Job::Script, &[], "");
    let some = "triggers: [{asset: [sim/table-1, '*table-2*']}, {asset: sim/table-3, debounce: PT2S}]";
    let mut third = Yaml::new("third", &ours(some));
    third.task("d", &Job::Noop, &[], "");
    let watch = "freshness: [{asset: sim/table-3, max_age: PT30S}, {asset: sim/table-4, max_age: PT10S}]";
    let mut fourth = Yaml::new("fourth", &ours(watch));
    fourth.task("e", &Job::Noop, &[], "");
    let mut actions: Vec<(u64, Action)> =
        (0..4).map(|pipeline| (pipeline as u64, Action::Apply { pipeline, version: 0 })).collect();
    actions.extend(
        (0..dice.between(1, 6)).map(|key| (SECOND + dice.below(60 * SECOND), Action::Start { pipeline: 0, key })),
    );
    for _ in 0..dice.below(3) {
        let (pipeline, at) = (dice.between(1, 2) as usize, dice.below(60 * SECOND));
        actions.push((at, Action::Pause { pipeline }));
        actions.push((at + dice.below(60 * SECOND), Action::Resume { pipeline }));
    }
    Workload {
        name: "assets",
        pipelines: vec![vec![first.text()], vec![second.text()], vec![third.text()], vec![fourth.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 12 * SECOND),
            fail_per_mille: 100,
            hang_per_mille: 10,
            collect_per_mille: 700,
        },
        scheduled: false,
    }
}
