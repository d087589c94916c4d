//! What breaks if an asset, or a column of it, goes or changes.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::inventory::LOOKED_AT;
use downbeat_proto::metadata::v1 as wire;

use super::{
    find,
    neighbours::{Graph, Way},
    walk::{Question, Walk, nodes, step_by_step},
};
use crate::{limits, published::View, query::Refusal};

/// Everything that depends on it, however far away.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn impact(view: &View<'_>, asset: &str, column: &str, at: i64) -> Result<wire::GetImpactResponse, Refusal> {
    let start = find::asset(view, asset)?;
    let graph = Graph::at(view, at);
    let question = Question {
        column: column.to_owned(),
        depth: limits::IMPACT_DEPTH_MAX,
        at,
        any_use: true,
        ..Question::default()
    };
    let mut walk = Walk::default();
    step_by_step(&graph, &start, &question, Way::Down, &mut walk)?;
    let truncated = walk.truncated || walk.met.values().any(|met| met.more);
    let exposes = walk.edges.values().filter(|edge| edge.kind == "EXPOSES");
    let mut exposed: BTreeSet<String> = exposes.map(|edge| edge.to.clone()).collect();
    walk.met.remove(&start);
    let mut affected = nodes(&graph, walk)?;
    affected.sort_by(|a, b| (a.distance, &a.key).cmp(&(b.distance, &b.key)));
    let mut tasks = BTreeMap::new();
    let mut owners = BTreeSet::new();
    for node in &affected {
        let kind = node.asset.as_ref().and_then(|row| row.asset.as_ref()).map(|asset| asset.r#type.as_str());
        if kind.is_some_and(|kind| LOOKED_AT.contains(&kind)) {
            exposed.insert(node.key.clone());
        }
        for writer in &node.writers {
            let known =
                tasks.entry((writer.pipeline_id.clone(), writer.task.clone())).or_insert_with(|| writer.clone());
            if writer.last_written_at > known.last_written_at {
                known.last_run_id.clone_from(&writer.last_run_id);
                known.last_written_at = writer.last_written_at;
            }
            known.first_written_at = known.first_written_at.min(writer.first_written_at);
        }
        owners.extend(node.asset.iter().filter_map(|row| row.asset.as_ref()).flat_map(|asset| asset.owners.clone()));
    }
    Ok(wire::GetImpactResponse {
        affected,
        exposed: exposed.into_iter().collect(),
        tasks: tasks.into_values().collect(),
        owners: owners.into_iter().collect(),
        asset: start,
        truncated,
        position: None,
    })
}
