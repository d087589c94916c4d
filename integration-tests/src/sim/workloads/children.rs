//! Pipelines that start others and wait for them, or do not; limits on the ones that are started; cancels from above and below.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let mut parent = Yaml::new("parent", "");
    let (timeout, retries) = (dice.between(5, 90), dice.below(3));
    parent.task("waits", &Job::Trigger(1), &[], &format!("configuration: {{timeout: {timeout}, retries: {retries}}}"));
    parent.task("detached", &Job::Trigger(2), &[], "meta: {downbeat: {wait: false}}");
    parent.task("both", &Job::Trigger(1), &["waits".to_owned()], "condition: \"1 == 1\"");
    parent.task("last", &Job::Noop, &["both".to_owned(), "detached".to_owned()], "");
    let limit = match dice.below(3) {
        0 => "configuration: {concurrency: {max_active: 1, on_limit: QUEUE}}\n",
        1 => "configuration: {concurrency: {max_active: 1}}\n",
        _ => "",
    };
    let mut child = Yaml::new("child", limit);
    child.task("a", &Job::Script, &[], "");
    child.task("grand", &Job::Trigger(2), &["a".to_owned()], "");
    let mut grandchild = Yaml::new("grandchild", "");
    grandchild.task("x", &Job::Script, &[], "");
    let mut actions: Vec<(u64, Action)> =
        (0..3).map(|pipeline| (pipeline as u64, Action::Apply { pipeline, version: 0 })).collect();
    actions.extend(
        (0..dice.between(1, 3)).map(|key| (SECOND + dice.below(40 * SECOND), Action::Start { pipeline: 0, key })),
    );
    actions.push((SECOND + dice.below(40 * SECOND), Action::Start { pipeline: 1, key: 100 }));
    for _ in 0..dice.below(3) {
        actions.push((dice.below(90 * SECOND), Action::CancelSome));
    }
    if dice.per_mille(300) {
        actions.push((dice.below(90 * SECOND), Action::MarkSome));
    }
    Workload {
        name: "children",
        pipelines: vec![vec![parent.text()], vec![child.text()], vec![grandchild.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 12 * SECOND),
            fail_per_mille: 100,
            hang_per_mille: 20,
            collect_per_mille: 0,
        },
        scheduled: false,
    }
}
