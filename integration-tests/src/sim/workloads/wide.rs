//! Many tasks side by side: more than all slots, so that they queue; now and then so many that a run advances in portions.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let tasks = if dice.per_mille(60) { dice.between(101, 260) } else { dice.between(2, 24) };
    let mut yaml = Yaml::new("wide", "");
    for task in 0..tasks {
        yaml.task(&format!("t{task}"), &Job::Script, &[], "");
    }
    let runs = if tasks > 100 { 1 } else { dice.between(1, 4) };
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..runs).map(|key| (dice.below(20 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "wide",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 8 * SECOND),
            fail_per_mille: 30,
            hang_per_mille: 5,
            collect_per_mille: 100,
        },
        scheduled: false,
    }
}
