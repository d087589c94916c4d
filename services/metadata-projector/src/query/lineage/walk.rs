//! From an asset along the edges, edge by edge: breadth first, so that the nearest come first and each is met once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use downbeat_domain::metadata::ColumnUse;
use downbeat_proto::{events::v1::ColumnEdge, metadata::v1 as wire};

use super::{
    find::{self, described},
    neighbours::{Edges, Graph, Way},
};
use crate::{limits, published::View, query::Refusal};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Key of the asset, or an end of one.
    pub asset: String,
    /// Only this column of it; empty = all of it.
    pub column: String,
    /// Edges to follow.
    pub depth: u32,
    /// As it was then; 0 = now.
    pub at: i64,
    /// Where to.
    pub up: bool,
    /// Where to.
    pub down: bool,
    /// A use that only decides which rows there are counts, too, and so does one that nobody knows: the whole asset depends on it.
    pub any_use: bool,
}

/// What was met.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub(super) distance: u32,
    pub(super) columns: BTreeSet<String>,
    /// All of it depends on it.
    pub(super) whole: bool,
    pub(super) more: bool,
}

/// All that a walk met, its beginning among it.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) met: BTreeMap<String, Met>,
    pub(super) edges: BTreeMap<(String, String), wire::AssetEdge>,
    pub(super) truncated: bool,
}

/// Assets around one, and the edges between them.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn lineage(view: &View<'_>, question: &Question) -> Result<wire::GetLineageResponse, Refusal> {
    if question.depth > limits::LINEAGE_DEPTH_MAX {
        return Err(Refusal::Invalid(format!("depth: {} is above {}", question.depth, limits::LINEAGE_DEPTH_MAX)));
    }
    let start = find::asset(view, &question.asset)?;
    let graph = Graph::at(view, question.at);
    let mut walk = Walk::default();
    if question.up {
        step_by_step(&graph, &start, question, Way::Up, &mut walk)?;
    }
    if question.down {
        step_by_step(&graph, &start, question, Way::Down, &mut walk)?;
    }
    let truncated = walk.truncated;
    let edges = std::mem::take(&mut walk.edges);
    let mut nodes = nodes(&graph, walk)?;
    nodes.sort_by(|a, b| (a.distance, &a.key).cmp(&(b.distance, &b.key)));
    Ok(wire::GetLineageResponse { nodes, edges: edges.into_values().collect(), truncated, position: None })
}

/// What was met, with what is known of it.
pub(super) fn nodes(graph: &Graph<'_>, walk: Walk) -> Result<Vec<wire::LineageNode>, Refusal> {
    let mut nodes = Vec::with_capacity(walk.met.len());
    for (key, met) in walk.met {
        nodes.push(wire::LineageNode {
            asset: described(graph, &key)?,
            writers: graph.writers(&key)?,
            distance: met.distance,
            columns: if met.whole { Vec::new() } else { met.columns.into_iter().collect() },
            more: met.more,
            key,
        });
    }
    Ok(nodes)
}

/// Walks one way, and adds to what was met.
pub(super) fn step_by_step(
    graph: &Graph<'_>,
    start: &str,
    question: &Question,
    way: Way,
    walk: &mut Walk,
) -> Result<(), Refusal> {
    let column = (!question.column.is_empty()).then(|| question.column.to_lowercase());
    let first = walk.met.entry(start.to_owned()).or_default();
    first.whole = column.is_none();
    first.columns.extend(column.clone());
    let mut seen = BTreeSet::from([(start.to_owned(), column.clone())]);
    let mut open = VecDeque::from([(start.to_owned(), column, 0)]);
    let mut known = BTreeMap::<String, Edges>::new();
    while let Some((asset, column, distance)) = open.pop_front() {
        // Of the outermost assets it counts only whether there is more, and they are most of what is met.
        if distance >= question.depth && column.is_none() {
            if graph.leads_on(&asset, way)? {
                walk.met.entry(asset).or_default().more = true;
            }
            continue;
        }
        if !known.contains_key(&asset) {
            known.insert(asset.clone(), graph.next(&asset, way)?);
        }
        for (other, edge) in &known[&asset] {
            let Some(reached) = reached(edge, column.as_deref(), way, question.any_use) else { continue };
            if distance >= question.depth {
                walk.met.entry(asset.clone()).or_default().more = true;
                break;
            }
            let full = walk.met.len() >= limits::LINEAGE_NODES_MAX || walk.edges.len() >= limits::LINEAGE_EDGES_MAX;
            if full && !walk.met.contains_key(other) {
                walk.truncated = true;
                continue;
            }
            walk.edges.entry((edge.from.clone(), edge.to.clone())).or_insert_with(|| edge.clone());
            let met = walk.met.entry(other.clone()).or_insert_with(|| Met { distance: distance + 1, ..Met::default() });
            met.whole |= reached.contains(&None);
            met.columns.extend(reached.iter().flatten().cloned());
            for column in reached {
                if seen.insert((other.clone(), column.clone())) {
                    open.push_back((other.clone(), column, distance + 1));
                }
            }
        }
    }
    Ok(())
}

/// What of the other end an edge leads to; `None` in the set = all of it. `None`: it leads nowhere from this column.
fn reached(edge: &wire::AssetEdge, column: Option<&str>, way: Way, any_use: bool) -> Option<BTreeSet<Option<String>>> {
    let Some(column) = column else { return Some(BTreeSet::from([None])) };
    let ends = |edge: &ColumnEdge| {
        let (from, to) = (edge.from.to_lowercase(), edge.to.to_lowercase());
        if way == Way::Up { (to, from) } else { (from, to) }
    };
    let direct = |edge: &ColumnEdge| {
        let kind = usize::try_from(edge.r#use).ok().and_then(|place| ColumnUse::ALL.get(place)).copied();
        kind.unwrap_or_default().is_direct() && !edge.to.is_empty()
    };
    let mut found = BTreeSet::new();
    for edge in &edge.columns {
        let (here, there) = ends(edge);
        if here == column && direct(edge) {
            found.insert(Some(there));
        } else if here == column && any_use {
            found.insert(None);
        }
    }
    if edge.columns.is_empty() && any_use {
        found.insert(None);
    }
    (!found.is_empty()).then_some(found)
}
