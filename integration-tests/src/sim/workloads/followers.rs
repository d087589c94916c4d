//! Pipelines that the ends of others start, one after the other, and one that follows every other; some are paused meanwhile.

use super::{
    Action, Behaviour, Workload, id_of,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let limits = [
        "",
        "configuration: {concurrency: {max_active: 1, on_limit: QUEUE}}\n",
        "configuration: {concurrency: {max_active: 1}}\n",
    ];
    let on = |of: &str, more: &str| format!("trigger_events: [{{type: pipeline, pipeline_id: \"{of}\"{more}}}]\n");
    let mut first = Yaml::new("first", dice.pick::<&str>(&limits));
    first.task("a", &Job::Script, &[], "");
    let mut second = Yaml::new("second", &on(&id_of(0), ", statuses: [SUCCEEDED, FAILED, SKIPPED, CANCELLED]"));
    second.task("b", &Job::Noop, &[], "");
    second.task("c", &Job::Script, &["b".to_owned()], "");
    let mut third = Yaml::new("third", &format!("{}{}", on(&id_of(1), ""), dice.pick::<&str>(&limits)));
    third.task("d", &Job::Noop, &[], "");
    let mut every = Yaml::new("every", &on("*", ", statuses: [SUCCEEDED, FAILED, WARNING, SKIPPED, CANCELLED]"));
    every.task("e", &Job::Noop, &[], "");
    let mut actions: Vec<(u64, Action)> =
        (0..4).map(|pipeline| (pipeline as u64, Action::Apply { pipeline, version: 0 })).collect();
    actions.extend(
        (0..dice.between(1, 6)).map(|key| (SECOND + dice.below(60 * SECOND), Action::Start { pipeline: 0, key })),
    );
    for _ in 0..dice.below(3) {
        let (pipeline, at) = (dice.between(1, 3) as usize, dice.below(60 * SECOND));
        actions.push((at, Action::Pause { pipeline }));
        actions.push((at + dice.below(60 * SECOND), Action::Resume { pipeline }));
    }
    if dice.per_mille(300) {
        actions.push((dice.below(90 * SECOND), Action::CancelSome));
    }
    Workload {
        name: "followers",
        pipelines: vec![vec![first.text()], vec![second.text()], vec![third.text()], vec![every.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 12 * SECOND),
            fail_per_mille: 150,
            hang_per_mille: 10,
            collect_per_mille: 0,
        },
        scheduled: false,
    }
}
