//! Groups that repeat per element: few or a thousand, written or computed, in parallel or one after another, with failures.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("matrix", "");
    // A thousand elements are worth a seed of their own; most have a few.
    let huge = dice.per_mille(20);
    let elements = if huge { 1_000 } else { dice.between(0, 9) };
    let job = || if huge { Job::Noop } else { Job::Script };
    let list: Vec<String> =
        (0..elements).map(|at| if at % 3 == 0 { format!("{{id: e{at}}}") } else { at.to_string() }).collect();
    let how = match dice.below(4) {
        0 => ", sequential: true".to_owned(),
        1 => format!(", max_parallel: {}", dice.between(1, 4)),
        2 => ", continue_on_error: true".to_owned(),
        _ => String::new(),
    };
    yaml.task("before", &Job::Noop, &[], "");
    yaml.matrix("g", &["before".to_owned()], &format!("{{inputs: {{m: [{}]}}{how}}}", list.join(", ")));
    yaml.member("a", &job(), &[], "configuration: {retries: 1}");
    if !huge {
        yaml.member("b", &job(), &["a".to_owned()], "");
        yaml.member("c", &job(), &[], "condition: \"matrix.index < 3\"");
    }
    yaml.task("after", &Job::Noop, &["g".to_owned()], "");
    yaml.task("always", &Job::Noop, &["g".to_owned()], "condition: \"1 == 1\"");
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    let runs = if huge { 1 } else { dice.between(1, 3) };
    actions.extend((0..runs).map(|key| (dice.below(30 * SECOND), Action::Start { pipeline: 0, key })));
    if dice.per_mille(300) {
        actions.push((dice.below(60 * SECOND), Action::CancelSome));
    }
    Workload {
        name: "matrix",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 6 * SECOND),
            fail_per_mille: 80,
            hang_per_mille: 2,
            collect_per_mille: 30,
        },
        scheduled: false,
    }
}
