//! What a task run did in other systems, as runs below it.

use std::collections::BTreeMap;

use downbeat_domain::{
    id::with_version_4,
    metadata::{Asset, Collected, EdgeKind, LineageEdge, Operation},
};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Around, Change, Of,
    datasets::{Known, dataset, with_assertions, with_columns, with_statistics},
    event,
};
use crate::{
    limits::EVENTS_PER_REPORT_MAX,
    naming,
    openlineage::{State, jobs::job_name},
};

/// What the operations of an attempt give to tell, as one run per operation and output, one for what an operation only read, and one for all
/// tests: each with its beginning and its end. `task` is the task run and `around` what it runs in; each `attempt` of it has runs of its own. `at`
/// counts where an operation does not say when it ended. Of more than [`EVENTS_PER_REPORT_MAX`] the last are left out.
pub fn operations(
    collected: &Collected,
    task: &Of,
    around: &Around,
    integration: &str,
    attempt: u32,
    at: Timestamp,
) -> Vec<Value> {
    let known: Known<'_> = collected.assets.iter().map(|asset: &Asset| (asset.key.as_str(), asset)).collect();
    let done: BTreeMap<&str, &Operation> =
        collected.operations.iter().map(|done| (done.external_id.as_str(), done)).collect();
    let root = around.root.clone().or_else(|| around.parent.clone());
    let below = Around { parent: Some(task.clone()), root };
    let mut uses = BTreeMap::<(&str, &str), Vec<&LineageEdge>>::new();
    for edge in collected.edges.iter().filter(|edge| edge.kind != EdgeKind::Tests) {
        uses.entry((&edge.operation, &edge.to)).or_default().push(edge);
    }
    let mut outputs = BTreeMap::<&str, usize>::new();
    for (operation, _) in uses.keys() {
        *outputs.entry(operation).or_default() += 1;
    }
    let teller = Teller { task, below: &below, integration, attempt, at };
    let mut events = Vec::new();
    for ((operation, to), edges) in &uses {
        let operation = (*operation, done.get(operation).copied());
        let several = outputs.get(operation.0).is_some_and(|count| *count > 1);
        events.extend(teller.of_output(operation, to, several, edges, &known));
    }
    events.extend(teller.of_tests(collected, &known).into_iter().flatten());
    events.truncate(EVENTS_PER_REPORT_MAX);
    events
}

struct Teller<'a> {
    task: &'a Of,
    below: &'a Around,
    integration: &'a str,
    attempt: u32,
    at: Timestamp,
}

impl Teller<'_> {
    fn of_output(
        &self,
        (id, done): (&str, Option<&Operation>),
        to: &str,
        several: bool,
        edges: &[&LineageEdge],
        known: &Known<'_>,
    ) -> [Value; 2] {
        let named = done.map(|done| done.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(id);
        let mut name = if named.is_empty() { "lineage".to_owned() } else { named.to_owned() };
        if several && !to.is_empty() {
            name = format!("{name}.{}", naming::short(to));
        }
        let kind = match done.map(|done| done.kind.as_str()) {
            Some("MATERIALISATION") => "MODEL",
            Some("SEED") => "SEED",
            Some("SNAPSHOT") => "SNAPSHOT",
            Some("QUERY") => "QUERY",
            _ => "OPERATION",
        };
        let from: Vec<&&LineageEdge> = edges.iter().filter(|edge| !edge.from.is_empty()).collect();
        let inputs: Vec<Value> = from.iter().map(|edge| dataset(&edge.from, known)).collect();
        let columns: Vec<_> = from.iter().map(|edge| (edge.from.as_str(), edge.columns.as_slice())).collect();
        let outputs = match to {
            "" => Vec::new(),
            to => {
                let own = done.filter(|done| done.asset == to || !several);
                vec![with_columns(with_statistics(dataset(to, known), own), &columns)]
            }
        };
        let (state, at) = ended(done, self.at);
        let error = done.filter(|_| state == State::Fail).map(|done| done.message.as_str()).unwrap_or_default();
        let of = self.run(&name, &[id.as_bytes(), to.as_bytes()]);
        // Clocks of other systems may say that something ended before it began.
        let began = done.and_then(|done| done.started_at).filter(|began| *began <= at).unwrap_or(at);
        let start = event(&self.change(&of, State::Start, began, kind, ""), Vec::new(), Vec::new());
        [start, event(&self.change(&of, state, at, kind, error), inputs, outputs)]
    }

    fn of_tests(&self, collected: &Collected, known: &Known<'_>) -> Option<[Value; 2]> {
        let mut tested = BTreeMap::<&str, Vec<&Operation>>::new();
        let judged = |test: &&Operation| matches!(test.status.as_str(), "SUCCEEDED" | "WARNING" | "FAILED");
        let tests = collected.operations.iter().filter(|done| done.kind == "TEST" && !done.asset.is_empty());
        for test in tests.filter(judged) {
            tested.entry(&test.asset).or_default().push(test);
        }
        for edge in collected.edges.iter().filter(|edge| edge.kind == EdgeKind::Tests && !edge.from.is_empty()) {
            tested.entry(&edge.from).or_default();
        }
        if tested.is_empty() {
            return None;
        }
        let inputs = tested.iter().map(|(key, tests)| match tests.as_slice() {
            [] => dataset(key, known),
            tests => with_assertions(dataset(key, known), tests),
        });
        let first = collected.operations.first().map(|done| done.external_id.as_str()).unwrap_or_default();
        let of = self.run("tests", &[b"tests", first.as_bytes()]);
        let start = event(&self.change(&of, State::Start, self.at, "TEST", ""), Vec::new(), Vec::new());
        // That tests were made well says nothing of what they found.
        Some([start, event(&self.change(&of, State::Complete, self.at, "TEST", ""), inputs.collect(), Vec::new())])
    }

    fn change<'a>(&'a self, of: &'a Of, state: State, at: Timestamp, job_type: &'a str, error: &'a str) -> Change<'a> {
        let (around, integration) = (self.below, self.integration);
        Change { of, around, state, at, job_type, integration, error, description: "", nominal: None }
    }

    /// A run below the task run: the same for the same part of the same attempt.
    fn run(&self, name: &str, parts: &[&[u8]]) -> Of {
        let mut hasher = blake3::Hasher::new_derive_key("downbeat openlineage run of an operation v2");
        for part in [&self.task.run[..], &self.attempt.to_be_bytes()].iter().chain(parts) {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut run = [0; 16];
        hasher.finalize_xof().fill(&mut run);
        Of { job: format!("{}.{}", self.task.job, job_name(name, None)), run: with_version_4(run) }
    }
}

fn ended(done: Option<&Operation>, at: Timestamp) -> (State, Timestamp) {
    let state = match done.map(|done| done.status.as_str()) {
        Some("FAILED") => State::Fail,
        Some("CANCELLED" | "SKIPPED") => State::Abort,
        _ => State::Complete,
    };
    (state, done.and_then(|done| done.completed_at).unwrap_or(at))
}
