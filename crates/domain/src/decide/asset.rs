//! Assets that were materialised start runs: what comes while a trigger waits is gathered, and once the assets are quiet one run comes
//! of it. Its id follows from the first materialisation (INV-05). Runs of pipelines that led to a materialisation are not started by it.

use std::collections::BTreeSet;

use downbeat_dialect::expression::Expression;
use serde_json::{Map, Value, json};

use crate::{
    command::{Context, Rejection},
    decide::{brief, child, follow, inputs, start_run},
    event::{AssetTriggerDeclined, AssetsMaterialised, Event, Trigger},
    id::{PipelineId, RunId},
    incoming::EventNames,
    limits,
    plan::PlanAssetTrigger,
    state::{Gathered, Partition, RunState},
};

/// What was collected, and which assets of it somebody asks for; nothing more where nobody does.
pub(super) fn with_materialised(
    partition: &Partition,
    run: &RunState,
    mut events: Vec<Event>,
    context: &Context,
) -> Vec<Event> {
    let done = events.iter().find_map(|event| match event {
        Event::OperationsCollected { attempt, chunk, collected } => Some((*attempt, *chunk, collected)),
        _ => None,
    });
    let Some((attempt, chunk, collected)) = done else { return events };
    let (mut assets, mut bytes) = (BTreeSet::new(), 0);
    for operation in collected.operations.iter().filter(|operation| operation.materialises()) {
        let asset = operation.asset.as_str();
        let room =
            assets.len() < limits::ASSETS_GATHERED_MAX && bytes + asset.len() <= limits::ASSETS_GATHERED_BYTES_MAX;
        if room && !assets.contains(asset) && is_asked_for(partition, asset) {
            bytes += asset.len();
            assets.insert(asset);
        }
    }
    if !assets.is_empty() {
        events.push(Event::AssetsMaterialised(Box::new(AssetsMaterialised {
            attempt,
            chunk,
            assets: assets.into_iter().map(str::to_owned).collect(),
            chain: follow::chain_of(partition, run),
            depth: depth_of(partition, run),
            at: context.now,
        })));
    }
    events
}

fn is_asked_for(partition: &Partition, asset: &str) -> bool {
    let candidates = partition.asset_listeners.candidates(asset).into_iter();
    candidates.filter_map(|id| partition.live_pipeline(id).ok()).any(|state| state.plan.plan.asks_for_asset(asset))
}

/// Runs in the longest chain of causes, this one included.
fn depth_of(partition: &Partition, run: &RunState) -> u32 {
    let (path, top) = child::upwards(partition, run);
    let before = match &top.trigger {
        Trigger::PipelineEnded { chain, .. } => chain.len() as u32,
        Trigger::Asset { depth, .. } => *depth,
        _ => 0,
    };
    before.saturating_add(path.len() as u32)
}

/// The first trigger of the pipeline whose assets were quiet for long enough; each run is a decision of its own.
pub(super) fn start_due(partition: &Partition, id: PipelineId, context: &Context) -> Vec<Event> {
    let Ok(state) = partition.live_pipeline(id) else { return Vec::new() };
    let gathered = state.assets.gathered.iter();
    let due = gathered.filter_map(|(name, gathered)| state.plan.plan.asset_trigger(name).map(|it| (it, gathered)));
    let Some((trigger, gathered)) = due.into_iter().find(|(trigger, gathered)| gathered.due(trigger) <= context.now)
    else {
        return Vec::new();
    };
    let started = start(partition, id, trigger, gathered, context).unwrap_or_else(|rejection| {
        Event::AssetTriggerDeclined(Box::new(AssetTriggerDeclined {
            pipeline: id,
            trigger: trigger.name.clone(),
            reason: brief(&rejection.to_string()),
            at: context.now,
        }))
    });
    vec![started]
}

fn start(
    partition: &Partition,
    id: PipelineId,
    trigger: &PlanAssetTrigger,
    gathered: &Gathered,
    context: &Context,
) -> Result<Event, Rejection> {
    let state = start_run::startable(partition, id)?;
    if gathered.depth as usize >= limits::CHAIN_MAX {
        let depth = gathered.depth;
        return Err(Rejection::InvalidInputs(format!(
            "{depth} runs led here one after the other, and that is the most that is allowed"
        )));
    }
    let (attempt, chunk) = gathered.first;
    let run = RunId::of_assets(id, &trigger.name, attempt, chunk);
    if start_run::is_known(partition, run, id)? {
        return Err(Rejection::RunExists(run));
    }
    let declared = &state.plan.plan.inputs;
    let names = EventNames::of_assets(&data(gathered), gathered.latest);
    let given = trigger.run_inputs.iter().map(|(name, text)| {
        let refused = |why: String| Rejection::InvalidInputs(format!("input `{name}` `{text}`: {why}"));
        let expression = Expression::parse_over_event(text).map_err(|error| refused(error.to_string()))?;
        Ok((name.clone(), expression.evaluate(&names).map_err(|error| refused(error.to_string()))?))
    });
    let given = inputs::fit(declared, given.collect::<Result<Map<String, Value>, Rejection>>()?)?;
    let used = partition.environments.used("")?;
    let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
    let inputs = inputs::complete(declared, &given, &of, context)?;
    let caused = Trigger::Asset {
        trigger: trigger.name.clone(),
        assets: gathered.assets.clone(),
        runs: gathered.runs.clone(),
        chain: gathered.chain.clone(),
        depth: gathered.depth,
    };
    let given = start_run::Given { inputs, environment: used.variables, environment_name: used.name, selection: None };
    Ok(start_run::created(partition, run, (id, state), caused, given, context))
}

/// What `event.data` reads.
fn data(gathered: &Gathered) -> Value {
    json!({
        "asset": gathered.asset,
        "assets": gathered.assets,
        "run_id": gathered.run.to_string(),
        "pipeline_id": gathered.pipeline.to_string(),
    })
}
