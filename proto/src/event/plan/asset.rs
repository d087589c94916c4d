//! Asset triggers, ages and deadlines of a plan.

use downbeat_domain::plan::{PlanAssetTrigger, PlanDeadline, PlanFreshness};

use super::{decode_schedule, encode_schedule};
use crate::{
    convert::{instant, micros},
    events::v1 as wire,
};

pub(super) fn encode_trigger(trigger: &PlanAssetTrigger) -> wire::PlanAssetTrigger {
    let inputs = trigger.run_inputs.iter();
    let inputs = inputs.map(|(name, text)| wire::PlanEventInput { name: name.clone(), expression: text.clone() });
    wire::PlanAssetTrigger {
        name: trigger.name.clone(),
        assets: trigger.assets.clone(),
        debounce_ms: trigger.debounce_ms,
        run_inputs: inputs.collect(),
    }
}

pub(super) fn decode_trigger(trigger: wire::PlanAssetTrigger) -> PlanAssetTrigger {
    PlanAssetTrigger {
        name: trigger.name,
        assets: trigger.assets,
        debounce_ms: trigger.debounce_ms,
        run_inputs: trigger.run_inputs.into_iter().map(|input| (input.name, input.expression)).collect(),
    }
}

pub(super) fn encode_freshness(rule: &PlanFreshness) -> wire::PlanFreshness {
    wire::PlanFreshness {
        name: rule.name.clone(),
        asset: rule.asset.clone(),
        max_age_ms: rule.max_age_ms,
        since: rule.since.map(micros),
    }
}

pub(super) fn decode_freshness(rule: wire::PlanFreshness) -> Option<PlanFreshness> {
    let since = match rule.since {
        None => None,
        Some(since) => Some(instant(since)?),
    };
    Some(PlanFreshness { name: rule.name, asset: rule.asset, max_age_ms: rule.max_age_ms, since })
}

pub(super) fn encode_deadline(deadline: &PlanDeadline) -> wire::PlanDeadline {
    wire::PlanDeadline {
        name: deadline.name.clone(),
        schedule: Some(encode_schedule(&deadline.schedule)),
        within_ms: deadline.within_ms,
    }
}

pub(super) fn decode_deadline(deadline: wire::PlanDeadline) -> Option<PlanDeadline> {
    Some(PlanDeadline {
        name: deadline.name,
        schedule: decode_schedule(deadline.schedule?)?,
        within_ms: deadline.within_ms,
    })
}
