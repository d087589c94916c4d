//! What pipelines wait for of assets and promise about time, both ways.

use bytes::Bytes;
use downbeat_domain::{
    PipelineId, RunId,
    state::{AssetState, DeadlineOutcome, Freshness, Gathered},
};

use crate::{
    convert::{id_bytes, instant, micros},
    event,
    snapshots::v1 as wire,
};

/// `None` where there is nothing to say.
pub(super) fn encode(state: &AssetState) -> Option<wire::Assets> {
    let message = wire::Assets {
        gathered: state.gathered.iter().map(|(name, gathered)| (name.clone(), encode_gathered(gathered))).collect(),
        fresh: state.fresh.iter().map(|(name, fresh)| (name.clone(), encode_fresh(fresh))).collect(),
        deadlines: state.deadlines.iter().map(|(name, outcome)| (name.clone(), encode_outcome(outcome))).collect(),
        good_ends: state
            .good_ends
            .iter()
            .map(|(at, run)| wire::GoodEnd { run_id: id_bytes(&run.0), at: micros(*at) })
            .collect(),
    };
    (message != wire::Assets::default()).then_some(message)
}

pub(super) fn decode(state: Option<wire::Assets>) -> Option<AssetState> {
    let state = state.unwrap_or_default();
    let gathered = state.gathered.into_iter().map(|(name, gathered)| Some((name, decode_gathered(gathered)?)));
    let fresh = state.fresh.into_iter().map(|(name, fresh)| Some((name, decode_fresh(&fresh)?)));
    let deadlines = state.deadlines.into_iter().map(|(name, outcome)| Some((name, decode_outcome(&outcome)?)));
    let good_ends = state.good_ends.into_iter().map(|end| Some((instant(end.at)?, RunId::from_slice(&end.run_id)?)));
    Some(AssetState {
        gathered: gathered.collect::<Option<_>>()?,
        fresh: fresh.collect::<Option<_>>()?,
        deadlines: deadlines.collect::<Option<_>>()?,
        good_ends: good_ends.collect::<Option<_>>()?,
    })
}

fn encode_gathered(gathered: &Gathered) -> wire::Gathered {
    let (attempt, chunk) = gathered.first;
    wire::Gathered {
        first: Some(event::attempt_ref(attempt)),
        first_chunk: chunk,
        since: micros(gathered.since),
        latest: micros(gathered.latest),
        asset: gathered.asset.clone(),
        run_id: id_bytes(&gathered.run.0),
        pipeline_id: id_bytes(&gathered.pipeline.0),
        assets: gathered.assets.clone(),
        runs: event::runs(&gathered.runs),
        chain: event::chain(&gathered.chain),
        depth: gathered.depth,
    }
}

fn decode_gathered(gathered: wire::Gathered) -> Option<Gathered> {
    Some(Gathered {
        first: (event::attempt_of(gathered.first.as_ref()?)?, gathered.first_chunk),
        since: instant(gathered.since)?,
        latest: instant(gathered.latest)?,
        asset: gathered.asset,
        run: RunId::from_slice(&gathered.run_id)?,
        pipeline: PipelineId::from_slice(&gathered.pipeline_id)?,
        assets: gathered.assets,
        runs: event::runs_of(&gathered.runs)?,
        chain: event::chain_of(&gathered.chain)?,
        depth: gathered.depth,
    })
}

fn run_or_none(run: Option<RunId>) -> Bytes {
    run.map(|run| id_bytes(&run.0)).unwrap_or_default()
}

fn encode_fresh(fresh: &Freshness) -> wire::Freshness {
    wire::Freshness {
        last_run_id: run_or_none(fresh.last.map(|(run, _)| run)),
        last_at: fresh.last.map_or(0, |(_, at)| micros(at)),
        breached: fresh.breached.map(micros),
    }
}

fn decode_fresh(fresh: &wire::Freshness) -> Option<Freshness> {
    let last = match fresh.last_run_id.is_empty() {
        true => None,
        false => Some((RunId::from_slice(&fresh.last_run_id)?, instant(fresh.last_at)?)),
    };
    let breached = match fresh.breached {
        None => None,
        Some(breached) => Some(instant(breached)?),
    };
    Some(Freshness { last, breached })
}

fn encode_outcome(outcome: &DeadlineOutcome) -> wire::DeadlineOutcome {
    wire::DeadlineOutcome { instant: micros(outcome.instant), met: outcome.met, run_id: run_or_none(outcome.run) }
}

fn decode_outcome(outcome: &wire::DeadlineOutcome) -> Option<DeadlineOutcome> {
    let run = match outcome.run_id.is_empty() {
        true => None,
        false => Some(RunId::from_slice(&outcome.run_id)?),
    };
    Some(DeadlineOutcome { instant: instant(outcome.instant)?, met: outcome.met, run })
}
