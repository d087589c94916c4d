//! Random histories of the real core, with every feature of the run engine: at every position the rows say what the core's state says.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::collections::BTreeMap;

use downbeat_domain::{
    BackfillId, Event, Partition, PipelineId, RunId, RunState,
    cost::{Basis, Currency},
    evolve,
    state::{PipelineState, iteration_ids},
};
use downbeat_event_log::{Entry, EventLog, LogId, memory::MemoryLog};
use downbeat_metadata_projector::{
    engine::{
        self, Fold,
        costs::rows as costs,
        keys::{self, cost as cost_keys},
        rows,
    },
    query::{shape::Shape, tasks},
};
use downbeat_proto::{
    metadata::v1 as wire,
    testing::{World, kinds, missing_kinds},
};
use support::*;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn shown(store: &Rows, run: RunId) -> (wire::Run, Vec<wire::TaskRun>) {
    let key = keys::run(run);
    let row: wire::Run = rows::read(&key, &store[&key]).unwrap();
    let shape = Shape::read(store, run, &row).unwrap();
    let tasks = tasks::all(store, &row, &shape).unwrap();
    (row, tasks)
}

/// Everything that both sides know of a run.
fn compare(store: &Rows, state: &RunState, seed: u64, decision: usize) {
    let (row, tasks) = shown(store, state.id);
    let place = |task: usize| format!("seed {seed}, decision {decision}, run {}, task {task}", state.id);
    assert_eq!(row.status, state.status().as_str(), "seed {seed}, decision {decision}");
    assert_eq!((row.tasks as usize, tasks.len()), (state.tasks.len(), state.tasks.len()), "{}", place(0));
    let ids = |task: &u32| state.plan.plan.tasks[*task as usize].id.clone();
    let selected: Vec<String> = state.selected.iter().flat_map(|selected| selected.iter().map(ids)).collect();
    assert_eq!(row.selected_tasks, selected, "{}", place(0));
    for (number, (task, shown)) in state.tasks.iter().zip(&tasks).enumerate() {
        assert_eq!(shown.status, task.status().as_str(), "{}", place(number));
        assert_eq!(shown.attempts, task.attempt, "{}", place(number));
        let seen = task.seen_as.map(|status| status.as_str()).unwrap_or_default();
        assert_eq!(shown.seen_as, seen, "{}", place(number));
        let outputs = task.outputs.as_deref().map(|outputs| serde_json::to_string(outputs).unwrap());
        assert_eq!(shown.outputs, outputs.unwrap_or_default(), "{}", place(number));
        let planned = &state.plan.plan.tasks[task.planned as usize];
        assert_eq!(shown.task_id, planned.id, "{}", place(number));
        if let Some(child) = task.child() {
            assert_eq!(shown.child_run_id, child.to_string(), "{}", place(number));
        }
        let expansion = planned.group.and_then(|group| state.groups[group as usize].expansion.as_deref());
        assert_eq!(shown.matrix_parent, expansion.is_some() && task.iteration.is_none(), "{}", place(number));
        if let (Some(expansion), Some(iteration)) = (expansion, task.iteration) {
            assert_eq!(shown.iteration, iteration_ids(&expansion.axes)[iteration as usize], "{}", place(number));
            let matrix: serde_json::Map<_, _> = expansion
                .axes
                .iter()
                .map(|(name, _)| (name.clone(), expansion.value(iteration, name).unwrap()))
                .collect();
            assert_eq!(shown.matrix, serde_json::to_string(&matrix).unwrap(), "{}", place(number));
        }
    }
}

/// What is left of each backfill and live of it; the counts of one that has ended.
fn compare_backfills(store: &Rows, partition: &Partition, place: &str) {
    let row = |id: BackfillId| -> wire::Backfill { rows::read(b"f", &store[&keys::backfill(id)]).unwrap() };
    let sum = |row: &wire::Backfill| {
        let outcomes = [row.succeeded, row.failed, row.cancelled, row.skipped, row.declined, row.dropped];
        row.left + row.live + outcomes.iter().sum::<u32>()
    };
    for (id, state) in &partition.backfills.open {
        let row = row(*id);
        assert_eq!((row.left as usize, row.live as usize), (state.left.len(), state.live.len()), "{place}");
        assert_eq!((row.completed_at, sum(&row)), (0, row.total), "{place}");
        assert_eq!(row.status == "CANCELLING", state.cancelled, "{place}");
    }
    for id in &partition.backfills.ended {
        let row = row(*id);
        assert_eq!((row.left, row.live, sum(&row)), (0, 0, row.total), "{place}");
        assert!(row.completed_at != 0 && row.status != "RUNNING" && row.status != "CANCELLING", "{place}: {row:?}");
    }
}

