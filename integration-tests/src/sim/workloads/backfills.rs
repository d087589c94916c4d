//! Past hours that are run because somebody asked for it, some of them twice; cancelled, held by a pause, or left without their schedule.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let limits = [
        "",
        "configuration: {concurrency: {max_active: 1, on_limit: QUEUE}}\n",
        "configuration: {concurrency: {max_active: 2}}\n",
        "configuration: {concurrency: {max_active: 1, on_limit: QUEUE_LATEST}}\n",
    ];
    // Schedulers have nothing to do with it: its instants lie in the past.
    let schedule = "schedule: [{name: hourly, cron: 0 * * * ? 2020, timezone: UTC}]\n";
    let limit = dice.pick::<&str>(&limits);
    let text = |before: &str| {
        let mut yaml = Yaml::new("backfilled", before);
        yaml.task("a", &Job::Script, &[], "");
        yaml.task("b", &Job::Noop, &["a".to_owned()], "");
        yaml.text()
    };
    let versions = vec![text(&format!("{limit}{schedule}")), text(limit)];
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    for key in 0..dice.between(1, 3) {
        let (first, hours, max_active) = (dice.below(4), dice.between(1, 12), dice.between(1, 4) as u32);
        let force = dice.per_mille(300);
        let at = SECOND + dice.below(60 * SECOND);
        actions.push((at, Action::Backfill { pipeline: 0, key, first, hours, max_active, force }));
        if dice.per_mille(250) {
            actions.push((at + dice.below(60 * SECOND), Action::CancelBackfill { pipeline: 0, key }));
        }
    }
    actions.extend((0..dice.below(3)).map(|key| (dice.below(90 * SECOND), Action::Start { pipeline: 0, key })));
    if dice.per_mille(300) {
        let at = dice.below(60 * SECOND);
        actions.push((at, Action::Pause { pipeline: 0 }));
        actions.push((at + dice.below(60 * SECOND), Action::Resume { pipeline: 0 }));
    }
    if dice.per_mille(200) {
        actions.push((dice.between(10, 90) * SECOND, Action::Apply { pipeline: 0, version: 1 }));
    }
    if dice.per_mille(300) {
        actions.push((dice.below(90 * SECOND), Action::CancelSome));
    }
    Workload {
        name: "backfills",
        pipelines: vec![versions],
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
