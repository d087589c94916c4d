//! What a failure takes along: assets below what it writes, who answers for them, who uses them, which pipelines follow.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{PipelineId, inventory::LOOKED_AT};
use downbeat_proto::metadata::v1 as wire;

use super::known;
use crate::{
    engine::{
        failing::rows::Pipelines,
        keys::{self, answers as at, quality},
        known, rows,
        usage::ConsumerRow,
    },
    limits,
    published::View,
    query::{Refusal, lineage},
};

/// Assets below others.
#[derive(Clone, Debug, Default)]
pub(super) struct Below {
    /// The nearest first; the ones that were begun at are not among them.
    pub(super) assets: Vec<String>,
    /// Those that people see.
    pub(super) exposures: BTreeSet<String>,
    pub(super) truncated: bool,
}

/// Assets below these; `room` is how many rows may be read for it in this answer.
pub(super) fn below(view: &View<'_>, starts: &[String], room: &mut usize) -> Result<Below, Refusal> {
    let mut seen: BTreeSet<String> = starts.iter().cloned().collect();
    let mut open: std::collections::VecDeque<String> = starts.iter().cloned().collect();
    let mut below = Below::default();
    let mut own = limits::REACH_ROWS_PER_GROUP_MAX.min(*room);
    let before = own;
    while let Some(asset) = open.pop_front() {
        if own == 0 {
            below.truncated = true;
            break;
        }
        let found = lineage::next_below(view, &asset, own)?;
        below.truncated |= found.len() >= own;
        own = own.saturating_sub(1 + found.len());
        for (next, exposes) in found {
            if !seen.insert(next.clone()) {
                continue;
            }
            if exposes {
                below.exposures.insert(next.clone());
            }
            below.assets.push(next.clone());
            open.push_back(next);
        }
    }
    *room -= before - own;
    Ok(below)
}

/// Keys of assets, by what stands in keys and who writes them.
pub(super) fn names(view: &View<'_>, reporter: [u8; 16], outputs: &[Vec<u8>]) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::new();
    for output in outputs {
        let Ok(asset) = output.as_slice().try_into() else { continue };
        let key = keys::graph::writer(asset, reporter);
        let row: Option<crate::engine::graph::rows::WriterRow> = view.get(&key)?;
        names.extend(row.map(|row| row.asset));
    }
    Ok(names)
}

/// Pipelines that the success of this one would start, by their aliases.
pub(super) fn followers(view: &View<'_>, pipelines: &BTreeSet<Vec<u8>>) -> Result<BTreeSet<String>, Refusal> {
    let mut found = BTreeSet::new();
    for pipeline in pipelines {
        let row: Pipelines = match PipelineId::from_slice(pipeline) {
            Some(id) => view.get(&at::followers(Some(id)))?.unwrap_or_default(),
            None => continue,
        };
        for follower in row.ids.iter().take(limits::REACH_NAMED_MAX) {
            let alias = known::pipeline(view, follower)?.alias;
            if !pipelines.contains(follower) && !alias.is_empty() {
                found.insert(alias);
            }
        }
    }
    Ok(found)
}

/// Whom a failure concerns.
pub(super) struct People {
    pub(super) owners: BTreeSet<String>,
    /// Who uses the assets that were begun at.
    pub(super) consumers: BTreeSet<String>,
    /// Where people see it: those that are exposed, and those of a kind that is made to be looked at.
    pub(super) exposures: BTreeSet<String>,
}

/// Of the assets that were begun at and the nearest below them.
pub(super) fn people(view: &View<'_>, starts: &[String], below: &Below) -> Result<People, Refusal> {
    let (mut owners, mut consumers) = (BTreeSet::new(), BTreeMap::<i64, BTreeSet<String>>::new());
    let mut exposures = below.exposures.clone();
    for asset in starts.iter().chain(below.assets.iter().take(limits::REACH_NAMED_MAX)) {
        if let Some(row) = self::asset(view, asset)? {
            let told = row.asset.unwrap_or_default();
            if LOOKED_AT.contains(&told.r#type.as_str()) {
                exposures.insert(asset.clone());
            }
            owners.extend(told.owners);
        }
    }
    for asset in starts.iter().take(limits::REACH_NAMED_MAX) {
        let prefix = quality::consumers(keys::graph::node(asset));
        for row in view.store.scan(&prefix, None).take(limits::REACH_NAMED_MAX) {
            let (key, bytes) = row?;
            let shown = rows::read::<ConsumerRow>(&key, &bytes)?.shown;
            let of: Option<PipelineId> = shown.pipeline_id.parse().ok();
            let name = match of.filter(|_| shown.kind == "TASK") {
                Some(id) => format!("{} {}", known::pipeline(view, &id.0)?.alias, shown.name),
                None => shown.name,
            };
            consumers.entry(-shown.last_used_at).or_default().insert(name);
        }
    }
    let consumers: BTreeSet<String> = consumers.into_values().flatten().take(limits::REACH_NAMED_MAX).collect();
    Ok(People { owners, consumers, exposures })
}

/// So many of a list as are shown.
pub(super) fn some(names: impl IntoIterator<Item = String>) -> Vec<String> {
    names.into_iter().take(limits::REACH_NAMED_MAX).collect()
}

/// The row of an asset that is known under this key; `None` = nobody described it.
pub(super) fn asset(view: &View<'_>, key: &str) -> Result<Option<wire::Asset>, Refusal> {
    Ok(known(view.get(&keys::asset(key))?))
}
