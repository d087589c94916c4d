//! Files that attempts left, as callers see them.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{RunId, TaskRunId};
use downbeat_proto::metadata::v1 as wire;
use downbeat_runtime::blob::{BlobKey, BlobStore, artifacts::Artifact};
use futures::StreamExt;
use support::{service::*, *};
use tonic::Code;
use uuid::Uuid;

/// Stores files as a worker does.
async fn store(blobs: &BlobStore, run: RunId, attempt: u32, files: &[(&str, &[u8])]) {
    let owner = (Uuid::from_bytes(run.0), Uuid::from_bytes(TaskRunId::derive(run, 0).0), attempt);
    let mut listed = Vec::new();
    for (name, data) in files {
        blobs.put(&BlobKey::task_artifact(owner.0, owner.1, owner.2, name), data.to_vec()).await.unwrap();
        listed.push(Artifact { name: (*name).to_owned(), bytes: data.len() as u64 });
    }
    blobs.list_artifacts_as(owner, &listed).await.unwrap();
}

#[tokio::test]
async fn files_are_listed_and_read_by_range_and_each_attempt_has_its_own() {
    let (log, folder, run) = (log("artifacts"), tempfile::tempdir().unwrap(), run_id(1));
    append(&log, vec![pipeline(2, 0), created(run, 0)]).await;
    let mut service = Service::over(&log, folder.path()).await;
    service.get(run, end(&log).await).await.unwrap();
    let list = |attempt| wire::ListTaskArtifactsRequest { run_id: run.to_string(), task: "t0".into(), attempt };
    let none = service.client.list_task_artifacts(list(0)).await.unwrap().into_inner();
    assert_eq!((none.artifacts, none.attempt), (Vec::new(), 0), "it has not begun");
    assert_eq!(service.client.list_task_artifacts(list(1)).await.unwrap_err().code(), Code::NotFound);

    append(&log, vec![ready(run, 0, 1), leased(attempt(run, 0, 1), 2), started(attempt(run, 0, 1), 3)]).await;
    let large = vec![7; 200_000];
    store(&service.blobs, run, 1, &[("a.json", b"0123456789"), ("empty", b""), ("large", &large)]).await;
    append(&log, vec![succeeded(attempt(run, 0, 1), 4)]).await;
    service.get(run, end(&log).await).await.unwrap();
    let found = service.client.list_task_artifacts(list(0)).await.unwrap().into_inner();
    let shown: Vec<_> = found.artifacts.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!((shown, found.attempt), (vec![("a.json", 10), ("empty", 0), ("large", 200_000)], 1));
    assert_eq!(service.client.list_task_artifacts(list(2)).await.unwrap_err().code(), Code::NotFound);

    let read = |name: &str, offset, length, last| wire::ReadTaskArtifactRequest {
        run_id: run.to_string(),
        task: "t0".into(),
        attempt: 0,
        name: name.into(),
        offset,
        length,
        last,
    };
    for (name, offset, length, last, expected, total) in [
        ("a.json", 0, 0, 0, "0123456789", 10),
        ("a.json", 3, 4, 0, "3456", 10),
        ("a.json", 8, 100, 0, "89", 10),
        ("a.json", 10, 0, 0, "", 10),
        ("a.json", 99, 1, 0, "", 10),
        ("a.json", 0, 0, 3, "789", 10),
        ("a.json", 0, 2, 3, "78", 10),
        ("a.json", 0, 0, 99, "0123456789", 10),
        ("empty", 0, 0, 0, "", 0),
    ] {
        let asked = service.client.read_task_artifact(read(name, offset, length, last)).await.unwrap().into_inner();
        let parts: Vec<_> = asked.map(Result::unwrap).collect().await;
        let text: Vec<u8> = parts.iter().flat_map(|part| part.data.to_vec()).collect();
        assert_eq!(String::from_utf8(text).unwrap(), expected, "{name} {offset} {length} {last}");
        assert!(!parts.is_empty() && parts.iter().all(|part| (part.total, part.attempt) == (total, 1)), "{parts:?}");
    }
    let whole = service.client.read_task_artifact(read("large", 0, 0, 0)).await.unwrap().into_inner();
    let parts: Vec<_> = whole.map(Result::unwrap).collect().await;
    assert_eq!(parts.iter().map(|part| part.data.len()).sum::<usize>(), large.len());
    assert!(parts.windows(2).all(|two| two[0].offset + two[0].data.len() as u64 == two[1].offset));

    for (name, code) in [
        ("other", Code::NotFound),
        // There as a blob, and no file of the list.
        ("index.json", Code::NotFound),
        ("../1/a.json", Code::InvalidArgument),
        ("..", Code::InvalidArgument),
        ("", Code::InvalidArgument),
        ("a\0", Code::InvalidArgument),
    ] {
        let refused = service.client.read_task_artifact(read(name, 0, 0, 0)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name:?}");
    }
    let both = service.client.read_task_artifact(read("a.json", 1, 0, 1)).await.unwrap_err();
    assert_eq!(both.code(), Code::InvalidArgument);
    service.stop().await;
}
