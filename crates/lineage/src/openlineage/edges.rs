//! Which dataset came of which.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::metadata::{ColumnEdge, ColumnUse, EdgeKind, LineageEdge};
use serde_json::Value;

use super::{
    Report,
    datasets::{self, Datasets},
    facets, operations,
    read::text,
};
use crate::limits::{COLUMN_EDGES_PER_OUTPUT_MAX, EDGES_PER_EVENT_MAX};

/// Edges of an event; none of a run that wrote nothing that can be relied on.
pub(super) fn of(event: &Value, report: &Report, datasets: &Datasets<'_>) -> Vec<LineageEdge> {
    if report.said.job.is_none() {
        return Vec::new();
    }
    let operation = operations::id(event, report);
    let edge = |from: &str, to: &str, kind: EdgeKind| LineageEdge {
        from: from.to_owned(),
        to: to.to_owned(),
        operation: operation.clone(),
        kind,
        columns: Vec::new(),
    };
    let is_test = facets::job_type(event) == "TEST";
    // A test that failed has tested all the same.
    if is_test {
        return datasets.inputs.keys().map(|from| edge(from, "", EdgeKind::Tests)).take(EDGES_PER_EVENT_MAX).collect();
    }
    if report.state.is_some_and(|state| !state.tells_of_results()) {
        return Vec::new();
    }
    let mut edges = Vec::new();
    let mut used = BTreeSet::new();
    for (to, output) in &datasets.outputs {
        let told = columns(output, datasets);
        let alone = datasets.outputs.len() == 1;
        let inputs = datasets.inputs.keys().filter(|_| alone);
        // Whoever updates a table in place reads it, too: that is no way from one asset to another.
        let sources: BTreeSet<&String> = inputs.chain(told.keys()).filter(|from| *from != to).collect();
        for from in &sources {
            used.insert((*from).clone());
            let columns = told.get(*from).cloned().unwrap_or_default();
            edges.push(LineageEdge { columns: columns.into_iter().collect(), ..edge(from, to, EdgeKind::Derives) });
        }
        if sources.is_empty() {
            edges.push(edge("", to, EdgeKind::Writes));
        }
        let shown = datasets::exposures(output);
        edges.extend(shown.iter().map(|shown| edge(to, &shown.key, EdgeKind::Exposes)));
    }
    let unused = datasets.inputs.keys().filter(|from| !used.contains(*from) && !datasets.outputs.contains_key(*from));
    edges.extend(unused.map(|from| edge(from, "", EdgeKind::Reads)));
    edges.truncate(EDGES_PER_EVENT_MAX);
    edges
}

/// Of the column lineage of an output: columns by the dataset that they are of.
fn columns(output: &Value, datasets: &Datasets<'_>) -> BTreeMap<String, BTreeSet<ColumnEdge>> {
    let mut found = BTreeMap::<String, BTreeSet<ColumnEdge>>::new();
    let mut count = 0;
    for (input, to) in datasets::origins(output) {
        let (Some(key), Some(from)) = (datasets::key(input), text(input, "field")) else { continue };
        if !datasets.is_origin(&key, input, output) {
            continue;
        }
        count += 1;
        if count > COLUMN_EDGES_PER_OUTPUT_MAX {
            break;
        }
        let uses = transformations(input);
        let edges = found.entry(key).or_default();
        for kind in uses {
            // What decides about rows decides about all columns.
            let to = if kind.is_direct() { to.to_owned() } else { String::new() };
            edges.insert(ColumnEdge { from: from.clone(), to, kind });
        }
    }
    found
}

/// How an input is used. Older producers do not say.
fn transformations(input: &Value) -> Vec<ColumnUse> {
    let named = |transformation: &Value| {
        let subtype = text(transformation, "subtype").unwrap_or_default().to_uppercase();
        let direct = text(transformation, "type").unwrap_or_default().to_uppercase() != "INDIRECT";
        let known = ColumnUse::ALL.into_iter().find(|kind| kind.as_str() == subtype);
        match known {
            Some(kind) => kind,
            None if direct => ColumnUse::Transformation,
            None => ColumnUse::Conditional,
        }
    };
    let told: Vec<ColumnUse> = facets::list(Some(input), "transformations").iter().map(named).collect();
    if told.is_empty() { vec![ColumnUse::Unknown] } else { told }
}
