//! What somebody declared of assets. What was declared before stands in the rows of the assets.

use downbeat_domain::{
    CommandKind, Target, TargetKind,
    inventory::{AssetDetails, Dependency, InventoryEvent},
};
use downbeat_proto::event::{asset_details_of, asset_details_to_json};
use serde_json::{Map, Value, json};

use super::{Told, target, tell::about};
use crate::{
    engine::{batch::Batch, inventory},
    error::Error,
    limits,
};

/// What it says, with what differs from before.
pub(super) fn told(fact: &InventoryEvent, batch: &Batch<'_>) -> Result<Told, Error> {
    let targets = |asset: &str| vec![target(&Target::new(TargetKind::Asset, asset))];
    Ok(match fact {
        InventoryEvent::Declared { asset, details, .. } => {
            let before = declared(asset, batch)?;
            let did = if before.is_some() { "changed what is declared of" } else { "declared" };
            Told {
                before: shown(before.as_ref(), Some(details)),
                after: shown(Some(details), before.as_ref()),
                ..about(CommandKind::DeclareAsset, targets(asset), format!("{did} asset {asset}"))
            }
        }
        InventoryEvent::Removed { asset, .. } => Told {
            before: shown(declared(asset, batch)?.as_ref(), None),
            ..about(CommandKind::RemoveAsset, targets(asset), format!("removed asset {asset}"))
        },
        InventoryEvent::Depend { dependencies, .. } => {
            let pair = |one: &Dependency| json!({"from": one.from, "to": one.to});
            let listed: Vec<Value> = dependencies.iter().take(limits::AUDITED_VARIABLES_MAX).map(pair).collect();
            let more = dependencies.len() - listed.len();
            let mut after = json!({"dependencies": listed});
            if more > 0 {
                after["more_dependencies"] = json!(more);
            }
            let summary = format!("declared {} dependencies of assets", dependencies.len());
            Told { after, ..about(CommandKind::DeclareDependencies, Vec::new(), summary) }
        }
    })
}

fn declared(asset: &str, batch: &Batch<'_>) -> Result<Option<AssetDetails>, Error> {
    Ok(inventory::declared_as(asset, batch)?.and_then(asset_details_of))
}

/// One side of a change: the fields that the other side has not so, each cut to its limit.
fn shown(side: Option<&AssetDetails>, other: Option<&AssetDetails>) -> Value {
    let Some(side) = side else { return Value::Null };
    let other = other.map(asset_details_to_json).unwrap_or_default();
    let Value::Object(side) = asset_details_to_json(side) else { return Value::Null };
    let differing = side.into_iter().filter(|(field, value)| other.get(field) != Some(value));
    let cut = |value: Value| {
        let text = value.to_string();
        let cut: String = text.chars().take(limits::AUDITED_VARIABLE_CHARS_MAX).collect();
        if cut.len() < text.len() { json!(format!("{cut}\u{2026}")) } else { value }
    };
    Value::Object(differing.map(|(field, value)| (field, cut(value))).collect::<Map<_, _>>())
}
