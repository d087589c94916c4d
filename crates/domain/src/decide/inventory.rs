//! Assets are declared, changed and removed by people, and what is made of what.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    command::{Context, Rejection},
    event::Event,
    inventory::{AssetDetails, DeclareAsset, Dependency, InventoryCommand, InventoryEvent, unfit_key},
    limits,
    state::Partition,
};

pub(super) fn decide(
    partition: &Partition,
    command: &InventoryCommand,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    match command {
        InventoryCommand::Declare(declare) => self::declare(partition, declare, context),
        InventoryCommand::Remove { asset, aliases } => remove(partition, asset, aliases, context),
        InventoryCommand::Depend(dependencies) => depend(partition, dependencies, context),
    }
}

fn invalid<T>(why: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::InvalidAsset(why.into()))
}

fn fact(event: InventoryEvent) -> Vec<Event> {
    vec![Event::Inventory(Box::new(event))]
}

fn declare(partition: &Partition, declare: &DeclareAsset, context: &Context) -> Result<Vec<Event>, Rejection> {
    let inventory = &partition.inventory;
    if let Some(why) = unfit_key(&declare.asset) {
        return invalid(format!("external_id: {why}"));
    }
    let before = inventory.asset(&declare.asset);
    if declare.is_new && before.is_some() {
        return Err(Rejection::AssetExists { asset: super::brief(&declare.asset) });
    }
    // Before it is known to fit: nothing of it that is too long is copied about.
    if let Some(why) = declare.change.unfit() {
        return invalid(why);
    }
    let nothing = AssetDetails::default();
    let details = before.unwrap_or(&nothing).changed_by(&declare.change);
    if declare.is_new {
        for (field, value) in [
            ("asset_name", &details.name),
            ("integration", &details.integration),
            ("integration_account_id", &details.integration_account),
        ] {
            if value.is_none() {
                return invalid(format!("{field}: a new asset has one"));
            }
        }
    }
    if let Some(why) = details.unfit() {
        return invalid(why);
    }
    if details == *before.unwrap_or(&nothing) {
        return Ok(Vec::new());
    }
    let (assets, _, _) = inventory.size();
    if before.is_none() && assets >= limits::ASSETS_DECLARED_MAX {
        let most = limits::ASSETS_DECLARED_MAX;
        return invalid(format!("{most} assets are declared, and that is the most that is allowed; remove one first"));
    }
    fits(partition, declare.asset.len() + details.bytes())?;
    let asset = declare.asset.clone();
    Ok(fact(InventoryEvent::Declared { asset, details: Box::new(details), at: context.now }))
}

/// Is there room for so many bytes more? What they replace may be counted twice, which only matters at the very end.
fn fits(partition: &Partition, more: usize) -> Result<(), Rejection> {
    let (_, _, bytes) = partition.inventory.size();
    let (bytes, most) = (bytes + more, limits::INVENTORY_BYTES_MAX);
    if bytes > most {
        return invalid(format!(
            "everything that is declared of assets would take {bytes} bytes; at most {most} are allowed"
        ));
    }
    Ok(())
}

/// What is not declared here may be known from runs, of which the core knows nothing; of other names of the asset it knows only what was declared
/// under them.
fn remove(partition: &Partition, asset: &str, aliases: &[String], context: &Context) -> Result<Vec<Event>, Rejection> {
    if let Some(why) = unfit_key(asset) {
        return invalid(format!("asset: {why}"));
    }
    let most = limits::ASSET_ALIASES_MAX;
    if aliases.len() > most {
        return invalid(format!("aliases: {}; at most {most} are allowed", aliases.len()));
    }
    let names: BTreeSet<&str> = aliases.iter().map(String::as_str).filter(|alias| *alias != asset).collect();
    let told = partition.inventory.told_of(&names);
    let gone = std::iter::once(asset).chain(told);
    let gone = gone.map(|asset| InventoryEvent::Removed { asset: asset.to_owned(), at: context.now });
    Ok(gone.flat_map(fact).collect())
}

fn depend(partition: &Partition, given: &[Dependency], context: &Context) -> Result<Vec<Event>, Rejection> {
    let most = limits::DEPENDENCIES_PER_CALL_MAX;
    if !(1..=most).contains(&given.len()) {
        return invalid(format!("dependencies: {}; 1 to {most} are allowed at once", given.len()));
    }
    let inventory = &partition.inventory;
    let mut kept: BTreeMap<(&str, &str), &Dependency> = BTreeMap::new();
    for (place, one) in given.iter().enumerate() {
        if let Some(why) = one.unfit() {
            return invalid(format!("dependencies[{place}]: {why}"));
        }
        // Of the same two the last one counts.
        kept.insert((one.to.as_str(), one.from.as_str()), one);
    }
    kept.retain(|(to, from), one| inventory.link(from, to) != Some(&one.link));
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let bytes: usize = kept.values().map(|one| one.bytes()).sum();
    let most = limits::DEPENDENCIES_BYTES_PER_CALL_MAX;
    if bytes > most {
        return invalid(format!("dependencies: {bytes} bytes; at most {most} are allowed at once: give fewer"));
    }
    let new = kept.keys().filter(|(to, from)| inventory.link(from, to).is_none()).count();
    let ((_, links, _), most) = (inventory.size(), limits::DEPENDENCIES_DECLARED_MAX);
    if links + new > most {
        return invalid(format!(
            "there would be {} declared dependencies; at most {most} are allowed: remove assets first",
            links + new
        ));
    }
    fits(partition, bytes)?;
    let dependencies = kept.into_values().cloned().collect();
    Ok(fact(InventoryEvent::Depend { dependencies, at: context.now }))
}
