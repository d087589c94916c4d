//! Pipelines whose sensors open windows every few minutes: some looks find what they are for, some do not, some never end.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let versions: Vec<String> = (0..dice.between(1, 2)).map(|_| version(dice)).collect();
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 })];
    if versions.len() > 1 {
        actions.push((dice.between(60, 200) * SECOND, Action::Apply { pipeline: 0, version: 1 }));
    }
    if dice.per_mille(300) {
        actions.push((dice.between(30, 200) * SECOND, Action::CancelSome));
    }
    Workload {
        name: "sensors",
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

/// `one` asks for one thing, `two` for two.
fn version(dice: &mut Dice) -> String {
    let check = |id: &str| {
        format!("      {id}: {{integration: POSTGRES, sensor_type: POSTGRES_QUERY, parameters: {{query: select 1}}}}\n")
    };
    let sensor = |id: &str, minutes: u64, timeout: u64, checks: &str| {
        format!(
            "  {id}:\n    name: {id}\n    cron: 0/{minutes} * ? * * *\n    timezone: Europe/London\n    timeout_mins: {timeout}\n    \
             checks:\n{checks}"
        )
    };
    let minutes = dice.between(2, 4);
    let mut sensors = sensor("one", minutes, dice.between(1, minutes - 1), &check("a"));
    if dice.per_mille(500) {
        sensors.push_str(&sensor("two", 3, 2, &(check("a") + &check("b"))));
    }
    let mut yaml = Yaml::new("sensing", &format!("sensors:\n{sensors}"));
    yaml.task("a", &Job::Script, &[], "");
    yaml.text()
}
