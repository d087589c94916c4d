//! How one asset came of another.

use std::collections::{BTreeMap, VecDeque};

use downbeat_proto::metadata::v1 as wire;

use super::{
    find,
    neighbours::{Graph, Way},
};
use crate::{limits, published::View, query::Refusal};

/// A shortest way from one asset to the other; if there is none, one the other way round.
///
/// # Errors
/// `NotFound`, `Invalid`, `TooLarge`, `Store`.
pub fn path(view: &View<'_>, from: &str, to: &str, at: i64) -> Result<wire::FindLineagePathResponse, Refusal> {
    let (from, to) = (find::asset(view, from)?, find::asset(view, to)?);
    let graph = Graph::at(view, at);
    let edges = way(&graph, &from, &to)?;
    if !edges.is_empty() || from == to {
        return Ok(wire::FindLineagePathResponse { edges, reversed: false, position: None });
    }
    let edges = way(&graph, &to, &from)?;
    let reversed = !edges.is_empty();
    Ok(wire::FindLineagePathResponse { edges, reversed, position: None })
}

fn way(graph: &Graph<'_>, from: &str, to: &str) -> Result<Vec<wire::AssetEdge>, Refusal> {
    // By what it was reached.
    let mut reached = BTreeMap::<String, Option<wire::AssetEdge>>::from([(from.to_owned(), None)]);
    let mut open = VecDeque::from([from.to_owned()]);
    while let Some(asset) = open.pop_front() {
        if asset == to {
            break;
        }
        for (next, edge) in graph.next(&asset, Way::Down)? {
            if reached.len() >= limits::PATH_NODES_MAX {
                let most = limits::PATH_NODES_MAX;
                return Err(Refusal::TooLarge(format!("a way was not found among {most} assets after the first")));
            }
            if !reached.contains_key(&next) {
                reached.insert(next.clone(), Some(edge));
                open.push_back(next);
            }
        }
    }
    let mut edges = Vec::new();
    let mut place = to.to_owned();
    while let Some(Some(edge)) = reached.remove(&place) {
        place.clone_from(&edge.from);
        edges.push(edge);
    }
    edges.reverse();
    Ok(edges)
}
