//! The service as its callers see it: gRPC on a free port over a log that grows.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{RunId, TaskRunId};
use downbeat_event_log::{EventLog, LogId, Restored};
use downbeat_metadata_projector::{ErrorKind, ProjectorConfig, start, store};
use downbeat_proto::metadata::v1::{self as wire, metadata_service_client::MetadataServiceClient};
use downbeat_runtime::{
    blob::{BlobKey, BlobStore},
    shutdown::Shutdown,
};
use futures::StreamExt;
use support::{service::*, *};
use tonic::Code;

#[tokio::test]
async fn a_caller_reads_its_writes_and_finds_runs_by_their_beginning() {
    let (log, folder) = (log("reads"), tempfile::tempdir().unwrap());
    let mut service = Service::over(&log, folder.path()).await;
    for events in runs(3) {
        append(&log, events).await;
    }
    let position = end(&log).await;
    let whole = service.get(run_id(1), position.clone()).await.unwrap();
    assert_eq!(whole.position, position);
    let run = whole.run.unwrap();
    assert_eq!((run.status.as_str(), run.pipeline_alias.as_str(), run.tasks), ("SUCCEEDED", "weather", 4));
    let shown: Vec<_> = whole.task_runs.iter().map(|task| (task.task_id.as_str(), task.status.as_str())).collect();
    assert_eq!(shown, [("t0", "SUCCEEDED"), ("t1", "SUCCEEDED"), ("t2", "SUCCEEDED"), ("t3", "SUCCEEDED")]);
    assert_eq!(
        (whole.task_runs[1].group_id.as_str(), whole.task_runs[1].depends_on.as_slice()),
        ("g0", &["t0".into()][..])
    );

    for (beginning, expected) in [
        (run_id(1).to_string()[..7].to_owned(), Ok(run_id(1).to_string())),
        (run_id(1).to_string()[..5].to_owned(), Err(Code::InvalidArgument)),
        ("ffffffff".to_owned(), Err(Code::NotFound)),
        ("not a run".to_owned(), Err(Code::InvalidArgument)),
    ] {
        let found = service.get(&beginning, None).await.map(|found| found.run.unwrap().id);
        assert_eq!(found, expected, "{beginning}");
    }
    let mut twin = run_id(1);
    twin.0[15] ^= 1;
    append(&log, vec![created(twin, 9)]).await;
    assert_eq!(service.get(&run_id(1).to_string()[..8], end(&log).await).await.unwrap_err(), Code::InvalidArgument);

    let foreign = wire::Position { log_id: "another".into(), ..position.unwrap() };
    assert_eq!(service.get(run_id(1), Some(foreign)).await.unwrap_err(), Code::FailedPrecondition);
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn at_least_ends_with_both_positions_when_nothing_comes() {
    let (log, folder) = (log("waits"), tempfile::tempdir().unwrap());
    append(&log, vec![pipeline(1, 0)]).await;
    let opened = start(
        Arc::new(log.clone()),
        ProjectorConfig::in_folder(folder.path().join("projections")),
        BlobStore::open(folder.path()).unwrap(),
    );
    let mut routes = tonic::service::RoutesBuilder::default();
    let (_driver, services) = opened.await.unwrap().into_parts(&mut routes);
    let expected = [
        "AnswerService",
        "AssetService",
        "CostService",
        "LineageService",
        "MetadataService",
        "ToolStateQueryService",
        "TrendService",
    ];
    assert_eq!(services, expected.map(|name| format!("downbeat.metadata.v1.{name}")));
    // The driver does not run: the position stays at 0. Time is virtual, the ten seconds are not spent.
    let mut client = MetadataServiceClient::new(routes.routes());
    let request =
        wire::GetRunRequest { run_id: run_id(1).to_string(), at_least: end(&log).await, ..Default::default() };
    let status = client.get_run(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("sequence 1") && status.message().contains("stand at 0"), "{status}");
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let (log, folder) = (log("lists"), tempfile::tempdir().unwrap());
    for events in runs(5) {
        append(&log, events).await;
    }
    let mut service = Service::over(&log, folder.path()).await;
    let at_least = end(&log).await;
    for pipeline in ["", "weather", &pipeline_id().to_string()] {
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let (pipeline, at_least) = (pipeline.to_owned(), at_least.clone());
            let request = wire::ListRunsRequest { pipeline, at_least, page_size: 2, page_token, ..Default::default() };
            let page = service.client.list_runs(request).await.unwrap().into_inner();
            assert!(page.runs.len() <= 2);
            listed.extend(page.runs.into_iter().map(|run| run.id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let expected: Vec<_> = (0..5).rev().map(|number| run_id(number).to_string()).collect();
        assert_eq!(listed, expected, "pipeline `{pipeline}`");
    }
    for (pipeline, page_size, page_token, code) in [
        ("nowhere", 0, "", Code::NotFound),
        ("", 1_001, "", Code::InvalidArgument),
        ("", 0, "zz", Code::InvalidArgument),
        ("", 0, "7000", Code::InvalidArgument),
    ] {
        let (pipeline, page_token) = (pipeline.into(), page_token.into());
        let request = wire::ListRunsRequest { pipeline, page_size, page_token, ..Default::default() };
        assert_eq!(service.client.list_runs(request).await.unwrap_err().code(), code);
    }
    let run_id = run_id(1).to_string();
    let request = wire::ListOperationsRequest { run_id: run_id.clone(), ..Default::default() };
    let operations = service.client.list_operations(request).await.unwrap().into_inner().operations;
    assert_eq!(operations.len(), 2);
    assert_eq!((operations[0].task_id.as_str(), operations[0].integration.as_str()), ("t0", "PYTHON"));
    let lineage = wire::GetRunLineageRequest { run_id, at_least: None };
    let lineage = service.client.get_run_lineage(lineage).await.unwrap().into_inner();
    assert_eq!((lineage.assets.len(), lineage.edges.len()), (2, 1));
    assert_eq!(lineage.assets[0].status, "UNHEALTHY");
    let assets = service.client.list_assets(wire::ListAssetsRequest::default()).await.unwrap().into_inner().assets;
    assert_eq!(assets.len(), 2);
    let pipelines = service.client.list_pipelines(wire::ListPipelinesRequest::default()).await.unwrap().into_inner();
    assert_eq!(pipelines.pipelines[0].alias, "weather");
    service.stop().await;
}

#[tokio::test]
async fn a_watcher_hears_of_what_changed_until_the_run_has_finished() {
    let (log, folder, run) = (log("watch"), tempfile::tempdir().unwrap(), run_id(1));
    append(&log, vec![pipeline(2, 0), created(run, 0)]).await;
    let mut service = Service::over(&log, folder.path()).await;
    let request = wire::WatchRunRequest { run_id: run.to_string(), at_least: end(&log).await };
    let mut stream = service.client.watch_run(request).await.unwrap().into_inner();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!((first.run.unwrap().status.as_str(), first.task_runs.len()), ("CREATED", 2));
    append(&log, vec![ready(run, 1, 1)]).await;
    let second = stream.next().await.unwrap().unwrap();
    let changed: Vec<_> = second.task_runs.iter().map(|task| (task.index, task.status.as_str())).collect();
    assert_eq!(changed, [(1, "QUEUED")]);
    append(&log, vec![finished(run, 2)]).await;
    let last = stream.next().await.unwrap().unwrap();
    assert_eq!((last.run.unwrap().status.as_str(), last.task_runs.len()), ("SUCCEEDED", 0));
    assert!(stream.next().await.is_none());
    service.stop().await;
}

async fn write_log(blobs: &BlobStore, run: RunId, text: &str) {
    let task_run = TaskRunId::derive(run, 0);
    let key = BlobKey::task_log(uuid::Uuid::from_bytes(run.0), uuid::Uuid::from_bytes(task_run.0), 1);
    let mut writer = blobs.append(&key).await.unwrap();
    writer.write(text.as_bytes()).await.unwrap();
    writer.flush().await.unwrap();
}

#[tokio::test]
async fn a_followed_log_goes_on_until_its_attempt_has_ended() {
    let (log, folder, run) = (log("logs"), tempfile::tempdir().unwrap(), run_id(1));
    append(&log, vec![pipeline(2, 0), created(run, 0)]).await;
    let mut service = Service::over(&log, folder.path()).await;
    service.get(run, end(&log).await).await.unwrap();
    let request = |task: &str, offset, follow| wire::ReadTaskLogRequest {
        run_id: run.to_string(),
        task: task.into(),
        attempt: 0,
        offset,
        follow,
        ..Default::default()
    };
    assert_eq!(service.client.read_task_log(request("t0", 0, false)).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(service.client.read_task_log(request("t9", 0, true)).await.unwrap_err().code(), Code::NotFound);
    let mut stream = service.client.read_task_log(request("T0", 0, true)).await.unwrap().into_inner();
    append(&log, vec![ready(run, 0, 1), leased(attempt(run, 0, 1), 2), started(attempt(run, 0, 1), 3)]).await;
    write_log(&service.blobs, run, "one\n").await;
    let part = stream.next().await.unwrap().unwrap();
    assert_eq!((part.data.as_ref(), part.offset, part.attempt), (&b"one\n"[..], 0, 1));
    write_log(&service.blobs, run, "two\n").await;
    append(&log, vec![succeeded(attempt(run, 0, 1), 4)]).await;
    let part = stream.next().await.unwrap().unwrap();
    assert_eq!((part.data.as_ref(), part.offset), (&b"two\n"[..], 4));
    assert!(stream.next().await.is_none());
    let by_id = TaskRunId::derive(run, 0).to_string();
    let parts: Vec<_> =
        service.client.read_task_log(request(&by_id, 2, false)).await.unwrap().into_inner().collect().await;
    assert_eq!(parts[0].as_ref().unwrap().data.as_ref(), b"e\ntwo\n");
    service.stop().await;
}

#[tokio::test]
async fn a_log_is_read_by_range_while_it_grows_and_when_whoever_wrote_it_is_gone() {
    let (log, folder, run) = (log("ranges"), tempfile::tempdir().unwrap(), run_id(1));
    let begun = vec![ready(run, 0, 1), leased(attempt(run, 0, 1), 2), started(attempt(run, 0, 1), 3)];
    append(&log, vec![pipeline(2, 0), created(run, 0)]).await;
    append(&log, begun).await;
    let mut service = Service::over(&log, folder.path()).await;
    service.get(run, end(&log).await).await.unwrap();
    let request = |offset, length, last, follow| wire::ReadTaskLogRequest {
        run_id: run.to_string(),
        task: "t0".into(),
        offset,
        length,
        last,
        follow,
        ..Default::default()
    };
    write_log(&service.blobs, run, "0123456789").await;
    // While the attempt runs.
    for (offset, length, last, expected) in [
        (0, 4, 0, "0123"),
        (3, 4, 0, "3456"),
        (8, 4, 0, "89"),
        (10, 4, 0, ""),
        (99, 0, 0, ""),
        (4, 0, 0, "456789"),
        (0, 0, 3, "789"),
        (0, 2, 3, "78"),
        (0, 0, 99, "0123456789"),
    ] {
        let asked = service.client.read_task_log(request(offset, length, last, false)).await.unwrap().into_inner();
        let parts: Vec<_> = asked.map(Result::unwrap).collect().await;
        let text: Vec<u8> = parts.iter().flat_map(|part| part.data.to_vec()).collect();
        assert_eq!(String::from_utf8(text).unwrap(), expected, "{offset} {length} {last}");
        assert!(parts.iter().all(|part| part.total == 10 && part.offset >= offset), "{parts:?}");
    }
    let both = service.client.read_task_log(request(1, 0, 1, false)).await.unwrap_err();
    assert_eq!(both.code(), Code::InvalidArgument);
    // From any point on, following; a range ends there whatever the attempt does.
    let mut rest = service.client.read_task_log(request(0, 0, 2, true)).await.unwrap().into_inner();
    let mut range = service.client.read_task_log(request(12, 3, 0, true)).await.unwrap().into_inner();
    assert_eq!(rest.next().await.unwrap().unwrap().data.as_ref(), b"89");
    write_log(&service.blobs, run, "abcdefgh").await;
    let part = range.next().await.unwrap().unwrap();
    assert_eq!((part.data.as_ref(), part.offset, part.total), (&b"cde"[..], 12, 18));
    assert!(range.next().await.is_none());
    assert_eq!(rest.next().await.unwrap().unwrap().data.as_ref(), b"abcdefgh");
    // Its worker was lost: what was written stays.
    append(&log, vec![lost(attempt(run, 0, 1), 4)]).await;
    assert!(rest.next().await.is_none());
    let mut asked = service.client.read_task_log(request(9, 4, 0, false)).await.unwrap().into_inner();
    assert_eq!(asked.next().await.unwrap().unwrap().data.as_ref(), b"9abc");
    service.stop().await;
}

#[tokio::test]
async fn another_log_or_a_shorter_one_is_refused() {
    let (first, folder) = (log("first"), tempfile::tempdir().unwrap());
    append(&first, vec![pipeline(1, 0)]).await;
    let shorter = first.stored_frames();
    append(&first, vec![created(run_id(1), 0)]).await;
    let mut service = Service::over(&first, folder.path()).await;
    service.get(run_id(1), end(&first).await).await.unwrap();
    service.stop().await;

    let config = ProjectorConfig::in_folder(folder.path().join("projections"));
    let blobs = BlobStore::open(folder.path()).unwrap();
    let error = start(Arc::new(log("second")), config.clone(), blobs.clone()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ForeignPosition);
    assert!(error.to_string().contains("first") && error.to_string().contains("second"), "{error}");
    first.restore_frames(shorter);
    let error = start(Arc::new(first), config, blobs).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ForeignPosition);
    assert!(error.to_string().contains("beyond its end"), "{error}");
}

/// It is long enough for the position, but another record stands there.
#[tokio::test]
async fn a_log_that_lost_its_end_and_went_on_is_refused() {
    let (log, folder) = (log("went on"), tempfile::tempdir().unwrap());
    append(&log, vec![pipeline(1, 0)]).await;
    let shorter = log.stored_frames();
    append(&log, vec![created(run_id(1), 0)]).await;
    let config = ProjectorConfig::in_folder(folder.path().join("projections"));
    let blobs = BlobStore::open(folder.path()).unwrap();
    let projector = start(Arc::new(log.clone()), config.clone(), blobs.clone()).await.unwrap();
    let mut progress = projector.published().progress();
    let (driver, _) = projector.into_parts(&mut tonic::service::RoutesBuilder::default());
    let shutdown = Shutdown::default();
    let driven = tokio::spawn(driver.run(shutdown.signal()));
    progress.wait_for(|progress| progress.sequence == 2).await.unwrap();
    shutdown.begin();
    driven.await.unwrap().unwrap();

    log.restore_frames(shorter);
    append(&log, vec![created(run_id(2), 0)]).await;
    append(&log, vec![created(run_id(3), 0)]).await;
    let error = start(Arc::new(log), config, blobs).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ForeignPosition, "{error}");
}

#[tokio::test]
async fn rows_are_kept_as_far_as_the_log_was_restored_and_made_again_where_they_went_further() {
    for (up_to, kept) in [(3, true), (2, false)] {
        let (before, folder) = (log("before"), tempfile::tempdir().unwrap());
        for events in [pipeline(1, 0), created(run_id(1), 0), created(run_id(2), 0)] {
            append(&before, vec![events]).await;
        }
        let mut service = Service::over(&before, folder.path()).await;
        let written = end(&before).await;
        service.get(run_id(2), written.clone()).await.unwrap();
        service.stop().await;

        let from = Restored { origin: before.id().clone(), up_to };
        let restored = log(&LogId::restored("after", &from).0);
        restored.restore_frames(before.stored_frames()[..up_to as usize].to_vec());
        append(&restored, vec![created(run_id(3), 0)]).await;
        let mut service = Service::over(&restored, folder.path()).await;
        let whole = service.get(run_id(3), end(&restored).await).await.unwrap();
        assert_eq!(whole.position.unwrap().log_id, restored.id().0);
        // Also for whoever knows only the log before; of what was lost, nobody waits for ever.
        assert_eq!(service.get(run_id(2), written).await.is_ok(), kept, "restored up to {up_to}");
        service.stop().await;
        let aside = store::aside::kept(&folder.path().join("projections"), "store").unwrap();
        assert_eq!(aside.is_empty(), kept, "restored up to {up_to}");
    }
}

#[tokio::test]
async fn a_damaged_store_is_moved_aside_and_rebuilt() {
    let (log, folder) = (log("damage"), tempfile::tempdir().unwrap());
    for events in runs(2) {
        append(&log, events).await;
    }
    let projections = folder.path().join("projections");
    for round in 0..4 {
        let mut service = Service::over(&log, folder.path()).await;
        let found = service.get(run_id(1), end(&log).await).await.unwrap();
        assert_eq!(found.run.unwrap().status, "SUCCEEDED", "round {round}");
        service.stop().await;
        let kept = store::aside::kept(&projections, "store").unwrap();
        assert_eq!(kept.len(), round.min(2), "at most two are kept");
        std::fs::write(projections.join("store/db"), vec![0xab; 8_192]).unwrap();
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let (log, folder) = (log("lock"), tempfile::tempdir().unwrap());
    let service = Service::over(&log, folder.path()).await;
    let config = ProjectorConfig::in_folder(folder.path().join("projections"));
    let error = start(Arc::new(log), config, BlobStore::open(folder.path()).unwrap()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
    service.stop().await;
}