/// Breaches of a pipeline without an end, by kind and name.
fn breaches_that_go_on(store: &Rows, pipeline: PipelineId) -> Vec<String> {
    let prefix = keys::breaches_of(pipeline);
    let rows = store.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    let rows = rows.map(|(key, bytes)| rows::read::<wire::Breach>(key, bytes).unwrap());
    let mut names: Vec<String> =
        rows.filter(|row| row.ended_at == 0).map(|row| format!("{} {}", row.kind, row.name)).collect();
    names.sort();
    names
}

/// The same, as the state has it.
fn broken(state: &PipelineState) -> Vec<String> {
    let deadlines = state.assets.deadlines.iter().filter(|(_, outcome)| !outcome.met);
    let rules = state.assets.fresh.iter().filter(|(_, fresh)| fresh.breached.is_some());
    let deadlines = deadlines.map(|(name, _)| format!("DEADLINE {name}"));
    deadlines.chain(rules.map(|(name, _)| format!("FRESHNESS {name}"))).collect()
}

/// INV-13: the sums of the rows are those of the core, and those of the entries; budgets are spent alike.
fn compare_ledger(store: &Rows, partition: &Partition, place: &str) {
    let ledger = &partition.ledger;
    let totals: costs::TotalsRow =
        store.get(cost_keys::TOTALS).map(|bytes| rows::read(b"Ct", bytes).unwrap()).unwrap_or_default();
    let sum = |currency: &Currency, basis| ledger.sums.get(&(*currency, basis)).copied().unwrap_or(0);
    assert_eq!(totals.by_currency.values().map(|sum| sum.entries).sum::<u64>(), ledger.entries, "{place}");
    for (currency, row) in &totals.by_currency {
        let currency: Currency = currency.parse().unwrap();
        let expected = (sum(&currency, Basis::Estimated), sum(&currency, Basis::Billed));
        assert_eq!((costs::number(&row.estimated), costs::number(&row.billed)), expected, "{place}: {currency}");
    }
    for (of, state) in &ledger.budgets {
        let row: wire::BudgetStatus = rows::read(b"Cb", &store[&cost_keys::budget(of)]).unwrap();
        let crossed: Vec<u32> = state.crossed.iter().copied().collect();
        assert_eq!((costs::number(&row.spent), row.crossed), (state.spent, crossed), "{place}: budget of {of}");
    }
}

/// Whom grants reach is the same for those who ask either of them.
fn compare_labels(store: &Rows, partition: &Partition, place: &str) {
    for (id, state) in &partition.pipelines {
        let row: wire::Pipeline = rows::read(b"p", &store[&keys::pipeline(*id)]).unwrap();
        assert_eq!(row.labels, state.plan.plan.labels, "{place}: labels of {id}");
    }
}

/// The sums of the days, and of the entries, by currency.
fn added_up(store: &Rows) -> [BTreeMap<String, i128>; 2] {
    let (mut days, mut entries) = (BTreeMap::new(), BTreeMap::new());
    for (key, bytes) in store.range(b"C".to_vec()..b"D".to_vec()) {
        if key.starts_with(cost_keys::DAYS) {
            let costs::DayRow { what, sum } = rows::read(key, bytes).unwrap();
            let (what, sum) = (what.unwrap(), sum.unwrap());
            *days.entry(what.currency).or_insert(0) += costs::number(&sum.estimated) + costs::number(&sum.billed);
        }
        if key.starts_with(cost_keys::ENTRIES) {
            let entry = rows::read::<costs::EntryRow>(key, bytes).unwrap().entry.unwrap();
            *entries.entry(entry.currency).or_insert(0) += i128::from(entry.micros);
        }
    }
    [days, entries]
}

