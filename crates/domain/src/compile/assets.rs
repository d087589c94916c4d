//! Asset triggers, ages of assets, deadlines, and what tasks read and write; the checks of the language have passed.

use downbeat_dialect::{AssetTrigger, Deadline, FreshnessRule, Pipeline, TaskAdditions};

use crate::plan::{
    Catchup, Plan, PlanAsset, PlanAssetTrigger, PlanDeadline, PlanDeclared, PlanFreshness, PlanSchedule,
};

pub(super) fn compile(pipeline: &Pipeline, plan: &mut Plan) {
    let ours = &pipeline.additions;
    plan.asset_triggers = ours.asset_triggers.iter().map(trigger).collect();
    plan.freshness = ours.freshness.iter().map(freshness).collect();
    plan.deadlines = ours.deadlines.iter().map(deadline).collect();
}

/// Keys as they are written: what everybody else calls these assets is known where assets are named.
pub(super) fn declared(ours: &TaskAdditions) -> Option<Box<PlanDeclared>> {
    let assets =
        |keys: &[String]| keys.iter().map(|key| PlanAsset { key: key.clone(), ..PlanAsset::default() }).collect();
    let declared = PlanDeclared { reads: assets(&ours.reads), writes: assets(&ours.writes) };
    (declared != PlanDeclared::default()).then(|| Box::new(declared))
}

fn trigger(trigger: &AssetTrigger) -> PlanAssetTrigger {
    PlanAssetTrigger {
        name: trigger.name.clone(),
        assets: trigger.assets.clone(),
        debounce_ms: trigger.debounce_ms,
        run_inputs: trigger.run_inputs.iter().map(|(name, expression)| (name.clone(), expression.clone())).collect(),
    }
}

fn freshness(rule: &FreshnessRule) -> PlanFreshness {
    PlanFreshness { name: rule.name.clone(), asset: rule.asset.clone(), max_age_ms: rule.max_age_ms, since: None }
}

/// How old an instant may be that is still decided, milliseconds: a week, at most as many instants as a schedule catches up.
const DECIDED_LATE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

fn deadline(deadline: &Deadline) -> PlanDeadline {
    let schedule = &deadline.schedule;
    PlanDeadline {
        name: deadline.name.clone(),
        schedule: PlanSchedule {
            name: PlanDeadline::schedule_name(&deadline.name),
            cron: schedule.cron_text.clone(),
            unix: deadline.unix,
            timezone: schedule.timezone.clone(),
            exclude: schedule.exclude.clone(),
            // An instant that passed while nobody looked is decided all the same, against what had ended by then.
            catchup: Catchup::All,
            catchup_window_ms: DECIDED_LATE_MS,
            paused: schedule.options.paused,
            ..PlanSchedule::default()
        },
        within_ms: deadline.within_ms,
    }
}
