//! What starts runs besides time: `trigger_events`.

use downbeat_dialect::{Pipeline, TriggerEvent};

use crate::{plan::PlanPipelineTrigger, status::RunStatus};

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
