//! Columns of an asset, and how two lists of them differ.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_proto::{events::v1::AssetColumn, metadata::v1 as wire};

/// The columns of an asset as they were told last.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Columns {
    /// In their order.
    #[prost(message, repeated, tag = "1")]
    pub columns: Vec<AssetColumn>,
    /// How often they changed.
    #[prost(uint32, tag = "2")]
    pub changes: u32,
}

/// What became of columns, by name. Where one of the two lists is empty, nothing is known.
pub fn changes(before: &[AssetColumn], after: &[AssetColumn]) -> Vec<wire::ColumnChange> {
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let types = |columns: &[AssetColumn]| -> BTreeMap<String, String> {
        columns.iter().map(|column| (column.name.clone(), column.r#type.clone())).collect()
    };
    let (was, is) = (types(before), types(after));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let change = |name: &String| {
        let (was, is) = (was.get(name), is.get(name));
        let change = match (was, is) {
            (None, _) => "ADDED",
            (_, None) => "REMOVED",
            // A type that is not told is no other type.
            (Some(was), Some(is)) if was != is && !was.is_empty() && !is.is_empty() => "TYPE_CHANGED",
            _ => return None,
        };
        Some(wire::ColumnChange {
            name: name.clone(),
            type_before: was.cloned().unwrap_or_default(),
            type_after: is.cloned().unwrap_or_default(),
            change: change.to_owned(),
        })
    };
    names.into_iter().filter_map(change).collect()
}

/// The columns as they are told now, with the types that were known before where none is told.
pub(super) fn told(before: &[AssetColumn], mut now: Vec<AssetColumn>) -> Vec<AssetColumn> {
    for column in now.iter_mut().filter(|column| column.r#type.is_empty()) {
        if let Some(known) = before.iter().find(|known| known.name == column.name) {
            column.r#type.clone_from(&known.r#type);
        }
    }
    now
}
