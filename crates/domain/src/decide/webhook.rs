//! A call from outside starts a run: one per delivery, however often it is delivered (INV-05). Who called was checked by whoever took the
//! call; what they found stands on the run.

use serde_json::{Map, Value, json};

use crate::{
    command::{Context, Rejection, StartRun, TakeWebhook},
    decide::{inputs, start_run},
    event::{Event, Trigger},
    id::RunId,
    limits,
    state::Partition,
};

pub(super) fn decide(partition: &Partition, take: &TakeWebhook, context: &Context) -> Result<Vec<Event>, Rejection> {
    let pipeline = partition.live_pipeline(take.pipeline)?;
    let run = RunId::of_webhook(take.pipeline, &take.delivery);
    if start_run::is_known(partition, run, take.pipeline)? {
        return Ok(Vec::new());
    }
    let Some(webhook) = &pipeline.plan.plan.webhook else {
        return Err(Rejection::NoWebhook { alias: pipeline.alias.clone() });
    };
    let characters = take.delivery.chars().count();
    if characters == 0 || characters > limits::IDEMPOTENCY_KEY_CHARS_MAX {
        let most = limits::IDEMPOTENCY_KEY_CHARS_MAX;
        return Err(Rejection::InvalidInputs(format!(
            "the id of the delivery takes {characters} characters; 1 to {most} are allowed"
        )));
    }
    let used = partition.environments.used("")?;
    let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
    let outputs: Value = json!({ "payload": take.payload });
    let inputs = inputs::of_trigger(&webhook.run_inputs, &of, Some(outputs), context)?;
    let start = StartRun {
        run,
        pipeline: take.pipeline,
        version: 0,
        trigger: Trigger::Webhook { delivery: take.delivery.clone(), signature: take.signature.clone() },
        inputs,
        environment: Map::new(),
        environment_name: used.name,
        selection: None,
    };
    start_run::decide(partition, &start, context)
}
