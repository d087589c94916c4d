//! What a task says it reads and writes becomes a report like any other when an attempt of it has ended well: with the decision that ends
//! it, so that no crash lies between, and whether a worker ran it or not.
//!
//! What the attempt has told by itself wins per output: one of which it told the inputs keeps them and gets none of ours; one that it
//! only wrote gets the declared inputs; one that it did not say it wrote is materialised by us. Knows nothing about how keys are made.

use crate::{
    command::Context,
    decide::{asset, consider},
    event::{AttemptRef, Event},
    limits,
    metadata::{Asset, Collected, EdgeKind, LineageEdge, Operation, declared_id},
    plan::{PlanAsset, PlanDeclared},
    state::{Partition, RunState, TaskState, Told},
    status::Outcome,
};

/// These events, behind the report if one of them is the good end of an attempt whose task declares something.
pub(super) fn before_the_end(
    partition: &Partition,
    run: &RunState,
    events: Vec<Event>,
    context: &Context,
) -> Vec<Event> {
    let ended = events.iter().find_map(|event| match event {
        Event::AttemptSucceeded { attempt, outcome, .. } => Some((*attempt, *outcome)),
        Event::ApprovalDecided { attempt, approved: true, .. } => Some((*attempt, Outcome::Succeeded)),
        _ => None,
    });
    let Some((attempt, outcome)) = ended else { return events };
    let mut reported = reported(partition, run, attempt, outcome, context);
    reported.extend(events);
    reported
}

/// The report, with what it materialises, to stand before the event that ends the attempt; empty where the task declares nothing, or has told everything by itself.
pub(super) fn reported(
    partition: &Partition,
    run: &RunState,
    attempt: AttemptRef,
    outcome: Outcome,
    context: &Context,
) -> Vec<Event> {
    let Some((task, plan)) = run.tasks.get(attempt.task as usize).zip(run.planned(attempt.task)) else {
        return Vec::new();
    };
    let Some(declared) = plan.declared.as_deref() else { return Vec::new() };
    let collected = collected(declared, run, task, outcome, context);
    if collected.operations.is_empty() {
        return Vec::new();
    }
    let collected =
        Event::OperationsCollected { attempt, chunk: task.chunks, collected: std::sync::Arc::new(collected) };
    asset::with_materialised(partition, run, vec![collected], context)
}

fn collected(
    declared: &PlanDeclared,
    run: &RunState,
    task: &TaskState,
    outcome: Outcome,
    context: &Context,
) -> Collected {
    let told = task.told.as_deref().copied().unwrap_or_default();
    let status = match outcome {
        Outcome::Succeeded => "SUCCEEDED",
        Outcome::Warning => "WARNING",
    };
    let operation = |id: &str, asset: Option<&PlanAsset>| Operation {
        external_id: id.to_owned(),
        name: consider::name_of(run, task),
        kind: if asset.is_some() { "MATERIALISATION" } else { "TASK" }.to_owned(),
        status: status.to_owned(),
        completed_at: Some(context.now),
        asset: asset.map(|asset| asset.key.clone()).unwrap_or_default(),
        ..Operation::default()
    };
    let mut report = Report::default();
    for (place, output) in declared.writes.iter().enumerate() {
        let id = declared_id(Some(place));
        let edges = edges_into(output, place, declared, told, &id);
        // The attempt has told everything by itself.
        if edges.is_empty() && told.wrote(place) {
            continue;
        }
        report.add(operation(&id, Some(output).filter(|_| !told.wrote(place))), Some(output), edges);
    }
    if declared.writes.is_empty() {
        let id = declared_id(None);
        let edges = declared.reads.iter().map(|read| edge(EdgeKind::Reads, &read.key, "", &id)).collect();
        report.add(operation(&id, None), None, edges);
    }
    report.finish(declared)
}

/// An edge from each asset that is read; where there is none, one that says that nothing with a name went into the output. Nothing where
/// the attempt has said what the output was made of.
fn edges_into(output: &PlanAsset, place: usize, declared: &PlanDeclared, told: Told, id: &str) -> Vec<LineageEdge> {
    if told.made(place) {
        return Vec::new();
    }
    let sources = declared.reads.iter().filter(|read| read.key != output.key);
    let edges: Vec<LineageEdge> = sources.map(|read| edge(EdgeKind::Derives, &read.key, &output.key, id)).collect();
    if edges.is_empty() && !told.wrote(place) {
        return vec![edge(EdgeKind::Writes, "", &output.key, id)];
    }
    edges
}

fn edge(kind: EdgeKind, from: &str, to: &str, operation: &str) -> LineageEdge {
    LineageEdge { from: from.to_owned(), to: to.to_owned(), operation: operation.to_owned(), kind, columns: Vec::new() }
}

/// What is reported, as far as one event holds it: a plan from the log is data.
#[derive(Default)]
struct Report {
    collected: Collected,
    bytes: usize,
}

impl Report {
    fn add(&mut self, operation: Operation, output: Option<&PlanAsset>, edges: Vec<LineageEdge>) {
        let of_edges: usize = edges.iter().map(|edge| edge.from.len() + edge.to.len() + edge.operation.len()).sum();
        self.bytes += of_edges + output.map_or(0, |output| 3 * output.key.len()) + operation.name.len();
        if self.bytes > limits::DECLARED_BYTES_MAX {
            return;
        }
        self.collected.operations.push(operation);
        self.collected.edges.extend(edges);
        // Who writes an asset may say what it is called; who reads it knows less than others do.
        self.collected.assets.extend(output.map(|output| described(output, &output.name)));
    }

    fn finish(mut self, declared: &PlanDeclared) -> Collected {
        let edges = &self.collected.edges;
        let read = declared.reads.iter().filter(|read| edges.iter().any(|edge| edge.from == read.key));
        let written: Vec<String> = self.collected.assets.iter().map(|asset| asset.key.clone()).collect();
        let read: Vec<Asset> =
            read.filter(|read| !written.contains(&read.key)).map(|read| described(read, "")).collect();
        self.collected.assets.extend(read);
        self.collected
    }
}

fn described(asset: &PlanAsset, name: &str) -> Asset {
    Asset { key: asset.key.clone(), namespace: asset.namespace.clone(), name: name.to_owned(), ..Asset::default() }
}
