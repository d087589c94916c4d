//! Pipelines that start by themselves, every minute.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let version = |dice: &mut Dice| {
        let every = dice.between(1, 2);
        let second = if dice.per_mille(400) { "  - {cron: 0/2 * ? * * *}\n" } else { "" };
        let schedule =
            format!("schedule:\n  - {{name: often, cron: 0/{every} * ? * * *, timezone: Europe/London}}\n{second}");
        let mut yaml = Yaml::new("scheduled", &schedule);
        yaml.task("a", &Job::Script, &[], "");
        yaml.task("b", &Job::Noop, &["a".to_owned()], "");
        yaml.text()
    };
    let versions: Vec<String> = (0..dice.between(1, 2)).map(|_| version(dice)).collect();
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    if versions.len() > 1 {
        actions.push((dice.between(30, 120) * SECOND, Action::Apply { pipeline: 0, version: 1 }));
    }
    if dice.per_mille(400) {
        actions.push((dice.between(30, 120) * SECOND, Action::CancelSome));
    }
    Workload {
        name: "schedules",
        pipelines: vec![versions],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 5 * SECOND),
            fail_per_mille: 50,
            hang_per_mille: 5,
            collect_per_mille: 50,
        },
        scheduled: true,
    }
}
