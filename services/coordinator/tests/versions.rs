//! Versions over gRPC: drafts, runs of any version, also of those that only the log still has, and where files are kept.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use downbeat_coordinator::{Coordinator, error::Error};
use downbeat_domain::{Event, limits};
use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_proto::{
    control::v1::{
        self as control, control_service_client::ControlServiceClient, pipeline_service_client::PipelineServiceClient,
    },
    event::Decoded,
    events::v1 as events,
    record,
};
use downbeat_runtime::{grpc, shutdown::Shutdown};
use tokio::task::JoinHandle;
use tonic::{Code, Status, transport::Channel};

struct Service {
    channel: Channel,
    served: JoinHandle<Result<(), Error>>,
    shutdown: Shutdown,
}

impl Service {
    async fn over(log: &Arc<dyn EventLog>) -> Self {
        let listener = grpc::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let coordinator = Coordinator::take_over(Arc::clone(log), "test", None).await.unwrap();
        let shutdown = Shutdown::default();
        let served = tokio::spawn(coordinator.serve(listener, shutdown.signal()));
        let channel = grpc::Target::plain(&format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, served, shutdown }
    }

    async fn apply(&self, request: control::ApplyPipelineRequest) -> Result<control::ApplyPipelineResponse, Status> {
        let mut client = ControlServiceClient::new(self.channel.clone());
        client.apply_pipeline(request).await.map(tonic::Response::into_inner)
    }

    async fn start(&self, version: u32, key: &str) -> Result<control::StartRunResponse, Status> {
        let (pipeline, idempotency_key) = ("demo".to_owned(), key.to_owned());
        let request = control::StartRunRequest { pipeline, version, idempotency_key, ..Default::default() };
        ControlServiceClient::new(self.channel.clone()).start_run(request).await.map(tonic::Response::into_inner)
    }

    async fn set_storage(&self, storage: Option<events::PipelineStorage>) -> Result<bool, Status> {
        let request = control::SetPipelineStorageRequest { pipeline: "demo".to_owned(), storage, ..Default::default() };
        let answer = PipelineServiceClient::new(self.channel.clone()).set_pipeline_storage(request).await?;
        Ok(answer.into_inner().changed)
    }

    async fn end(self) {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
    }
}

fn memory() -> Arc<dyn EventLog> {
    Arc::new(MemoryLog::new(LogId("versions".to_owned())))
}

/// The pipeline `demo` with one task of this id.
fn version(task: &str, draft: bool) -> control::ApplyPipelineRequest {
    let job = "{integration: DOWNBEAT, integration_job: NOOP, parameters: {}}";
    control::ApplyPipelineRequest {
        alias: "demo".to_owned(),
        source: format!("version: v1\nname: Demo\npipeline:\n  {task}: {job}\n"),
        draft,
        ..Default::default()
    }
}

fn kept_at(provider: &str, repository: &str) -> events::PipelineStorage {
    events::PipelineStorage {
        provider: provider.to_owned(),
        repository: repository.to_owned(),
        default_branch: "main".to_owned(),
        working_branch: String::new(),
        yaml_path: "demo.yml".to_owned(),
    }
}

async fn facts(log: &Arc<dyn EventLog>) -> Vec<Event> {
    let mut facts = Vec::new();
    for entry in log.read(0, 1_000).await.unwrap() {
        for event in record::events(&record::decode(&entry.payload).unwrap()) {
            let Decoded::Known(event) = event.unwrap() else { panic!("an event of another version") };
            facts.push(event);
        }
    }
    facts
}

