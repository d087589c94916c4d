//! Lineage over all runs: what came of what, what breaks if something goes, how one thing came of another, and what two runs did
//! differently.

mod diff;
mod find;
mod impact;
mod neighbourhood;
mod neighbours;
mod path;
mod walk;

use std::collections::BTreeMap;

use crate::{published::View, query::Refusal};

pub(in crate::query) use self::neighbours::alias_of;
pub use self::{
    diff::diff,
    find::asset,
    impact::impact,
    neighbourhood::{Neighbourhood, neighbourhood},
    path::path,
    walk::{Question, lineage},
};

/// Assets that are made of this one now, one edge away, and whether people see it there; of at most so many edges.
///
/// # Errors
/// `Store`.
pub(in crate::query) fn next_below(
    view: &View<'_>,
    asset: &str,
    edges: usize,
) -> Result<BTreeMap<String, bool>, Refusal> {
    neighbours::Graph::at(view, 0).ends(asset, edges)
}
