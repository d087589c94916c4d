//! What a pipeline promises and how that stands: ages of assets, deadlines, budgets; and what its asset triggers have gathered.

use downbeat_domain::{
    PipelineId, RunId,
    cost::{BudgetOf, BudgetState, amount_text},
    plan::{PlanAssetTrigger, PlanDeadline, PlanFreshness},
    schedule::Timetable,
    state::{AssetState, Partition, PipelineState},
};
use downbeat_proto::{control::v1 as wire, convert};
use downbeat_runtime::zones::zones;
use jiff::Timestamp;
use tonic::Status;

use super::{Control, request::pipeline_of};
use crate::api::refused;

impl Control {
    pub(super) async fn health(
        &self,
        request: wire::GetPipelineHealthRequest,
    ) -> Result<wire::GetPipelineHealthResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        let asked = self.handle.ask(move |engine, now| {
            let partition = engine.partition();
            let state = partition.pipelines.get(&pipeline).filter(|state| !state.deleted)?;
            let budgets = budgets(partition, pipeline, &state.plan.plan.owner, now.wall);
            Some(wire::GetPipelineHealthResponse { budgets, ..of(pipeline, state, now.wall) })
        });
        let found = asked.await.map_err(|error| refused(&error))?;
        found.ok_or_else(|| Status::not_found(format!("there is no pipeline `{}`; apply it first", request.pipeline)))
    }
}

fn of(pipeline: PipelineId, state: &PipelineState, now: Timestamp) -> wire::GetPipelineHealthResponse {
    let plan = &state.plan.plan;
    let paused = state.paused.is_some();
    wire::GetPipelineHealthResponse {
        pipeline_id: pipeline.to_string(),
        now: convert::micros(now),
        freshness: plan.freshness.iter().map(|rule| freshness(rule, &state.assets)).collect(),
        deadlines: plan.deadlines.iter().map(|it| deadline(it, &state.assets, paused, now)).collect(),
        asset_triggers: plan.asset_triggers.iter().map(|trigger| asset_trigger(trigger, &state.assets)).collect(),
        budgets: Vec::new(),
    }
}

/// That of the pipeline, then that of its owner.
fn budgets(partition: &Partition, pipeline: PipelineId, owner: &str, now: Timestamp) -> Vec<wire::BudgetHealth> {
    let whose = [(BudgetOf::Pipeline(pipeline), ""), (BudgetOf::Owner(owner.to_owned()), owner)];
    let known = whose.iter().filter_map(|(of, owner)| Some(budget(owner, partition.ledger.budgets.get(of)?, now)));
    known.collect()
}

fn budget(owner: &str, state: &BudgetState, now: Timestamp) -> wire::BudgetHealth {
    // The period ends with its time, and is told of with the next entry.
    let period = state.period.filter(|(_, until)| now < *until);
    wire::BudgetHealth {
        owner: owner.to_owned(),
        amount: amount_text(state.budget.micros.into()),
        spent: amount_text(period.map_or(0, |_| state.spent)),
        currency: state.budget.currency.to_string(),
        period: state.budget.period.word().to_owned(),
        ends_at: convert::micros_or_zero(period.map(|(_, until)| until)),
        crossed: period.map(|_| state.crossed.iter().copied().collect()).unwrap_or_default(),
        holds_runs: state.exhausted_until(now).is_some(),
    }
}

fn run_or_none(run: Option<RunId>) -> String {
    run.map(|run| run.to_string()).unwrap_or_default()
}

fn freshness(rule: &PlanFreshness, assets: &AssetState) -> wire::FreshnessHealth {
    let known = assets.freshness(&rule.name);
    wire::FreshnessHealth {
        name: rule.name.clone(),
        asset: rule.asset.clone(),
        max_age_ms: rule.max_age_ms,
        since: convert::micros_or_zero(rule.since),
        last_run_id: run_or_none(known.last.map(|(run, _)| run)),
        last_at: convert::micros_or_zero(known.last.map(|(_, at)| at)),
        breached_at: convert::micros_or_zero(known.breached),
        due_at: convert::micros_or_zero(known.due(rule).filter(|_| known.breached.is_none())),
    }
}

fn deadline(deadline: &PlanDeadline, assets: &AssetState, paused: bool, now: Timestamp) -> wire::DeadlineHealth {
    let schedule = &deadline.schedule;
    let paused = paused || schedule.paused;
    let table = zones().get(&schedule.timezone).and_then(|zone| Timetable::new(schedule, zone).ok());
    let next = table.and_then(|table| table.next_after(now)).filter(|_| !paused);
    let last = assets.deadlines.get(&deadline.name);
    wire::DeadlineHealth {
        name: deadline.name.clone(),
        cron: schedule.cron.clone(),
        timezone: schedule.timezone.clone(),
        within_ms: deadline.within_ms,
        paused,
        last_instant: convert::micros_or_zero(last.map(|last| last.instant)),
        last_outcome: last.map(|last| if last.met { "MET" } else { "BREACHED" }.to_owned()).unwrap_or_default(),
        last_run_id: run_or_none(last.and_then(|last| last.run)),
        next_instant: convert::micros_or_zero(next),
    }
}

fn asset_trigger(trigger: &PlanAssetTrigger, assets: &AssetState) -> wire::AssetTriggerHealth {
    let gathered = assets.gathered.get(&trigger.name);
    wire::AssetTriggerHealth {
        name: trigger.name.clone(),
        assets: trigger.assets.clone(),
        debounce_ms: trigger.debounce_ms,
        gathered: gathered.map(|gathered| gathered.assets.clone()).unwrap_or_default(),
        since: convert::micros_or_zero(gathered.map(|gathered| gathered.since)),
        starts_at: convert::micros_or_zero(gathered.map(|gathered| gathered.due(trigger))),
    }
}