/// Versions in the order in which the log tells of them: `a` applied, `d` drafted, `r` read back, `c` a run of it.
async fn told(log: &Arc<dyn EventLog>) -> Vec<String> {
    let told = facts(log).await.into_iter().filter_map(|event| match event {
        Event::PipelineApplied(it) => Some(format!("a{}", it.version)),
        Event::PipelineDrafted(it) => Some(format!("d{}", it.version)),
        Event::PipelineRecalled(it) => Some(format!("r{}", it.version)),
        Event::RunCreated(it) => Some(format!("c{}", it.version)),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn a_draft_is_stored_and_started_by_its_number() {
    let log = memory();
    let service = Service::over(&log).await;
    let first = service.apply(version("a", true)).await.unwrap();
    assert_eq!((first.version, first.changed), (1, true));
    let refused = service.start(0, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("drafts only"), "{refused}");
    assert!(!service.start(1, "one").await.unwrap().existed);
    let published = service.apply(version("a", false)).await.unwrap();
    assert_eq!((published.version, published.changed), (2, true), "what a number stands for never changes");
    let again = service.apply(version("a", true)).await.unwrap();
    assert_eq!((again.version, again.changed), (2, false), "the current version has this text");
    let second = service.apply(version("b", true)).await.unwrap();
    assert_eq!((second.version, second.changed), (3, true));
    let again = service.apply(version("b", true)).await.unwrap();
    assert_eq!((again.version, again.changed), (3, false));
    service.start(0, "").await.unwrap();
    let unknown = service.start(4, "").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(unknown.message().contains("its versions are 1 to 3"), "{unknown}");
    assert_eq!(told(&log).await, ["d1", "c1", "a2", "d3", "c2"]);
    service.end().await;
}

#[tokio::test]
async fn a_version_that_only_the_log_has_is_read_back_before_its_run() {
    let log = memory();
    let service = Service::over(&log).await;
    service.apply(version("a", false)).await.unwrap();
    let last = limits::VERSIONS_BESIDE_MAX as u32 + 3;
    for number in 2..=last {
        service.apply(version(&format!("d{number}"), true)).await.unwrap();
    }
    service.start(2, "two").await.unwrap();
    // Asked again: from state, whatever the log would have to be read for.
    assert!(service.start(2, "two").await.unwrap().existed);
    service.end().await;
    let ends = |told: &[String]| told.iter().rev().take(2).rev().cloned().collect::<Vec<_>>();
    assert_eq!(ends(&told(&log).await), ["r2", "c2"]);

    // The next owner folds the log, and finds every plan before the run of it.
    let service = Service::over(&log).await;
    service.apply(version("z", false)).await.unwrap();
    service.start(1, "").await.unwrap();
    assert_eq!(ends(&told(&log).await), ["r1", "c1"]);
    let runs = facts(&log).await.into_iter().filter_map(|event| match event {
        Event::TaskReady { run, .. } => Some(run),
        _ => None,
    });
    assert_eq!(runs.count(), 2, "the tasks of both runs wait for a worker");
    service.end().await;
}

#[tokio::test]
async fn to_create_there_must_be_none() {
    let service = Service::over(&memory()).await;
    let create = |task| control::ApplyPipelineRequest { create: true, ..version(task, false) };
    service.apply(create("a")).await.unwrap();
    for task in ["a", "b"] {
        let refused = service.apply(create(task)).await.unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert!(refused.message().contains("there is a pipeline `demo` already"), "{refused}");
    }
    service.end().await;
}

#[tokio::test]
async fn where_the_file_is_kept_is_held_against_its_rules() {
    let log = memory();
    let service = Service::over(&log).await;
    assert_eq!(service.set_storage(Some(kept_at("GITHUB", "a/b"))).await.unwrap_err().code(), Code::NotFound);
    service.apply(version("a", false)).await.unwrap();
    assert!(service.set_storage(Some(kept_at("GITHUB", "acme/data"))).await.unwrap());
    assert!(!service.set_storage(Some(kept_at("GITHUB", "acme/data"))).await.unwrap());
    for (storage, words) in [
        (None, "storage: say where the file is kept"),
        (Some(kept_at("SVN", "acme/data")), "storage.provider: use one of ORCHESTRA, AZURE_DEVOPS, GITHUB"),
        (Some(kept_at("GITHUB", "https://ada:secret@git.acme.test/data")), "storage.repository"),
        (Some(events::PipelineStorage { yaml_path: "../x.yml".to_owned(), ..kept_at("GITHUB", "a/b") }), "yaml_path"),
        (Some(events::PipelineStorage { default_branch: "a..b".to_owned(), ..kept_at("GITHUB", "a/b") }), "branch"),
    ] {
        let refused = service.set_storage(storage).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().contains(words), "{refused}");
    }
    let origin = events::GitOrigin { branch: "main".to_owned(), commit: "abc".to_owned() };
    let refused = service.apply(control::ApplyPipelineRequest { origin: Some(origin), ..version("b", false) }).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    let origin = events::GitOrigin { branch: "main".to_owned(), commit: "0a".repeat(20) };
    let storage = Some(kept_at("GIT", "https://git.acme.test/data.git"));
    let moved = control::ApplyPipelineRequest { origin: Some(origin), storage, ..version("b", false) };
    assert!(service.apply(moved).await.unwrap().changed);
    // Only where it is kept differs now: no new version.
    let storage = Some(kept_at("GIT", "https://git.acme.test/other.git"));
    let answer = service.apply(control::ApplyPipelineRequest { storage, ..version("b", false) }).await.unwrap();
    assert_eq!((answer.version, answer.changed), (2, false));
    let stored: Vec<Event> = facts(&log).await;
    let places = stored.iter().filter(|event| matches!(event, Event::PipelineStorageSet { .. })).count();
    assert_eq!(places, 2);
    let with_origin = |event: &&Event| matches!(event, Event::PipelineApplied(it) if it.origin.is_some());
    assert_eq!(stored.iter().filter(with_origin).count(), 1);
    service.end().await;
}
