//! Pipelines whose sensors open windows every few minutes: some looks find what they are for, some do not, some never end.

use super::{
    Workload,
    schedules::{Asked, timed},
    yaml::{Job, Yaml},
};
use crate::sim::dice::Dice;

pub(super) fn make(dice: &mut Dice) -> Workload {
    timed("sensors", dice, version, Asked { again: (60, 200), cancel_per_mille: 300, cancel: (30, 200) })
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
