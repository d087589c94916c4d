//! A store that other versions of the projections wrote: it goes on answering what has not changed, a new one is filled beside it, and takes
//! its place in one step.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use downbeat_event_log::{EventLog, memory::MemoryLog};
use downbeat_metadata_projector::{
    ErrorKind, ProjectorConfig,
    engine::{
        self,
        projection::{ALL, Registered},
    },
    start, start_with, store,
};
use downbeat_proto::metadata::v1 as wire;
use downbeat_runtime::blob::BlobStore;
use futures::StreamExt;
use support::{others::*, service::*, *};
use tonic::{Code, Status};

/// The events of so many runs, one record each, behind those that are there; says where the log ends.
async fn grown(log: &MemoryLog, runs: u32) -> u64 {
    let begun = log.tail().await.unwrap().sequence;
    for event in self::runs(runs).concat().into_iter().skip(usize::try_from(begun).unwrap()) {
        append(log, vec![event]).await;
    }
    log.tail().await.unwrap().sequence
}

/// A store in which these projections wrote all of the log.
async fn written(projections: &'static [Registered], log: &MemoryLog, folder: &Path) {
    let service = Service::with(projections, Arc::new(log.clone()), folder).await;
    service.rebuilt().await;
    let tail = log.tail().await.unwrap().sequence;
    service.published.progress().wait_for(|progress| progress.sequence == tail).await.unwrap();
    service.stop().await;
}

/// A projector that rebuilds over records up to this one, and has got there.
async fn rebuilding(
    projections: &'static [Registered],
    log: &MemoryLog,
    up_to: u64,
    folder: &Path,
) -> (Service, Arc<Gated>) {
    let gated = Arc::new(Gated::up_to(log, up_to));
    let service = Service::with(projections, gated.clone(), folder).await;
    let rebuild = service.published.rebuild().expect("another version wrote it");
    rebuild.folded().wait_for(|folded| *folded >= up_to).await.unwrap();
    (service, gated)
}

async fn operations(service: &mut Service, at_least: Option<wire::Position>) -> Result<usize, Status> {
    let request = wire::ListOperationsRequest { run_id: run_id(0).to_string(), at_least, ..Default::default() };
    Ok(service.client.list_operations(request).await?.into_inner().operations.len())
}

async fn listed(service: &mut Service) -> Result<(usize, u64), Status> {
    let answer = service.client.list_runs(wire::ListRunsRequest::default()).await?.into_inner();
    Ok((answer.runs.len(), answer.position.unwrap().sequence))
}

async fn rebuild(service: &mut Service) -> Option<wire::Rebuild> {
    service.client.get_position(wire::GetPositionRequest {}).await.unwrap().into_inner().rebuild
}

/// Names in the projector's folder, without those of stores that were moved aside and of what stays for ever.
fn stores(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("projections")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.contains("damaged") && name != "LOCK").collect();
    names.sort();
    names
}

