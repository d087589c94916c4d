//! Inputs, and what starts a run.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{
    ChangeKind,
    collect::{Collector, Kinds, pairs},
    values,
};
use crate::{Pipeline, Schedule, Sensor};

impl Collector {
    pub(super) fn inputs(&mut self, old: &Pipeline, new: &Pipeline) {
        let read = |pipeline: &Pipeline| -> Map<String, Value> {
            pipeline.inputs.iter().map(|(name, input)| (name.clone(), values::input(input))).collect()
        };
        let kinds = (ChangeKind::InputAdded, ChangeKind::InputRemoved, ChangeKind::InputChanged);
        self.named(&["inputs"], &read(old), &read(new), kinds);
    }

    pub(super) fn triggers(&mut self, old: &Pipeline, new: &Pipeline) {
        let kinds = (ChangeKind::TriggerAdded, ChangeKind::TriggerRemoved, ChangeKind::TriggerChanged);
        let (before, after) = schedules(&old.schedules, &new.schedules, "cron");
        self.named(&["schedule"], &before, &after, kinds);
        let (before, after) = schedules(&old.additions.schedules, &new.additions.schedules, "unix_cron");
        self.named(&["meta", "downbeat", "schedules"], &before, &after, kinds);
        let of_events = |pipeline: &Pipeline| -> Map<String, Value> {
            let triggers = pipeline.additions.triggers.iter();
            let of_assets = pipeline.additions.asset_triggers.iter();
            let of_assets = of_assets.map(|trigger| (trigger.name.clone(), values::asset_trigger(trigger)));
            triggers.map(|trigger| (trigger.name.clone(), values::event_trigger(trigger))).chain(of_assets).collect()
        };
        self.named(&["meta", "downbeat", "triggers"], &of_events(old), &of_events(new), kinds);
        let sensors = |sensors: &IndexMap<String, Sensor>| -> Map<String, Value> {
            sensors.iter().map(|(id, sensor)| (id.clone(), values::sensor(sensor))).collect()
        };
        self.named(&["sensors"], &sensors(&old.sensors), &sensors(&new.sensors), kinds);
        let (before, after) = (sensors(&old.additions.sensors), sensors(&new.additions.sensors));
        self.named(&["meta", "downbeat", "sensors"], &before, &after, kinds);
        self.named(&["trigger_events"], &events(old), &events(new), kinds);
        let changed = Kinds::all(ChangeKind::TriggerChanged);
        self.compare(&["webhook"], changed, Some(&values::webhook(&old.webhook)), Some(&values::webhook(&new.webhook)));
    }

    /// Things with names: a whole one comes or goes, or parts of it change.
    fn named(
        &mut self,
        part: &[&str],
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        (added, removed, changed): (ChangeKind, ChangeKind, ChangeKind),
    ) {
        for (name, old, new) in pairs(old, new) {
            let path = [part, &[name]].concat();
            match (old, new) {
                (Some(_), Some(_)) => self.compare(&path, Kinds::all(changed), old, new),
                (None, _) => self.push(&path, added, None, new.cloned()),
                (_, None) => self.push(&path, removed, old.cloned(), None),
            }
        }
    }
}

/// Trigger events by pipeline id; further ones of the same pipeline with their place among them.
fn events(pipeline: &Pipeline) -> Map<String, Value> {
    let mut named = Map::new();
    for event in &pipeline.trigger_events {
        let key = free_name(&named, &event.pipeline_id);
        named.insert(key, values::trigger_event(event));
    }
    named
}

/// Whether two schedules are the same one.
type SameSchedule = fn(&Schedule, &Schedule) -> bool;

/// Both lists under names that are equal where two schedules are the same one: by name first, then by cron expression, which
/// stands under `cron_key`.
fn schedules(old: &[Schedule], new: &[Schedule], cron_key: &str) -> (Map<String, Value>, Map<String, Value>) {
    let mut partners: Vec<Option<usize>> = vec![None; old.len()];
    let mut taken = BTreeSet::new();
    let rules: [SameSchedule; 2] =
        [|one, other| one.name.is_some() && one.name == other.name, |one, other| one.cron == other.cron];
    for rule in rules {
        for (one, partner) in old.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            let found = new.iter().enumerate().position(|(at, other)| !taken.contains(&at) && rule(one, other));
            taken.extend(found);
            *partner = found;
        }
    }
    let label = |schedule: &Schedule| schedule.name.clone().unwrap_or_else(|| schedule.cron.to_string());
    let (mut before, mut after) = (Map::new(), Map::new());
    for (one, partner) in old.iter().zip(&partners) {
        let key = free_name(&before, &label(one));
        before.insert(key.clone(), values::schedule(one, cron_key));
        if let Some(other) = partner.and_then(|at| new.get(at)) {
            after.insert(key, values::schedule(other, cron_key));
        }
    }
    for (_, added) in new.iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
        // Under a name that no old one has: it is another schedule.
        let mut known = before.clone();
        known.extend(after.clone());
        let key = free_name(&known, &label(added));
        after.insert(key, values::schedule(added, cron_key));
    }
    (before, after)
}

fn free_name(taken: &Map<String, Value>, wanted: &str) -> String {
    if !taken.contains_key(wanted) {
        return wanted.to_owned();
    }
    let mut names = (2..=taken.len() + 2).map(|number| format!("{wanted} ({number})"));
    names.find(|name| !taken.contains_key(name)).unwrap_or_else(|| wanted.to_owned())
}
