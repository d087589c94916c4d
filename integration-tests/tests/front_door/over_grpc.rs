//! gRPC through the gateway: the same keys, roles and labels as over HTTP, for every method that there is.

use std::time::Duration;

use downbeat_integration_tests::{cluster::Dev, http::Client, process::eventually};
use downbeat_proto::{
    DESCRIPTORS,
    control::v1::{
        ApplyPipelineRequest, CancelRunRequest, PausePipelineRequest, SetPipelineStorageRequest, StartRunRequest,
        control_service_client::ControlServiceClient, pipeline_service_client::PipelineServiceClient,
    },
    events::v1::PipelineStorage,
    metadata::v1::{
        GetRunRequest, ListPipelinesRequest, ListRunsRequest, WatchRunRequest,
        metadata_service_client::MetadataServiceClient,
    },
};
use prost_reflect::DescriptorPool;
use tonic::{Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};

use super::{BASE, apply, key, somebody};

const SOON: Duration = Duration::from_secs(60);
/// Beginnings of the names of methods that only read.
const READS: [&str; 10] = ["Get", "List", "Explain", "Preview", "Watch", "Read", "Find", "Diff", "Export", "Verify"];
/// What services say among themselves: nobody's through a gateway.
const INNER: [&str; 11] = [
    "BeginLogin",
    "CompleteLogin",
    "FireSchedules",
    "NoteKeyUses",
    "NoteToolCalls",
    "NoteTimeZones",
    "RefreshLogin",
    "ReportLineage",
    "RepositoryPushed",
    "TakeEvents",
    "WatchAccess",
];

/// Every method of the services: its path, its name, and whether it answers with several messages.
fn methods() -> Vec<(String, String, bool)> {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("our own descriptors");
    let ours = |package: &str| ["downbeat.control.v1", "downbeat.metadata.v1", "downbeat.worker.v1"].contains(&package);
    let services = pool.services().filter(|service| ours(service.package_name()));
    let methods = services.flat_map(|service| {
        let name = service.full_name().to_owned();
        let written = service.methods().map(move |method| {
            (format!("/{name}/{}", method.name()), method.name().to_owned(), method.is_server_streaming())
        });
        written.collect::<Vec<_>>()
    });
    methods.collect()
}

async fn channel(dev: &Dev) -> Channel {
    Channel::from_shared(dev.api.clone()).expect("a URL").connect().await.expect("the gateway speaks HTTP/2")
}

fn asked<T>(message: T, key: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(key) = key {
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().expect("a header"));
    }
    request
}

/// What a method says to an empty message.
async fn said(channel: &Channel, path: &str, streams: bool, key: Option<&str>) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("the connection is there");
    let path = PathAndQuery::try_from(path.to_owned()).expect("a path");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    if streams {
        let mut answers = client.server_streaming(asked((), key), path, codec).await?.into_inner();
        return answers.message().await.map(drop);
    }
    client.unary(asked((), key), path, codec).await.map(drop)
}

