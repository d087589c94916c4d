//! What starts runs besides time: ends of other runs, and events from outside.

use downbeat_dialect::{EventTrigger, Pipeline, TriggerEvent};

use crate::{
    plan::{PlanEventPart, PlanEventTrigger, PlanPipelineTrigger},
    status::RunStatus,
};

/// Fails where the id of the other pipeline is none.
pub(super) fn pipeline_trigger(event: &TriggerEvent) -> Result<PlanPipelineTrigger, String> {
    let pipeline = match event.pipeline_id.as_str() {
        "*" => None,
        named => Some(named.parse().map_err(|error| format!("trigger_events: pipeline_id: {error}, or `*` for any"))?),
    };
    Ok(PlanPipelineTrigger { pipeline, statuses: ends(event).collect(), run_inputs: event.run_inputs.clone() })
}

/// The statuses of the trigger that are ends of a run.
fn ends(event: &TriggerEvent) -> impl Iterator<Item = RunStatus> {
    event.statuses.iter().filter_map(|word| RunStatus::from_word(word)).filter(|status| status.is_final())
}

/// The language takes every status of a run; only an end starts something.
pub(super) fn warnings(pipeline: &Pipeline) -> impl Iterator<Item = String> {
    let never = pipeline.trigger_events.iter().filter(|event| ends(event).next().is_none());
    never.map(|event| {
        let (statuses, of) = (event.statuses.join(", "), &event.pipeline_id);
        format!("the trigger event on `{of}` never fires: no run ends {statuses}")
    })
}

/// The checks of the language have passed.
pub(super) fn event_trigger(trigger: &EventTrigger) -> PlanEventTrigger {
    let parts = trigger.parts.iter().map(|part| PlanEventPart {
        subject: part.subject.clone(),
        when: part.when.clone(),
        run_inputs: part.run_inputs.iter().map(|(name, expression)| (name.clone(), expression.clone())).collect(),
    });
    PlanEventTrigger {
        name: trigger.name.clone(),
        parts: parts.collect(),
        within_ms: trigger.within_ms.unwrap_or_default(),
    }
}
