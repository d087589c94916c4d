//! A trigger takes an event: a run starts, or the event waits for others, or is not what the trigger asks for.
//!
//! One decision per pipeline and trigger, so that none outgrows a record however many listen; each is exactly once by itself,
//! because the id of the run is derived from the events (INV-05). Whoever delivers an event twice is answered from state.

use std::collections::BTreeMap;

use downbeat_dialect::{
    expression::{Expression, truthy},
    subject,
};
use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection, TakeEvent},
    decide::{inputs, json_bytes, message, start_run},
    event::{Event, EventTaken, Trigger},
    id::{EventKey, RunId},
    incoming::EventNames,
    limits,
    plan::{PlanEventPart, PlanEventTrigger},
    state::{Partition, PipelineState, TriggerState, WaitingEvent},
};

pub(super) fn decide(partition: &Partition, take: &TakeEvent, context: &Context) -> Result<Vec<Event>, Rejection> {
    // Gone since the event was published: nobody listens any more.
    let Ok(pipeline) = partition.live_pipeline(take.pipeline) else { return Ok(Vec::new()) };
    let Some(trigger) = pipeline.plan.plan.triggers.iter().find(|trigger| trigger.name == take.trigger) else {
        return Ok(Vec::new());
    };
    let taking = Taking { partition, pipeline, trigger, take, context };
    taking.events().map_err(|rejection| taking.refused(rejection))
}

struct Taking<'a> {
    partition: &'a Partition,
    pipeline: &'a PipelineState,
    trigger: &'a PlanEventTrigger,
    take: &'a TakeEvent,
    context: &'a Context,
}

impl Taking<'_> {
    fn events(&self) -> Result<Vec<Event>, Rejection> {
        let key = self.take.event.key();
        let alone = RunId::of_events(self.take.pipeline, &self.trigger.name, &[key]);
        let known = match self.trigger.parts.len() {
            1 => start_run::is_known(self.partition, alone, self.take.pipeline)?,
            _ => self.state().is_some_and(|state| state.has_taken(key)),
        };
        if known {
            return Ok(Vec::new());
        }
        let Some((part, planned)) = self.part()? else { return Ok(Vec::new()) };
        // Said only now: events that the trigger does not ask for are nobody's loss.
        start_run::startable(self.partition, self.take.pipeline)?;
        let inputs = self.inputs(planned)?;
        match self.trigger.parts.len() {
            1 => Ok(vec![self.started(alone, vec![self.waiting(inputs)])?]),
            _ => self.among_others(part, key, inputs),
        }
    }

    fn state(&self) -> Option<&TriggerState> {
        self.pipeline.triggers.get(&self.trigger.name)
    }

    /// The part that asks for this event; of several, the first that still lacks one.
    fn part(&self) -> Result<Option<(u32, &PlanEventPart)>, Rejection> {
        let has_one = |place: u32| self.others().any(|(waiting, _)| waiting == place);
        let mut served = None;
        let parts = (0u32..).zip(&self.trigger.parts);
        for (place, part) in parts.filter(|(_, part)| subject::matches(&part.subject, &self.take.event.address)) {
            let asked = match &part.when {
                Some(when) => truthy(&self.evaluate("when", when)?),
                None => true,
            };
            if asked && !has_one(place) {
                return Ok(Some((place, part)));
            }
            served = served.or(Some((place, part)).filter(|_| asked));
        }
        Ok(served)
    }

    /// The events of other parts, and the one before of its own, as far as they still wait.
    fn others(&self) -> impl Iterator<Item = (u32, &WaitingEvent)> {
        let (within, now) = (self.trigger.within_ms, self.context.now);
        self.state().into_iter().flat_map(move |state| state.waiting_at(within, now))
    }

    fn evaluate(&self, what: &str, text: &str) -> Result<Value, Rejection> {
        let refused = |why: String| Rejection::InvalidInputs(format!("{what} `{text}`: {why}"));
        let expression = Expression::parse_over_event(text).map_err(|error| refused(error.to_string()))?;
        expression.evaluate(&EventNames::of(&self.take.event)).map_err(|error| refused(error.to_string()))
    }

    fn inputs(&self, part: &PlanEventPart) -> Result<Map<String, Value>, Rejection> {
        let given = part
            .run_inputs
            .iter()
            .map(|(name, text)| Ok((name.clone(), self.evaluate(&format!("input `{name}`"), text)?)));
        let inputs = inputs::fit(&self.pipeline.plan.plan.inputs, given.collect::<Result<_, Rejection>>()?)?;
        let bytes = json_bytes(&inputs);
        if bytes > limits::EVENT_INPUT_BYTES_MAX {
            let most = limits::EVENT_INPUT_BYTES_MAX;
            return Err(Rejection::InvalidInputs(format!("its inputs take {bytes} bytes; at most {most} are allowed")));
        }
        Ok(inputs)
    }

    fn waiting(&self, inputs: Map<String, Value>) -> WaitingEvent {
        let event = &self.take.event;
        WaitingEvent { origin: event.origin(), depth: event.depth, inputs, since: self.context.now }
    }

    /// One of several: the last one that was missing starts the run, which consumes them all.
    fn among_others(&self, part: u32, key: EventKey, inputs: Map<String, Value>) -> Result<Vec<Event>, Rejection> {
        let own = self.waiting(inputs);
        let taken = Event::EventTaken(Box::new(EventTaken {
            pipeline: self.take.pipeline,
            trigger: self.trigger.name.clone(),
            part,
            origin: own.origin.clone(),
            depth: own.depth,
            inputs: own.inputs.clone(),
            at: own.since,
        }));
        let mut all: BTreeMap<u32, WaitingEvent> = self.others().map(|(part, event)| (part, event.clone())).collect();
        all.insert(part, own);
        if all.len() < self.trigger.parts.len() {
            return Ok(vec![taken]);
        }
        let keys: Vec<EventKey> = all
            .iter()
            .map(|(place, event)| match *place == part {
                true => key,
                false => EventKey::of(&event.origin.source, &event.origin.id),
            })
            .collect();
        let run = RunId::of_events(self.take.pipeline, &self.trigger.name, &keys);
        // These very events met before, longer ago than a trigger remembers.
        if start_run::is_known(self.partition, run, self.take.pipeline)? {
            return Ok(Vec::new());
        }
        Ok(vec![taken, self.started(run, all.into_values().collect())?])
    }

    fn started(&self, run: RunId, events: Vec<WaitingEvent>) -> Result<Event, Rejection> {
        let given: Map<String, Value> = events.iter().flat_map(|event| event.inputs.clone()).collect();
        let used = self.partition.environments.used("")?;
        let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
        let inputs = inputs::complete(&self.pipeline.plan.plan.inputs, &given, &of, self.context)?;
        let trigger = Trigger::Event {
            trigger: self.trigger.name.clone(),
            depth: events.iter().map(|event| event.depth).max().unwrap_or(0),
            events: events.into_iter().map(|event| event.origin).collect(),
        };
        let given =
            start_run::Given { inputs, environment: used.variables, environment_name: used.name, selection: None };
        Ok(start_run::created(self.partition, run, (self.take.pipeline, self.pipeline), trigger, given, self.context))
    }

    fn refused(&self, rejection: Rejection) -> Rejection {
        match rejection {
            paused @ Rejection::PipelinePaused { .. } => paused,
            other => Rejection::EventRefused {
                alias: self.pipeline.alias.clone(),
                trigger: self.trigger.name.clone(),
                reason: message(&other.to_string()),
            },
        }
    }
}
