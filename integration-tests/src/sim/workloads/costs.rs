//! Budgets that are soon spent and hold runs back, bills that come late and again with other amounts, and people who let runs go all the
//! same. A day ends only after everything else, so that what is held stays held until somebody does something.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

/// Who answers for all of it.
pub const OWNER: &str = "data";

pub(super) fn make(dice: &mut Dice) -> Workload {
    let pipelines = (0..2).map(|pipeline| {
        let (cents, enforce) = (dice.between(1, 30), dice.per_mille(700));
        let budget = match dice.per_mille(700) {
            true => format!(
                ", budget: {{amount: '0.{cents:02}', currency: EUR, period: day, alert_at: [50, 100], enforce: {enforce}}}"
            ),
            false => String::new(),
        };
        let head = format!("meta: {{downbeat: {{owner: {OWNER}{budget}}}}}\n");
        let mut yaml = Yaml::new(&format!("costs {pipeline}"), &head);
        for task in 0..dice.between(1, 4) {
            yaml.task(&format!("t{task}"), &Job::Script, &[], "configuration: {retries: 1}");
        }
        vec![yaml.text()]
    });
    let pipelines: Vec<Vec<String>> = pipelines.collect();
    let mut actions: Vec<(u64, Action)> =
        (0..2).map(|pipeline| (pipeline as u64, Action::Apply { pipeline, version: 0 })).collect();
    actions.extend((0..dice.between(1, 2)).map(|_| (dice.below(20 * SECOND), Action::SetPrices)));
    for key in 0..dice.between(3, 8) {
        actions.push((dice.below(80 * SECOND), Action::Start { pipeline: dice.below(2) as usize, key }));
    }
    for _ in 0..dice.below(10) {
        actions.push((dice.below(90 * SECOND), Action::BillSome { pipeline: dice.below(2) as usize }));
    }
    for _ in 0..dice.below(4) {
        let micros = dice.per_mille(700).then(|| dice.between(10_000, 1_000_000) as i64);
        actions.push((dice.below(90 * SECOND), Action::SetBudget { micros }));
    }
    for _ in 0..dice.below(4) {
        actions.push((dice.below(90 * SECOND), Action::ReleaseSome));
    }
    if dice.per_mille(300) {
        actions.push((dice.below(90 * SECOND), Action::CancelSome));
    }
    Workload {
        name: "costs",
        pipelines,
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 15 * SECOND),
            fail_per_mille: 150,
            hang_per_mille: 5,
            collect_per_mille: 200,
        },
        scheduled: false,
    }
}
