//! `ORCHESTRA/WAIT` between other tasks: instants in the state that must survive every owner.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("waits", "");
    yaml.task("a", &Job::Script, &[], "");
    for wait in 0..dice.between(1, 3) {
        yaml.task(&format!("w{wait}"), &Job::Wait(dice.between(1, 2)), &["a".to_owned()], "");
        yaml.task(&format!("after{wait}"), &Job::Script, &[format!("w{wait}")], "");
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(1, 3)).map(|key| (dice.below(60 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "waits",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 5 * SECOND),
            fail_per_mille: 20,
            hang_per_mille: 0,
            collect_per_mille: 50,
        },
        scheduled: false,
    }
}
