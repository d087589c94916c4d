//! A report in parts that fit into a decision each.

use std::sync::Arc;

use downbeat_domain::{
    foreign::ReportLineage,
    metadata::{Asset, Collected, LineageEdge, Operation},
};

use super::Report;
use crate::limits::PART_BYTES_MAX;

/// What an item takes besides its texts, bytes.
const ITEM_BYTES: usize = 64;

/// The parts of a report, at least one: in the same order and cut at the same places whenever the same event is read.
pub fn parts(report: Report) -> Vec<ReportLineage> {
    let Report { said, collected, .. } = report;
    let mut parts = vec![Collected::default()];
    let mut used = 0;
    let mut room = |bytes: usize, parts: &mut Vec<Collected>| {
        if used > 0 && used + bytes > PART_BYTES_MAX {
            parts.push(Collected::default());
            used = 0;
        }
        used += bytes;
        parts.len() - 1
    };
    for asset in collected.assets {
        let place = room(of_asset(&asset), &mut parts);
        parts[place].assets.push(asset);
    }
    for operation in collected.operations {
        let place = room(of_operation(&operation), &mut parts);
        parts[place].operations.push(operation);
    }
    for edge in collected.edges.into_iter().flat_map(split) {
        let place = room(of_edge(&edge), &mut parts);
        parts[place].edges.push(edge);
    }
    let numbered = (0..).zip(parts);
    numbered
        .map(|(part, collected)| ReportLineage { said: said.clone(), part, collected: Arc::new(collected) })
        .collect()
}

/// An edge whose columns alone would fill a part, as several edges with a part of them each.
fn split(edge: LineageEdge) -> Vec<LineageEdge> {
    if of_edge(&edge) <= PART_BYTES_MAX {
        return vec![edge];
    }
    let ends = LineageEdge { columns: Vec::new(), ..edge.clone() };
    let chunks = edge.columns.chunks(1_000);
    chunks.map(|columns| LineageEdge { columns: columns.to_vec(), ..ends.clone() }).collect()
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> usize {
    texts.into_iter().map(|text| text.len() + 4).sum()
}

fn of_asset(asset: &Asset) -> usize {
    let lists = texts(asset.owners.iter().chain(&asset.tags).chain(&asset.aliases));
    let columns = asset.columns.iter().map(|column| texts([&column.name, &column.kind, &column.description]) + 8);
    let own = texts([&asset.key, &asset.name, &asset.namespace, &asset.description, &asset.link, &asset.integration]);
    ITEM_BYTES + own + lists + columns.sum::<usize>()
}

fn of_operation(done: &Operation) -> usize {
    let own = [&done.external_id, &done.name, &done.message, &done.asset, &done.column, &done.expected, &done.actual];
    ITEM_BYTES + texts(own)
}

fn of_edge(edge: &LineageEdge) -> usize {
    let columns = edge.columns.iter().map(|column| texts([&column.from, &column.to]) + 8);
    ITEM_BYTES + texts([&edge.from, &edge.to, &edge.operation]) + columns.sum::<usize>()
}