fn code(answer: &Result<(), Status>) -> Code {
    answer.as_ref().map_or_else(Status::code, |()| Code::Ok)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_needs_a_key_and_its_role() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let channel = channel(&dev).await;
    let viewer = key(&dev, "reads", &["--role", "viewer"]);
    let admin = key(&dev, "ada", &["--role", "admin"]);
    let labelled = key(&dev, "eu", &["--role", "admin", "--label", "eu"]);
    let mut seen = 0;
    for (path, name, streams) in methods() {
        let inner = INNER.contains(&name.as_str()) || path.contains("WorkerService");
        let nobody = code(&said(&channel, &path, streams, None).await);
        let wrong = code(&said(&channel, &path, streams, Some("downbeat_00000000_nothing")).await);
        let (reads, all) = (
            code(&said(&channel, &path, streams, Some(&viewer)).await),
            code(&said(&channel, &path, streams, Some(&admin)).await),
        );
        let some = code(&said(&channel, &path, streams, Some(&labelled)).await);
        if inner {
            // Whoever asks: there is no such method here.
            for seen in [nobody, wrong, reads, all, some] {
                assert_eq!(seen, Code::Unimplemented, "{path}");
            }
            continue;
        }
        seen += 1;
        assert_eq!((nobody, wrong), (Code::Unauthenticated, Code::Unauthenticated), "{path}");
        let may_read = READS.iter().any(|beginning| name.starts_with(beginning))
            && !["ListAudit", "ExportAudit", "ListKeys", "ListLogins", "PreviewBackfill"].contains(&name.as_str());
        if may_read {
            assert_ne!(reads, Code::PermissionDenied, "{path}");
        } else {
            assert_eq!(reads, Code::PermissionDenied, "{path}");
        }
        // An empty message is refused in words, or answered; nothing breaks.
        let fits = [Code::Ok, Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition, Code::OutOfRange];
        assert!(fits.contains(&all), "{path}: {all:?}");
        // An empty message names no pipeline: it is about everything, which a key with labels does not reach, or it names nothing.
        let narrow = [Code::PermissionDenied, Code::NotFound, Code::Ok, Code::InvalidArgument];
        assert!(narrow.contains(&some), "{path}: {some:?}");
        if !may_read {
            assert_ne!(some, Code::Ok, "{path}");
        }
    }
    assert!(seen > 70, "{seen} methods");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_started_watched_and_cancelled_with_labels_in_between() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let (eu, us) = (apply(&dev, folder.path(), "eu", "eu"), apply(&dev, folder.path(), "us", "us"));
    let operator = key(&dev, "operates_eu", &["--role", "operator", "--label", "eu"]);
    let (mut control, mut metadata) =
        (ControlServiceClient::new(channel(&dev).await), MetadataServiceClient::new(channel(&dev).await));

    let listed =
        metadata.list_pipelines(asked(ListPipelinesRequest::default(), Some(&operator))).await.expect("a list");
    let ids: Vec<String> = listed.into_inner().pipelines.into_iter().map(|pipeline| pipeline.id).collect();
    assert_eq!(ids, std::slice::from_ref(&eu), "what it does not see is not listed");
    let start = |pipeline: &str| StartRunRequest { pipeline: pipeline.to_owned(), ..Default::default() };
    let asking = control.clone();
    let started = |pipeline: &str| {
        let (mut control, request) = (asking.clone(), asked(start(pipeline), Some(&operator)));
        async move { control.start_run(request).await }
    };
    let run = started("eu").await.expect("it may").into_inner();
    let unseen = started(&us).await.expect_err("it may not even see it");
    let unknown = started("nothing").await.expect_err("there is none");
    assert_eq!((unseen.code(), unseen.message()), (unknown.code(), unknown.message()), "both in the same words");
    assert_eq!(unseen.code(), Code::NotFound);
    let pause = PausePipelineRequest { pipeline: us.clone(), ..Default::default() };
    assert_eq!(control.pause_pipeline(asked(pause, Some(&operator))).await.expect_err("no").code(), Code::NotFound);

    let at_least = run.position.clone();
    let get = GetRunRequest { run_id: run.run_id.clone(), at_least: at_least.clone(), ..Default::default() };
    let found = metadata.get_run(asked(get, Some(&operator))).await.expect("it may").into_inner();
    assert_eq!(found.run.expect("a run").pipeline_id, eu);
    let list = ListRunsRequest { pipeline: us.clone(), ..Default::default() };
    assert_eq!(metadata.list_runs(asked(list, Some(&operator))).await.expect_err("no").code(), Code::NotFound);
    let list = ListRunsRequest { at_least: at_least.clone(), ..Default::default() };
    let runs = metadata.list_runs(asked(list, Some(&operator))).await.expect("narrowed").into_inner().runs;
    assert_eq!(runs.len(), 1);

    // A stream goes on until the run has ended.
    let watch = WatchRunRequest { run_id: run.run_id.clone(), at_least };
    let mut changes = metadata.watch_run(asked(watch, Some(&operator))).await.expect("it may").into_inner();
    let first = changes.message().await.expect("a message").expect("one").run.expect("a run");
    assert_eq!(first.id, run.run_id);
    let cancel = CancelRunRequest { run_id: run.run_id.clone(), ..Default::default() };
    control.cancel_run(asked(cancel, Some(&operator))).await.expect("it may");
    let mut last = String::new();
    while let Some(change) = changes.message().await.expect("until the end") {
        last = change.run.map_or(last, |run| run.status);
    }
    assert_eq!(last, "CANCELLED");

    // Whoever asked stands in the audit; a stream ends with the key.
    let audit = dev.addresses.downbeat_ok(&["audit", "--json", "-n", "50"]);
    assert!(audit.contains("key:operates_eu"), "{audit}");
    let again = started("eu").await.expect("it may").into_inner();
    let watch = WatchRunRequest { run_id: again.run_id, at_least: again.position };
    let mut changes = metadata.watch_run(asked(watch, Some(&operator))).await.expect("it may").into_inner();
    changes.message().await.expect("a message");
    dev.addresses.downbeat_ok(&["key", "revoke", "operates_eu"]);
    let ended = loop {
        match changes.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the run goes on"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unauthenticated);
    eventually("nothing is opened any more", SOON, || {
        let answer = Client::with_key(&dev.api, &operator).get("/api/engine/public/pipelines");
        (answer.status == 401).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_beyond_a_pipeline_needs_more_than_the_pipeline() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let eu = apply(&dev, folder.path(), "eu", "eu");
    let editor = key(&dev, "edits_eu", &["--role", "editor", "--label", "eu"]);
    let operator = key(&dev, "operates_eu", &["--role", "operator", "--label", "eu"]);
    let admin = key(&dev, "ada", &["--role", "admin"]);
    let mut control = ControlServiceClient::new(channel(&dev).await);
    let mut pipelines = PipelineServiceClient::new(channel(&dev).await);

    // Where a file is kept decides what can be read of it: not a pipeline's own matter.
    let kept = |provider: &str| SetPipelineStorageRequest {
        pipeline: "eu".to_owned(),
        storage: Some(PipelineStorage {
            provider: provider.to_owned(),
            repository: if provider == "ORCHESTRA" { String::new() } else { "acme/finance".to_owned() },
            default_branch: if provider == "ORCHESTRA" { String::new() } else { "main".to_owned() },
            yaml_path: if provider == "ORCHESTRA" { String::new() } else { "salaries.yml".to_owned() },
            ..Default::default()
        }),
        ..Default::default()
    };
    let elsewhere = pipelines.set_pipeline_storage(asked(kept("GITHUB"), Some(&editor))).await;
    assert_eq!(elsewhere.expect_err("of the account").code(), Code::PermissionDenied);
    pipelines.set_pipeline_storage(asked(kept("ORCHESTRA"), Some(&editor))).await.expect("back to us");
    pipelines.set_pipeline_storage(asked(kept("GITHUB"), Some(&admin))).await.expect("of the account");

    // A text of one's own choice is a change of what runs.
    let start = |branch: &str, commit: &str| StartRunRequest {
        pipeline: "eu".to_owned(),
        branch: branch.to_owned(),
        commit: commit.to_owned(),
        ..Default::default()
    };
    for (branch, commit) in [("feature", ""), ("", "0123456789012345678901234567890123456789")] {
        let refused = control.start_run(asked(start(branch, commit), Some(&operator))).await.expect_err("not theirs");
        assert_eq!(refused.code(), Code::PermissionDenied, "{branch} {commit}");
        let body = serde_json::json!({"branch": branch, "commit": commit});
        let over_http =
            Client::with_key(&dev.api, &operator).ask("POST", &format!("{BASE}/pipelines/eu/start"), Some(&body));
        assert_eq!(over_http.status, 403, "{}", over_http.text());
    }

    // An id is no alias, however it is written.
    let source =
        "version: v1\nname: x\npipeline:\n  t: {integration: ORCHESTRA, integration_job: APPROVAL, parameters: {}}\n";
    let bare = eu.replace('-', "");
    let text =
        |alias: &str| ApplyPipelineRequest { alias: alias.to_owned(), source: source.to_owned(), ..Default::default() };
    let refused = control.apply_pipeline(asked(text(&bare), Some(&admin))).await.expect_err("no alias");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let applied = control.apply_pipeline(asked(text(&bare), Some(&editor))).await.expect("the pipeline that it names");
    assert_eq!(applied.into_inner().pipeline_id, eu);
}

#[test]
fn what_is_no_grpc_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let client = somebody(&dev, "ada", &["--role", "admin"]);
    let path = "/downbeat.metadata.v1.MetadataService/ListPipelines";
    let answer = client.ask("POST", path, Some(&serde_json::json!({})));
    assert_eq!(answer.status, 415, "{}", answer.text());
    // Frames that are cut off, longer than they may be, or compressed.
    for body in [&[0_u8, 0, 0, 0, 9, 1][..], &[0, 0xff, 0xff, 0xff, 0xff], &[1, 0, 0, 0, 0], &[7], b"no frame at all"] {
        let sent = client.send("POST", path, &[("content-type", "application/grpc"), ("te", "trailers")], body);
        let answer = sent.expect("an answer");
        let status = answer.header("grpc-status").map(str::to_owned);
        assert!(answer.status == 200 && status.as_deref().is_some_and(|status| status != "0"), "{body:?}: {answer:?}");
        assert_ne!(status.as_deref(), Some("2"), "{body:?}");
    }
}
