//! Pipelines that start by themselves: every minute, at times that London's clock leaves out, and out of a backlog that is caught up.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    timed("schedules", dice, version, Asked { again: (30, 120), cancel_per_mille: 400, cancel: (30, 120) })
}

/// What people ask of a pipeline that starts by itself: spans of seconds in which they do.
pub(super) struct Asked {
    /// Another version is applied.
    pub(super) again: (u64, u64),
    /// So often a run is cancelled, and when.
    pub(super) cancel_per_mille: u32,
    pub(super) cancel: (u64, u64),
}

/// One pipeline of one or two versions, which starts by itself.
pub(super) fn timed(name: &'static str, dice: &mut Dice, version: fn(&mut Dice) -> String, asked: Asked) -> Workload {
    let versions: Vec<String> = (0..dice.between(1, 2)).map(|_| version(dice)).collect();
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    let within = |dice: &mut Dice, (first, last): (u64, u64)| dice.between(first, last) * SECOND;
    if versions.len() > 1 {
        actions.push((within(dice, asked.again), Action::Apply { pipeline: 0, version: 1 }));
    }
    if dice.per_mille(asked.cancel_per_mille) {
        actions.push((within(dice, asked.cancel), Action::CancelSome));
    }
    Workload {
        name,
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

/// `often` and the second one fire all the time; `fixed` names times that do not exist that night; `backlog` began before it was applied.
fn version(dice: &mut Dice) -> String {
    let every = dice.between(1, 2);
    let second = if dice.per_mille(400) { "  - {cron: 0/2 * ? * * *}\n" } else { "" };
    let fixed = if dice.per_mille(500) {
        "  - {name: fixed, cron: '0-59/2 1,2 ? * * *', timezone: Europe/London}\n"
    } else {
        ""
    };
    let backlog =
        if dice.per_mille(300) { "  - {name: backlog, cron: 0/5 * ? * * *, timezone: Europe/London}\n" } else { "" };
    let policy = |dice: &mut Dice| ["none", "latest", "all", "coalesce"][dice.below(4) as usize];
    let dst = ["vixie", "shift", "skip", "every"][dice.below(4) as usize];
    let mut options = format!("      often: {{catchup: {}, jitter: PT{}S}}\n", policy(dice), dice.below(20));
    if !fixed.is_empty() {
        options.push_str(&format!("      fixed: {{catchup: {}, dst: {dst}}}\n", policy(dice)));
    }
    if !backlog.is_empty() {
        let policy = policy(dice);
        options.push_str(&format!(
            "      backlog: {{catchup: {policy}, start: '2026-03-29T00:20:00Z', max_catchup: {}}}\n",
            dice.between(1, 10)
        ));
    }
    let schedule = format!(
        "schedule:\n  - {{name: often, cron: 0/{every} * ? * * *, timezone: Europe/London}}\n{second}{fixed}{backlog}\
         meta:\n  downbeat:\n    schedule_options:\n{options}"
    );
    let mut yaml = Yaml::new("scheduled", &schedule);
    yaml.task("a", &Job::Script, &[], "");
    yaml.task("b", &Job::Noop, &["a".to_owned()], "");
    yaml.text()
}