#[test]
fn at_every_position_the_rows_say_what_the_core_says() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..150 {
        let decisions = World::random(seed, 150).history;
        for (kind, count) in kinds(decisions.iter().flatten()) {
            *seen.entry(kind).or_insert(0) += count;
        }
        let mut store = Rows::new();
        let mut fold = Fold::new(engine::start_of(&LogId("core".into())));
        let mut partition = Partition::default();
        for (number, events) in decisions.iter().enumerate() {
            for (ordinal, event) in (0..).zip(events) {
                evolve(&mut partition, event);
                let decided_at = event.at().map_or(0, |at| at.as_microsecond());
                fold.known(&store, number as u64 + 1, ordinal, event, decided_at).unwrap();
            }
            let commit = fold.take();
            assert_eq!(commit.head.quarantined_events, 0, "seed {seed}, decision {number}");
            store.extend(commit.writes);
            compare_backfills(&store, &partition, &format!("seed {seed}, decision {number}"));
            compare_ledger(&store, &partition, &format!("seed {seed}, decision {number}"));
            compare_labels(&store, &partition, &format!("seed {seed}, decision {number}"));
            let touched: std::collections::BTreeSet<RunId> = events.iter().filter_map(Event::run).collect();
            for run in touched {
                match (partition.runs.get(&run), partition.finished.get(&run)) {
                    (Some(state), _) => compare(&store, state, seed, number),
                    (None, Some((_, status))) => {
                        assert_eq!(shown(&store, run).0.status, status.as_str(), "seed {seed}, decision {number}");
                    }
                    (None, None) => {}
                }
            }
        }
        let [days, entries] = added_up(&store);
        assert_eq!(days, entries, "seed {seed}: INV-13");
        for (id, state) in &partition.pipelines {
            let row: wire::Pipeline = rows::read(b"p", &store[&keys::pipeline(*id)]).unwrap();
            assert_eq!((row.paused, row.deleted), (state.paused.is_some(), state.deleted), "seed {seed}");
            assert_eq!(row.version, state.version, "seed {seed}");
            assert_eq!(breaches_that_go_on(&store, *id), broken(state), "seed {seed}");
        }
    }
    assert_eq!(missing_kinds(&seen), Vec::<String>::new(), "of {seen:?}");
}

async fn entries(records: &[Vec<Event>]) -> (MemoryLog, Vec<Entry>) {
    let log = MemoryLog::new(LogId("core".into()));
    for events in records {
        append(&log, events.clone()).await;
    }
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let more = log.read(after, 1_000).await.unwrap();
        let Some(last) = more.last() else { return (log, entries) };
        after = last.sequence;
        entries.extend(more);
    }
}

/// Folds in batches of so many records.
fn fold(store: &mut Rows, log: &MemoryLog, entries: &[Entry], records_per_batch: usize) {
    let head = store.get(keys::HEAD).map(|bytes| rows::read(keys::HEAD, bytes).unwrap());
    let mut fold = Fold::new(head.unwrap_or_else(|| engine::start_of(log.id())));
    for batch in entries.chunks(records_per_batch) {
        for entry in batch {
            fold.record(&*store, log.id(), entry).unwrap();
        }
        store.extend(fold.take().writes);
    }
}

#[tokio::test]
async fn the_rows_do_not_depend_on_batches_repetitions_or_restarts() {
    for seed in 0..12 {
        let (log, entries) = entries(&World::random(seed, 120).history).await;
        let mut expected = Rows::new();
        fold(&mut expected, &log, &entries, 1);
        for records_per_batch in [5, 1_000] {
            let mut store = Rows::new();
            fold(&mut store, &log, &entries, records_per_batch);
            assert_eq!(store, expected, "seed {seed}, batches of {records_per_batch}");
            fold(&mut store, &log, &entries, records_per_batch);
            assert_eq!(store, expected, "seed {seed}, folded twice in batches of {records_per_batch}");
        }
        for cut in [1, entries.len() / 3, entries.len() - 1] {
            let mut store = Rows::new();
            fold(&mut store, &log, &entries[..cut], 4);
            fold(&mut store, &log, &entries[cut..], 4);
            assert_eq!(store, expected, "seed {seed}, stopped after record {cut}");
        }
    }
}
