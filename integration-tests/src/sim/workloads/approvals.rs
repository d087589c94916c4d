//! Runs that wait for people: approved, rejected, expired, cancelled while they wait.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut yaml = Yaml::new("approvals", "");
    yaml.task("prepare", &Job::Script, &[], "");
    for at in 0..dice.between(1, 3) {
        let expires = match dice.below(3) {
            0 => format!("meta: {{downbeat: {{approval: {{expires: PT{}S}}}}}}", dice.between(5, 90)),
            1 => "treat_failure_as_warning: true".to_owned(),
            _ => String::new(),
        };
        yaml.task(&format!("ok{at}"), &Job::Approval, &["prepare".to_owned()], &expires);
        yaml.task(&format!("go{at}"), &Job::Script, &[format!("ok{at}")], "");
        let rejected = format!("condition: \"tasks['ok{at}'].status == 'FAILED'\"");
        yaml.task(&format!("no{at}"), &Job::Noop, &[format!("ok{at}")], &rejected);
    }
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    actions.extend((0..dice.between(1, 4)).map(|key| (dice.below(40 * SECOND), Action::Start { pipeline: 0, key })));
    if dice.per_mille(400) {
        actions.push((dice.below(90 * SECOND), Action::CancelSome));
    }
    if dice.per_mille(400) {
        actions.push((dice.below(90 * SECOND), Action::MarkSome));
    }
    Workload {
        name: "approvals",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 5 * SECOND),
            fail_per_mille: 50,
            hang_per_mille: 0,
            collect_per_mille: 0,
        },
        scheduled: false,
    }
}
