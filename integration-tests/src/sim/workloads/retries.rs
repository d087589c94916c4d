//! Tasks that fail, are tried again, hang and run into their timeouts; somebody is told how their runs ended.

use super::{
    Action, Behaviour, Workload,
    yaml::{Job, Yaml},
};
use crate::sim::{dice::Dice, time::SECOND};

pub(super) fn make(dice: &mut Dice) -> Workload {
    let alert = "{name: ended, statuses: [ANY_COMPLETED], destinations: [{integration: SLACK, destination: '#data'}]}";
    let mut yaml = Yaml::new("retries", &format!("alerts: [{alert}]\n"));
    for task in 0..dice.between(2, 8) {
        let before: Vec<String> = (0..task).filter(|_| dice.per_mille(200)).map(|other| format!("t{other}")).collect();
        let (retries, delay, timeout) = (dice.below(4), dice.below(2), dice.between(5, 60));
        let timeout = if dice.per_mille(700) { format!(", timeout: {timeout}") } else { String::new() };
        let warning = if dice.per_mille(300) { ", treat_failure_as_warning: true" } else { "" };
        let more = format!("configuration: {{retries: {retries}, retry_delay: {delay}{timeout}}}{warning}");
        yaml.task(&format!("t{task}"), &Job::Script, &before, &more);
    }
    // What attempts cost must survive everything that becomes of them.
    let mut actions = vec![(0, Action::Apply { pipeline: 0, version: 0 }), (10 * SECOND, Action::SetPrices)];
    actions.extend((0..dice.between(1, 3)).map(|key| (dice.below(30 * SECOND), Action::Start { pipeline: 0, key })));
    Workload {
        name: "retries",
        pipelines: vec![vec![yaml.text()]],
        actions,
        behaviour: Behaviour {
            takes: (SECOND / 100, 20 * SECOND),
            fail_per_mille: 350,
            hang_per_mille: 150,
            collect_per_mille: 100,
        },
        scheduled: false,
    }
}
