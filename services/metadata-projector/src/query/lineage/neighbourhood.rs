//! An asset with what is next to it.

use downbeat_proto::metadata::v1 as wire;

use super::{
    find::described,
    neighbours::{Graph, Way},
};
use crate::{published::View, query::Refusal};

/// See the module.
#[derive(Debug)]
pub struct Neighbourhood {
    /// What is known of it.
    pub asset: wire::Asset,
    /// Its key and those that mean the same.
    pub names: Vec<String>,
    /// Who writes it, the last one first.
    pub writers: Vec<wire::AssetWriter>,
    /// Assets that it is made of.
    pub upstream: u32,
    /// Assets that are made of it.
    pub downstream: u32,
}

/// What is next to an asset, now.
///
/// # Errors
/// `Store`.
pub fn neighbourhood(view: &View<'_>, key: &str) -> Result<Neighbourhood, Refusal> {
    let graph = Graph::at(view, 0);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let asset = described(&graph, key)?.unwrap_or_else(|| crate::engine::unknown_asset(key));
    Ok(Neighbourhood {
        asset,
        names: graph.names(key)?,
        writers: graph.writers(key)?,
        upstream: count(graph.next(key, Way::Up)?.len()),
        downstream: count(graph.next(key, Way::Down)?.len()),
    })
}
