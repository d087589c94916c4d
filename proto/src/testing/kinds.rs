//! Which kinds of events a history holds.

use std::collections::BTreeMap;

use downbeat_domain::{Event, connection::ConnectionEvent, inventory::InventoryEvent};

/// How often each kind of event occurs, by its name.
pub fn kinds<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeMap<String, u32> {
    let mut kinds = BTreeMap::new();
    for event in events {
        let text = match event {
            Event::Cost(fact) => format!("{fact:?}"),
            Event::Access(fact) => format!("{fact:?}"),
            Event::Endpoint(fact) => format!("Endpoint{fact:?}"),
            Event::FileCommit(fact) => format!("FileCommit{fact:?}"),
            Event::Connection(fact) => match fact.as_ref() {
                ConnectionEvent::Resealed { .. } => "ConnectionsResealed".to_owned(),
                fact => format!("Connection{fact:?}"),
            },
            Event::Inventory(fact) => match fact.as_ref() {
                InventoryEvent::Depend { .. } => "DependenciesDeclared".to_owned(),
                fact => format!("Asset{fact:?}"),
            },
            Event::Environment(fact) => format!("Environment{fact:?}"),
            _ => format!("{event:?}"),
        };
        let name = text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        *kinds.entry(name.to_owned()).or_insert(0) += 1;
    }
    kinds
}

/// The kinds of event that do not occur among those counted, but for those of the coordinator.
pub fn missing_kinds(seen: &BTreeMap<String, u32>) -> Vec<String> {
    let word = |word: &str| word[..1].to_owned() + &word[1..].to_lowercase();
    let known = crate::event::ALL_KINDS.iter().map(|kind| kind.as_str_name().split('_').map(word).collect::<String>());
    known.filter(|kind| kind != "PartitionOwned" && !seen.contains_key(kind)).collect()
}
