//! What triggers keep of events: those that wait for others, and ids that must not count twice. And an index: who listens to what.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use downbeat_dialect::subject;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::{
    event::{EventOrigin, EventTaken},
    id::{EventKey, PipelineId},
    limits,
    plan::{Plan, PlanEventTrigger},
};

/// Of one trigger over several events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TriggerState {
    /// By place of the part: the newest event, which waits for those of the other parts.
    pub waiting: BTreeMap<u32, WaitingEvent>,
    /// Events that were taken lately, oldest first.
    pub taken: VecDeque<EventKey>,
}

/// An event that waits for others.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingEvent {
    /// The event.
    pub origin: EventOrigin,
    /// Runs in the chain of causes that led to it.
    pub depth: u32,
    /// What it gives to the run.
    pub inputs: Map<String, Value>,
    /// Since when.
    pub since: Timestamp,
}

impl WaitingEvent {
    /// Does it still wait at this instant?
    pub fn waits(&self, within_ms: u64, now: Timestamp) -> bool {
        now.duration_since(self.since) <= SignedDuration::from_millis(i64::try_from(within_ms).unwrap_or(i64::MAX))
    }
}

impl TriggerState {
    /// Was this event taken lately?
    pub fn has_taken(&self, event: EventKey) -> bool {
        self.taken.contains(&event)
    }

    /// Those that still wait.
    pub fn waiting_at(&self, within_ms: u64, now: Timestamp) -> impl Iterator<Item = (u32, &WaitingEvent)> {
        self.waiting.iter().filter(move |(_, event)| event.waits(within_ms, now)).map(|(part, event)| (*part, event))
    }

    pub(crate) fn take(&mut self, taken: &EventTaken, within_ms: u64) {
        self.waiting.retain(|_, event| event.waits(within_ms, taken.at));
        let event = WaitingEvent {
            origin: taken.origin.clone(),
            depth: taken.depth,
            inputs: taken.inputs.clone(),
            since: taken.at,
        };
        self.waiting.insert(taken.part, event);
        self.taken.push_back(EventKey::of(&taken.origin.source, &taken.origin.id));
        if self.taken.len() > limits::REMEMBERED_EVENTS_MAX {
            self.taken.pop_front();
        }
    }
}

/// What is kept when a pipeline gets a new version: that of triggers that are as they were. What was taken is remembered for
/// every trigger that still has its name.
pub(crate) fn carried(
    mut before: BTreeMap<String, TriggerState>,
    old: &Plan,
    new: &Plan,
) -> BTreeMap<String, TriggerState> {
    before.retain(|name, _| new.triggers.iter().any(|trigger| trigger.name == *name));
    for (name, state) in &mut before {
        if trigger(old, name) != trigger(new, name) {
            state.waiting.clear();
        }
    }
    before
}

fn trigger<'a>(plan: &'a Plan, name: &str) -> Option<&'a PlanEventTrigger> {
    plan.triggers.iter().find(|trigger| trigger.name == name)
}

/// A pipeline and the place of one of its triggers.
type Listener = (PipelineId, u32);

/// Who listens to what: by the first word of the subject, which is seldom a wildcard. An index over the plans of pipelines that
/// are not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners {
    by_first_word: BTreeMap<String, BTreeSet<Listener>>,
}

impl Listeners {
    pub(crate) fn add(&mut self, pipeline: PipelineId, plan: &Plan) {
        for (place, part) in parts(plan) {
            self.by_first_word.entry(first_word(part).to_owned()).or_default().insert((pipeline, place));
        }
    }

    pub(crate) fn remove(&mut self, pipeline: PipelineId, plan: &Plan) {
        for (place, part) in parts(plan) {
            let Some(listeners) = self.by_first_word.get_mut(first_word(part)) else { continue };
            listeners.remove(&(pipeline, place));
            if listeners.is_empty() {
                self.by_first_word.remove(first_word(part));
            }
        }
    }

    /// Triggers that may listen to this subject: their parts say whether they do.
    pub(crate) fn candidates(&self, address: &str) -> BTreeSet<Listener> {
        let words = [first_word(address), "*", ">"];
        words.iter().filter_map(|word| self.by_first_word.get(*word)).flatten().copied().collect()
    }
}

/// Does the trigger listen to this subject?
pub(crate) fn listens(trigger: &PlanEventTrigger, address: &str) -> bool {
    trigger.parts.iter().any(|part| subject::matches(&part.subject, address))
}

fn parts(plan: &Plan) -> impl Iterator<Item = (u32, &str)> {
    let triggers = (0u32..).zip(&plan.triggers);
    triggers.flat_map(|(place, trigger)| trigger.parts.iter().map(move |part| (place, part.subject.as_str())))
}

fn first_word(subject: &str) -> &str {
    subject.split('.').next().unwrap_or(subject)
}
