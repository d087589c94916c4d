//! Jobs that run elsewhere and outlive their workers: they fail, are tried again, hang, time out, are marked and cancelled.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("remote", "");
    for task in 0..dice.between(2, 6) {
        let before: Vec<String> = (0..task).filter(|_| dice.per_mille(250)).map(|other| format!("t{other}")).collect();
        let job = if dice.per_mille(800) { Job::Remote } else { Job::Script };
        let (retries, timeout) = (dice.below(3), dice.between(10, 90));
        let timeout = if dice.per_mille(400) { format!(", timeout: {timeout}") } else { String::new() };
        yaml.task(
            &format!("t{task}"),
            &job,
            &before,
            &format!("configuration: {{retries: {retries}, retry_delay: 0{timeout}}}"),
        );
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    for key in 0..dice.between(1, 4) {
        let start = dice.below(30 * SECOND);
        actions.push((start, Action::Start { pipeline: 0, key }));
        if dice.per_mille(350) {
            actions.push((start + dice.below(60 * SECOND), Action::Cancel { pipeline: 0, key }));
        }
    }
    if dice.per_mille(400) {
        actions.extend((0..3).map(|_| (dice.below(90 * SECOND), Action::MarkSome)));
    }
    actions.sort_by_key(|(at, _)| *at);
    Workload {
        name: "remote",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 10, 60 * SECOND),
            fail_per_mille: 250,
            hang_per_mille: 100,
            collect_per_mille: 100,
        },
        scheduled: false,
    }
}
