//! What a task says it reads and writes, in a plan.

use downbeat_domain::plan::{PlanAsset, PlanDeclared};

use crate::events::v1 as wire;

pub(super) fn encode(declared: &PlanDeclared) -> wire::PlanDeclared {
    let assets = |assets: &[PlanAsset]| assets.iter().map(encode_asset).collect();
    wire::PlanDeclared { reads: assets(&declared.reads), writes: assets(&declared.writes) }
}

pub(super) fn decode(declared: wire::PlanDeclared) -> PlanDeclared {
    let assets = |assets: Vec<wire::PlanAsset>| assets.into_iter().map(decode_asset).collect();
    PlanDeclared { reads: assets(declared.reads), writes: assets(declared.writes) }
}

fn encode_asset(asset: &PlanAsset) -> wire::PlanAsset {
    wire::PlanAsset { key: asset.key.clone(), namespace: asset.namespace.clone(), name: asset.name.clone() }
}

fn decode_asset(asset: wire::PlanAsset) -> PlanAsset {
    PlanAsset { key: asset.key, namespace: asset.namespace, name: asset.name }
}
