//! INV-05 for events: a trigger takes an event once; what it starts has the id that everybody derives; a trigger over several starts its
//! run when the last one comes, of events that wait and within their time, and consumes them.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    Event, EventKey, EventOrigin, EventTaken, PipelineId, RunCreated, RunId, Trigger, plan::PlanEventTrigger,
};
use jiff::Timestamp;

use super::{Check, Record, Violation};

/// A trigger of a pipeline.
pub type TriggerOf = (PipelineId, String);
/// Source and id of an event.
type Key = (String, String);

/// The rule.
#[derive(Debug, Default)]
pub struct Events {
    triggers: BTreeMap<TriggerOf, PlanEventTrigger>,
    taken: BTreeMap<Key, BTreeSet<TriggerOf>>,
    /// Per trigger over several: what waits, by part.
    waiting: BTreeMap<TriggerOf, BTreeMap<u32, (Key, Timestamp)>>,
}

impl Events {
    /// Triggers that took this event.
    pub fn takers_of(&self, source: &str, id: &str) -> BTreeSet<TriggerOf> {
        self.taken.get(&(source.to_owned(), id.to_owned())).cloned().unwrap_or_default()
    }

    fn applied(&mut self, pipeline: PipelineId, triggers: &[PlanEventTrigger]) {
        for trigger in triggers {
            let of = (pipeline, trigger.name.clone());
            let before = self.triggers.insert(of.clone(), trigger.clone());
            if before.as_ref() != Some(trigger) {
                self.waiting.remove(&of);
            }
        }
    }

    fn takes(&mut self, of: &TriggerOf, origin: &EventOrigin) -> Option<String> {
        let first = self.taken.entry(key(origin)).or_default().insert(of.clone());
        (!first).then(|| format!("trigger {of:?} took event {} of {} before", origin.id, origin.source))
    }

    fn waits(&mut self, taken: &EventTaken) -> Option<String> {
        let of = (taken.pipeline, taken.trigger.clone());
        self.waiting.entry(of.clone()).or_default().insert(taken.part, (key(&taken.origin), taken.at));
        self.takes(&of, &taken.origin)
    }

    fn starts(&mut self, created: &RunCreated, trigger: &str, events: &[EventOrigin]) -> Option<String> {
        let of = (created.pipeline, trigger.to_owned());
        let keys: Vec<EventKey> = events.iter().map(|event| EventKey::of(&event.source, &event.id)).collect();
        let derived = RunId::of_events(created.pipeline, trigger, &keys);
        if created.run != derived {
            return Some(format!("run {} is of events whose run is {derived}", created.run));
        }
        if let [only] = events {
            return self.takes(&of, only);
        }
        let within = self.triggers.get(&of).map_or(0, |planned| planned.within_ms);
        let waited = self.waiting.remove(&of).unwrap_or_default();
        for origin in events {
            let Some((_, at)) = waited.values().find(|(waits, _)| *waits == key(origin)) else {
                return Some(format!(
                    "run {} consumes event {} of {}, which does not wait",
                    created.run, origin.id, origin.source
                ));
            };
            // By the clock of whoever decides: where that was set back, what waits grows younger.
            if created.at.as_millisecond() - at.as_millisecond() > within as i64 {
                return Some(format!("run {} is of event {}, whose time is over", created.run, origin.id));
            }
        }
        None
    }

    /// A trigger that has one of each, all in time, has started its run.
    fn due(&self) -> Option<String> {
        let (of, _) = self.waiting.iter().find(|(of, waiting)| {
            let Some(planned) = self.triggers.get(of) else { return false };
            let ages = waiting.values().map(|(_, at)| at.as_millisecond());
            let (first, last) = (ages.clone().min().unwrap_or(0), ages.max().unwrap_or(0));
            waiting.len() == planned.parts.len() && last - first < planned.within_ms as i64
        })?;
        Some(format!("trigger {of:?} has all its events and no run"))
    }
}

impl Check for Events {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for decision in &record.decisions {
            for event in &decision.events {
                let wrong = match event {
                    Event::PipelineApplied(applied) => {
                        self.applied(applied.pipeline, &applied.plan.triggers);
                        None
                    }
                    Event::EventTaken(taken) => self.waits(taken),
                    Event::RunCreated(created) => match &created.trigger {
                        Trigger::Event { trigger, events, .. } => self.starts(created, trigger, events),
                        _ => None,
                    },
                    _ => None,
                };
                found.extend(wrong.map(|what| Violation { invariant: "INV-05", sequence: record.sequence, what }));
            }
            let due = self.due();
            found.extend(due.map(|what| Violation { invariant: "INV-05", sequence: record.sequence, what }));
        }
    }
}

fn key(origin: &EventOrigin) -> Key {
    (origin.source.clone(), origin.id.clone())
}