fn aside(folder: &Path) -> usize {
    store::aside::kept(&folder.join("projections"), "store").unwrap().len()
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn rows(log: &MemoryLog, folder: &Path) -> Rows {
    let opened = store::open(&folder.join("projections"), 1 << 20, log.id()).unwrap();
    assert!(opened.store.is_ours(&opened.head) && opened.rebuilt.is_none());
    let rows = opened.store.scan(b"", None).map(|row| row.map(|(key, row)| (key.to_vec(), row.to_vec())).unwrap());
    let rows = rows.collect();
    opened.store.close().unwrap();
    rows
}

/// What a projector writes that begins with nothing.
async fn fresh(log: &MemoryLog) -> Rows {
    let folder = tempfile::tempdir().unwrap();
    written(ALL, log, folder.path()).await;
    rows(log, folder.path())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_answered_at_its_position_until_the_new_store_takes_over() {
    let (log, folder) = (log("beside"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let old = grown(&log, 3).await;
    written(other_versions_of(&["operations", "alerts"]), &log, folder).await;
    let tail = grown(&log, 6).await;
    let (mut service, gate) = rebuilding(ALL, &log, 7, folder).await;

    // What has not changed, as the old store has it.
    assert_eq!(listed(&mut service).await.unwrap(), (3, old));
    let found = service.get(run_id(2), None).await.unwrap();
    assert_eq!((found.run.unwrap().status.as_str(), found.position.unwrap().sequence), ("SUCCEEDED", old));
    // What has, and what was made of it: refused, with the progress.
    let progress = format!("7 of {tail} records");
    let refused = operations(&mut service, None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("`operations`") && refused.message().contains(&progress), "{refused}");
    let refused = service.client.list_audit(wire::ListAuditRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("`audit`") && refused.message().contains(&progress), "{refused}");
    let told = rebuild(&mut service).await.unwrap();
    assert_eq!(
        (told.folded, told.goal, told.projections),
        (7, tail, ["alerts", "audit", "going_on", "operations"].map(String::from).to_vec())
    );

    // Who waits for more than the old store has goes on waiting, over the swap.
    let mut waiting = service.client.clone();
    let request = wire::GetRunRequest {
        run_id: run_id(5).to_string(),
        at_least: end(&log).await,
        ..wire::GetRunRequest::default()
    };
    let waiting = tokio::spawn(async move { waiting.get_run(request).await });
    gate.open();
    let found = waiting.await.unwrap().unwrap().into_inner();
    assert_eq!((found.run.unwrap().status.as_str(), found.position), ("SUCCEEDED", end(&log).await));
    assert_eq!(listed(&mut service).await.unwrap(), (6, tail));
    assert_eq!(operations(&mut service, None).await.unwrap(), 2);
    assert_eq!(rebuild(&mut service).await, None);
    // The new store is written like any other.
    let more = grown(&log, 7).await;
    assert_eq!(service.get(run_id(6), end(&log).await).await.unwrap().position.unwrap().sequence, more);
    service.stop().await;

    assert_eq!(stores(folder), ["CURRENT", "STATE-1", "store-1"]);
    assert_eq!(aside(folder), 0);
    assert!(rows(&log, folder) == fresh(&log).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_hears_of_what_happened_meanwhile_when_the_new_store_takes_over() {
    let (log, folder, run) = (log("watchers"), tempfile::tempdir().unwrap(), run_id(0));
    append(&log, vec![pipeline(2, 0), created(run, 0)]).await;
    written(other_versions_of(&["operations"]), &log, folder.path()).await;
    append(&log, vec![ready(run, 1, 1), finished(run, 2)]).await;
    let (mut service, gate) = rebuilding(ALL, &log, 1, folder.path()).await;
    let request = wire::WatchRunRequest { run_id: run.to_string(), at_least: None };
    let mut stream = service.client.watch_run(request).await.unwrap().into_inner();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!((first.run.unwrap().status.as_str(), first.position.unwrap().sequence), ("CREATED", 1));
    gate.open();
    let last = stream.next().await.unwrap().unwrap();
    assert_eq!((last.run.unwrap().status.as_str(), last.position.unwrap().sequence), ("SUCCEEDED", 2));
    assert_eq!(last.task_runs.iter().map(|task| task.index).collect::<Vec<_>>(), [1]);
    assert!(stream.next().await.is_none());
    service.stop().await;
}

/// Nothing of it is answered from rows that are not there, as if there were nothing.
#[tokio::test(flavor = "multi_thread")]
async fn which_questions_are_answered_meanwhile_depends_on_what_has_changed() {
    let cases: [(&str, &'static [Registered], [bool; 5]); 6] = [
        // Who wrote it; whether lists of pipelines, of runs, a run, the use of an asset, and budgets are answered.
        ("no such projection", without("usage"), [true, true, true, false, true]),
        ("usage", other_versions_of(&["usage"]), [true, true, true, false, true]),
        ("runs", other_versions_of(&["runs"]), [true, false, false, true, true]),
        ("task runs", other_versions_of(&["task_runs"]), [true, false, false, false, true]),
        ("pipelines", other_versions_of(&["pipelines"]), [false, false, false, false, true]),
        (
            "one that we do not have",
            {
                let theirs = Registered { name: "theirs", version: 1, reads: &[], fold: |_, _, _| Ok(()) };
                ALL.iter().copied().chain([theirs]).collect::<Vec<_>>().leak()
            },
            [true; 5],
        ),
    ];
    for (case, wrote, expected) in cases {
        let (log, folder) = (log("questions"), tempfile::tempdir().unwrap());
        let tail = grown(&log, 2).await;
        written(wrote, &log, folder.path()).await;
        let (mut service, gate) = rebuilding(ALL, &log, 3, folder.path()).await;
        let ask = async |service: &mut Service| {
            let run_id = run_id(0).to_string();
            let asset = "db/main.orders".to_owned();
            [
                service.client.list_pipelines(wire::ListPipelinesRequest::default()).await.err(),
                service.client.list_runs(wire::ListRunsRequest::default()).await.err(),
                service.client.get_run(wire::GetRunRequest { run_id, ..Default::default() }).await.err(),
                service.assets.get_asset(wire::GetAssetRequest { asset, ..Default::default() }).await.err(),
                service.costs.list_budgets(wire::ListBudgetsRequest::default()).await.err(),
            ]
        };
        let refused = ask(&mut service).await;
        let codes: Vec<_> = refused.iter().flatten().map(Status::code).collect();
        assert!(codes.iter().all(|code| *code == Code::Unavailable), "{case}: {refused:?}");
        assert_eq!(refused.each_ref().map(Option::is_none), expected, "{case}: {refused:?}");
        gate.open();
        service.rebuilt().await;
        assert_eq!(service.get(run_id(0), end(&log).await).await.unwrap().position.unwrap().sequence, tail, "{case}");
        assert_eq!(ask(&mut service).await.map(|refused| refused.is_none()), [true; 5], "{case}");
        service.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_for_a_rebuild_hears_of_it() {
    let (log, folder) = (log("waits"), tempfile::tempdir().unwrap());
    let old = grown(&log, 1).await;
    let config = ProjectorConfig::in_folder(folder.path().join("projections"));
    let blobs = BlobStore::open(folder.path()).unwrap();
    let opened = start_with(without("usage"), Arc::new(log.clone()), config.clone(), blobs.clone()).await.unwrap();
    drop(opened);
    let projector = start(Arc::new(log.clone()), config, blobs).await.unwrap();
    let mut routes = tonic::service::RoutesBuilder::default();
    // The driver does not run: the position stays at 0. Time is virtual, the ten seconds are not spent.
    let (_driver, _) = projector.into_parts(&mut routes);
    let mut client = wire::metadata_service_client::MetadataServiceClient::new(routes.routes());
    let request =
        wire::GetRunRequest { run_id: run_id(0).to_string(), at_least: end(&log).await, ..Default::default() };
    let status = client.get_run(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let words = status.message();
    assert!(
        words.contains(&format!("sequence {old}")) && words.contains("stand at 0") && words.contains("rebuilt"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_goes_on_where_it_was_left() {
    let (log, folder) = (log("goes on"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let old = grown(&log, 4).await;
    written(other_versions_of(&["costs"]), &log, folder).await;
    for up_to in [5, 9, 9, 20] {
        let (mut service, _gate) = rebuilding(ALL, &log, up_to, folder).await;
        assert_eq!(listed(&mut service).await.unwrap(), (4, old));
        assert_eq!(rebuild(&mut service).await.unwrap().folded, up_to);
        service.stop().await;
        assert_eq!(stores(folder), ["STATE", "STATE-1", "store", "store-1"]);
        let opened = store::open(&folder.join("projections"), 1 << 20, log.id()).unwrap();
        assert_eq!((engine::sequence_of(&opened.head), opened.rebuilt), (old, None));
        let (half, head) = opened.store.beside().unwrap();
        assert_eq!(engine::sequence_of(&head), up_to, "what was folded is not folded again");
        // Dropped, not closed.
        drop((half, opened.store));
    }
    written(ALL, &log, folder).await;
    assert!(rows(&log, folder) == fresh(&log).await);
}

/// What a kill between any two steps of the swap, or of a removal, leaves behind.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_kill_leaves_behind_is_put_in_order() {
    let (log, other_log) = (log("order"), log("another"));
    grown(&log, 2).await;
    grown(&other_log, 2).await;
    let strange = tempfile::tempdir().unwrap();
    written(ALL, &other_log, strange.path()).await;
    let strange = strange.path().join("projections");
    let begun = |projections: &'static [Registered], home: &Path| {
        let opened = store::open_for(home, 1 << 20, log.id(), projections).unwrap();
        let (half, _) = opened.store.beside().unwrap();
        (opened.store, half)
    };
    type Leave<'a> = Box<dyn Fn(&Path) + 'a>;
    // What is left; whether the old store still answers.
    let cases: Vec<(&str, bool, Leave<'_>)> = vec![
        ("a store that was just begun", true, Box::new(|home| drop(begun(ALL, home)))),
        (
            "a store without a head",
            true,
            Box::new(|home| {
                std::fs::create_dir(home.join("store-1")).unwrap();
                std::fs::copy(home.join("STATE"), home.join("STATE-1")).unwrap();
            }),
        ),
        (
            "a store without a mark",
            true,
            Box::new(|home| {
                drop(begun(ALL, home));
                std::fs::remove_file(home.join("STATE-1")).unwrap();
            }),
        ),
        (
            "a mark without a store",
            true,
            Box::new(|home| {
                std::fs::copy(home.join("STATE"), home.join("STATE-4")).unwrap();
            }),
        ),
        (
            "a store that is damaged",
            true,
            Box::new(|home| {
                drop(begun(ALL, home));
                std::fs::write(home.join("store-1/db"), vec![0xab; 8_192]).unwrap();
            }),
        ),
        ("a store for other versions", true, Box::new(|home| drop(begun(without("graph"), home)))),
        (
            "a store of another log",
            true,
            Box::new(|home| {
                let tree = home.join("store-1");
                std::fs::create_dir(&tree).unwrap();
                for entry in std::fs::read_dir(strange.join("store")).unwrap().map(Result::unwrap) {
                    match entry.path().is_dir() {
                        true => std::fs::create_dir(tree.join(entry.file_name())).unwrap(),
                        false => drop(std::fs::copy(entry.path(), tree.join(entry.file_name())).unwrap()),
                    }
                }
                std::fs::copy(strange.join("STATE"), home.join("STATE-1")).unwrap();
            }),
        ),
        (
            "half of a file that was to replace another",
            true,
            Box::new(|home| {
                std::fs::write(home.join("CURRENT.new"), "").unwrap();
            }),
        ),
        (
            "the new one answers, the old one is still there",
            false,
            Box::new(|home| {
                let (_old, new) = begun(ALL, home);
                new.answer().unwrap();
            }),
        ),
        (
            "the new one answers, half of the old one is still there",
            false,
            Box::new(|home| {
                let (old, new) = begun(ALL, home);
                new.answer().unwrap();
                drop((old, new));
                std::fs::remove_file(home.join("STATE")).unwrap();
                std::fs::remove_file(home.join("store/db")).unwrap();
            }),
        ),
    ];
    let expected = fresh(&log).await;
    for (case, old_answers, leave) in cases {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("projections");
        written(other_versions_of(&["operations"]), &log, folder.path()).await;
        leave(&home);
        let opened = store::open(&home, 1 << 20, log.id()).unwrap();
        assert_eq!((opened.store.is_ours(&opened.head), opened.rebuilt), (!old_answers, None), "{case}");
        drop(opened.store);
        written(ALL, &log, folder.path()).await;
        assert!(rows(&log, folder.path()) == expected, "{case}");
        assert_eq!(aside(folder.path()), 0, "{case}");
        let names = stores(folder.path());
        assert_eq!(names.iter().filter(|name| name.starts_with("store")).count(), 1, "{case}: {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_store_that_cannot_be_trusted_is_moved_aside_and_what_was_built_beside_it_answers() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil); 4] = [
        ("the machine stopped", |home| std::fs::write(home.join("STATE"), "open another-boot\n").unwrap()),
        ("its file is damaged", |home| std::fs::write(home.join("store/db"), vec![0xab; 8_192]).unwrap()),
        ("it is gone", |home| std::fs::remove_dir_all(home.join("store")).unwrap()),
        ("nobody knows which one answers", |home| std::fs::write(home.join("CURRENT"), "the second\n").unwrap()),
    ];
    for (case, spoil) in cases {
        let (log, folder) = (log("spoilt"), tempfile::tempdir().unwrap());
        let home = folder.path().join("projections");
        grown(&log, 2).await;
        written(other_versions_of(&["operations"]), &log, folder.path()).await;
        rebuilding(ALL, &log, 5, folder.path()).await.0.stop().await;
        spoil(&home);
        let opened = store::open(&home, 1 << 20, log.id()).unwrap();
        assert!(opened.store.is_ours(&opened.head), "{case}");
        let (built, moved) = match case {
            "it is gone" => (5, 0),
            "nobody knows which one answers" => (0, 2),
            _ => (5, 1),
        };
        assert_eq!((engine::sequence_of(&opened.head), aside(folder.path())), (built, moved), "{case}");
        assert_eq!(opened.rebuilt.is_some(), moved > 0, "{case}");
        drop(opened);
        written(ALL, &log, folder.path()).await;
        assert!(rows(&log, folder.path()) == fresh(&log).await, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_store_of_another_log_or_of_a_longer_one_is_refused_and_left_as_it_is() {
    let (first, folder) = (log("first"), tempfile::tempdir().unwrap());
    grown(&first, 1).await;
    let shorter = first.stored_frames();
    grown(&first, 2).await;
    written(other_versions_of(&["runs"]), &first, folder.path()).await;
    let config = ProjectorConfig::in_folder(folder.path().join("projections"));
    let blobs = BlobStore::open(folder.path()).unwrap();
    let error = start(Arc::new(log("second")), config.clone(), blobs.clone()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ForeignPosition);
    let whole = first.stored_frames();
    first.restore_frames(shorter);
    let error = start(Arc::new(first.clone()), config, blobs).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ForeignPosition);
    assert_eq!((stores(folder.path()), aside(folder.path())), (vec!["STATE".to_owned(), "store".to_owned()], 0));
    first.restore_frames(whole);
    written(ALL, &first, folder.path()).await;
    assert!(rows(&first, folder.path()) == fresh(&first).await);
}

/// A version that is taken back, in the middle of the rebuild and after it.
#[tokio::test(flavor = "multi_thread")]
async fn versions_go_back_and_forth() {
    let (log, folder) = (log("downgrade"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let later = other_versions_of(&["operations", "runs"]);
    let mut tail = grown(&log, 2).await;
    written(ALL, &log, folder).await;
    // The later version begins; the one before comes back and finds everything as it was.
    rebuilding(later, &log, 4, folder).await.0.stop().await;
    let mut service = Service::over(&log, folder).await;
    assert_eq!(rebuild(&mut service).await, None);
    assert_eq!((listed(&mut service).await.unwrap(), operations(&mut service, None).await.unwrap()), ((2, tail), 2));
    service.stop().await;
    assert_eq!(stores(folder), ["STATE", "store"]);
    // The later one rebuilds all of it, twice, with the one before in between.
    for (round, runs) in [(0, 3), (1, 4)] {
        tail = grown(&log, runs).await;
        written(later, &log, folder).await;
        let (mut service, gate) = rebuilding(ALL, &log, 4, folder).await;
        let refused = listed(&mut service).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "round {round}");
        gate.open();
        service.rebuilt().await;
        assert_eq!(operations(&mut service, end(&log).await).await.unwrap(), 2, "round {round}");
        assert_eq!(listed(&mut service).await.unwrap(), (runs as usize, tail), "round {round}");
        service.stop().await;
    }
    assert!(rows(&log, folder) == fresh(&log).await);
    assert_eq!(aside(folder), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_rebuilds_nobody_else_may_use_the_folder() {
    let (log, folder) = (log("owners"), tempfile::tempdir().unwrap());
    grown(&log, 2).await;
    written(without("usage"), &log, folder.path()).await;
    let (service, gate) = rebuilding(ALL, &log, 3, folder.path()).await;
    let config = ProjectorConfig::in_folder(folder.path().join("projections"));
    let second = || start(Arc::new(log.clone()), config.clone(), BlobStore::open(folder.path()).unwrap());
    assert_eq!(second().await.err().unwrap().kind(), ErrorKind::Locked);
    gate.open();
    service.rebuilt().await;
    assert_eq!(second().await.err().unwrap().kind(), ErrorKind::Locked, "also after the swap");
    service.stop().await;
    second().await.unwrap();
}
