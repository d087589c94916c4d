//! Random histories of the real core: at every position what is kept of live runs, breaches and failures is what the core's state and the ends
//! of runs say.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{Event, Partition, PipelineId, RunId, RunStatus, evolve};
use downbeat_event_log::LogId;
use downbeat_metadata_projector::engine::{
    self, Fold,
    failing::rows::{FailingEntry, FailingRow},
    kept::KeptRow,
    keys::answers::{Kept, kept},
    rows,
};
use downbeat_proto::testing::World;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn below<'a, M: prost::Message + Default>(store: &'a Rows, kind: Kept) -> impl Iterator<Item = M> + 'a {
    let prefix = kept(kind);
    let from = store.range(prefix.clone()..).take_while(move |(key, _)| key.starts_with(&prefix));
    from.map(|(key, bytes)| rows::read(key, bytes).unwrap())
}

fn ids(store: &Rows, kind: Kept) -> BTreeSet<Vec<u8>> {
    below::<KeptRow>(store, kind).flat_map(|row| row.entries).map(|entry| entry.id).collect()
}

fn failing(store: &Rows, pipeline: PipelineId, environment: &str) -> Vec<FailingEntry> {
    let all = below::<FailingRow>(store, Kept::Failing).flat_map(|row| row.entries);
    all.filter(|entry| entry.pipeline == pipeline.0 && entry.environment == environment).collect()
}

/// What the test remembers of a run.
#[derive(Clone)]
struct Known {
    pipeline: PipelineId,
    environment: String,
    whole: bool,
}

#[test]
fn at_every_position_what_is_kept_is_what_the_core_says() {
    let (mut good, mut bad, mut live) = (0, 0, 0);
    for seed in 0..60 {
        let decisions = World::random(seed, 150).history;
        let mut store = Rows::new();
        let mut fold = Fold::new(engine::start_of(&LogId("standing".into())));
        let mut partition = Partition::default();
        let mut known: BTreeMap<RunId, Known> = BTreeMap::new();
        for (number, events) in decisions.iter().enumerate() {
            let place = format!("seed {seed}, decision {number}");
            let mut ends: BTreeMap<(PipelineId, String), (RunId, RunStatus, bool)> = BTreeMap::new();
            for (ordinal, event) in (0..).zip(events) {
                evolve(&mut partition, event);
                let decided_at = event.at().map_or(0, |at| at.as_microsecond());
                fold.known(&store, number as u64 + 1, ordinal, event, decided_at).unwrap();
                match event {
                    Event::RunCreated(created) => {
                        let whole = created.selection.is_none();
                        let of = (created.pipeline, created.environment_name.clone());
                        let run = Known { pipeline: of.0, environment: of.1, whole };
                        known.insert(created.run, run);
                    }
                    Event::RunFinished { run, status, .. }
                        if matches!(status, RunStatus::Failed | RunStatus::Succeeded | RunStatus::Warning) =>
                    {
                        let of = known[run].clone();
                        ends.insert((of.pipeline, of.environment), (*run, *status, of.whole));
                    }
                    _ => {}
                }
            }
            let commit = fold.take();
            assert_eq!(commit.head.quarantined_events, 0, "{place}");
            store.extend(commit.writes);
            let expected: BTreeSet<Vec<u8>> = partition.runs.keys().map(|run| run.0.to_vec()).collect();
            assert_eq!(ids(&store, Kept::LiveRuns), expected, "{place}");
            live = live.max(expected.len());
            let broken = partition.pipelines.iter().filter(|(_, state)| {
                let late = state.assets.deadlines.values().any(|outcome| !outcome.met);
                late || state.assets.fresh.values().any(|fresh| fresh.breached.is_some())
            });
            let expected: BTreeSet<Vec<u8>> = broken.map(|(id, _)| id.0.to_vec()).collect();
            assert_eq!(ids(&store, Kept::Breached), expected, "{place}");
            let dead: BTreeSet<Vec<u8>> = partition.alerts.dead.iter().map(|owed| owed.alert.id.0.to_vec()).collect();
            assert!(ids(&store, Kept::DeadAlerts).is_superset(&dead), "{place}");
            for ((pipeline, environment), (run, status, whole)) in ends {
                let deleted = partition.pipelines.get(&pipeline).is_none_or(|state| state.deleted);
                let now = failing(&store, pipeline, &environment);
                let of_run = |entry: &&FailingEntry| {
                    entry.task.as_ref().and_then(|task| task.latest.as_ref()).is_some_and(|latest| latest.run == run.0)
                };
                match status {
                    _ if deleted => assert!(now.is_empty(), "{place}"),
                    RunStatus::Failed => {
                        assert!(now.iter().any(|entry| of_run(&entry)), "{place}");
                        bad += 1;
                    }
                    _ => {
                        assert!(!now.iter().any(|entry| of_run(&entry)), "{place}");
                        let others = now.iter().filter(|entry| entry.task.as_ref().is_some_and(|task| !task.live));
                        assert!(!whole || others.count() == 0, "{place}");
                        good += usize::from(whole);
                    }
                }
            }
        }
    }
    assert!(good > 20 && bad > 20 && live > 2, "nothing was tried: {good} good, {bad} bad, {live} live");
}
