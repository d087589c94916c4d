//! Pipelines that events start: by subject and filter, by two events within a time, and by everything; some are paused meanwhile, and some get
//! another version. Among the events are some that no filter can read.

use super::{
    Action, Behaviour, Publication, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    // Two workloads of a seed do not hear each other.
    let shop = format!("shop-{}", dice.below(u64::from(u32::MAX)));
    let first: Vec<String> = (0..dice.between(1, 2)).map(|_| orders(dice, &shop)).collect();
    let mut actions = vec![
        (0, Action::Apply { pipeline: 0, version: 0 }),
        (dice.below(20 * SECOND), Action::Apply { pipeline: 1, version: 0 }),
    ];
    if first.len() > 1 {
        actions.push((dice.between(20, 90) * SECOND, Action::Apply { pipeline: 0, version: 1 }));
    }
    for id in 0..dice.between(3, 30) {
        let publication = publication(dice, &shop, id);
        actions.push((dice.below(90 * SECOND), Action::Publish(publication)));
    }
    for _ in 0..dice.below(3) {
        let (pipeline, at) = (dice.below(2) as usize, dice.below(60 * SECOND));
        actions.push((at, Action::Pause { pipeline }));
        actions.push((at + dice.below(60 * SECOND), Action::Resume { pipeline }));
    }
    Workload {
        name: "events",
        pipelines: vec![first, vec![every(dice, &shop)]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 5 * SECOND),
            fail_per_mille: 50,
            hang_per_mille: 5,
            collect_per_mille: 50,
        },
        scheduled: false,
    }
}

/// `orders` asks for one event, `both` for two.
fn orders(dice: &mut Dice, shop: &str) -> String {
    let within = dice.pick(&["PT5S", "PT30S", "PT1H"]);
    let triggers = format!(
        "meta:\n  downbeat:\n    triggers:\n      \
         - {{name: orders, nats: {shop}.orders.*, when: event.data.rows > 0, run_inputs: {{rows: event.data.rows}}}}\n      \
         - name: both\n        all_of:\n          - {{nats: {shop}.customers}}\n          \
         - {{nats: {shop}.prices, when: event.data.rows > 0}}\n        within: {within}\n"
    );
    let mut yaml = Yaml::new("orders", &format!("inputs:\n  rows: {{type: number, default: 0}}\n{triggers}"));
    yaml.task("a", if dice.per_mille(500) { &Job::Noop } else { &Job::Script }, &[], "");
    yaml.text()
}

fn every(dice: &mut Dice, shop: &str) -> String {
    let limit = dice.pick(&["", "configuration: {concurrency: {max_active: 1, on_limit: QUEUE}}\n"]);
    let trigger = format!("meta: {{downbeat: {{triggers: [{{name: every, nats: {shop}.>}}]}}}}\n");
    let mut yaml = Yaml::new("every", &format!("{limit}{trigger}"));
    yaml.task("b", &Job::Noop, &[], "");
    yaml.text()
}

/// An event, and who is to take it.
fn publication(dice: &mut Dice, shop: &str, id: u64) -> Publication {
    let rows = *dice.pick(&[Some(3), Some(3), Some(3), Some(0), None]);
    let kind = *dice.pick(&["orders.eu", "orders.us", "customers", "prices", "elsewhere"]);
    let mut takers = vec![(1, "every")];
    match (kind, rows) {
        ("orders.eu" | "orders.us", Some(1..)) => takers.push((0, "orders")),
        ("customers", _) | ("prices", Some(1..)) => takers.push((0, "both")),
        _ => {}
    }
    let is_poison = rows.is_none() && matches!(kind, "orders.eu" | "orders.us" | "prices");
    Publication { id, address: format!("{shop}.{kind}"), rows, takers, is_poison }
}
