//! Versions as callers see them: drafts beside the current one, texts with their origin, runs of any version, where files are kept.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{
    Event, GitOrigin, PipelineApplied, PipelineStorage, RunCreated, StorageProvider,
    plan::{Plan, PlanTask},
};
use downbeat_proto::{events::v1 as events, metadata::v1 as wire};
use support::{service::*, *};
use tonic::Code;

fn commit(number: u32) -> String {
    format!("{number:02x}").repeat(20)
}

/// As many tasks as its number says.
fn version(number: u32) -> Box<PipelineApplied> {
    let Event::PipelineApplied(first) = pipeline(0, 0) else { unreachable!() };
    let task = |place: u32| PlanTask { id: format!("v{number}t{place}"), ..PlanTask::default() };
    Box::new(PipelineApplied {
        version: number,
        name: format!("Weather {number}"),
        source: format!("version: v1 # {number}"),
        plan: Plan { tasks: (0..number).map(task).collect(), ..Plan::default() },
        origin: Some(GitOrigin { branch: "main".into(), commit: commit(number) }),
        ..*first
    })
}

fn run_of(number: u32, version: u32) -> Event {
    let Event::RunCreated(created) = created(run_id(number), i64::from(number)) else { unreachable!() };
    Event::RunCreated(Box::new(RunCreated { version, ..*created }))
}

fn storage() -> PipelineStorage {
    PipelineStorage {
        provider: StorageProvider::Github,
        repository: "acme/data".into(),
        default_branch: "main".into(),
        working_branch: String::new(),
        yaml_path: "weather.yml".into(),
    }
}

async fn row(service: &mut Service) -> wire::Pipeline {
    let request = wire::ListPipelinesRequest { at_least: None, ..Default::default() };
    service.client.list_pipelines(request).await.unwrap().into_inner().pipelines.remove(0)
}

async fn source(service: &mut Service, version: u32) -> Result<wire::GetPipelineSourceResponse, Code> {
    let request = wire::GetPipelineSourceRequest { pipeline: "weather".into(), version, at_least: None };
    let answer = service.client.get_pipeline_source(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| status.code())
}

#[tokio::test]
async fn drafts_stand_beside_the_current_version() {
    let (log, folder) = (log("versions"), tempfile::tempdir().unwrap());
    let mut service = Service::over(&log, folder.path()).await;
    let told = async |service: &mut Service, event: Event| {
        append(&log, vec![event]).await;
        let request =
            wire::GetRunRequest { run_id: run_id(99).to_string(), at_least: end(&log).await, ..Default::default() };
        // There is no such run; the answer waits until the projections are there.
        assert_eq!(service.client.get_run(request).await.unwrap_err().code(), Code::NotFound);
        row(service).await
    };
    // Drafts only: the newest one says what it is called.
    let shown = told(&mut service, Event::PipelineDrafted(version(1))).await;
    assert_eq!((shown.version, shown.latest_version, shown.name.as_str(), shown.tasks), (0, 1, "Weather 1", 1));
    let shown = told(&mut service, Event::PipelineDrafted(version(2))).await;
    assert_eq!((shown.version, shown.latest_version, shown.name.as_str(), shown.tasks), (0, 2, "Weather 2", 2));
    assert_eq!(source(&mut service, 0).await.unwrap().version, 2);
    // One is applied, another draft follows: the row stays that of the current version.
    told(&mut service, Event::PipelineApplied(version(3))).await;
    let shown = told(&mut service, Event::PipelineDrafted(version(4))).await;
    assert_eq!((shown.version, shown.latest_version, shown.name.as_str(), shown.tasks), (3, 4, "Weather 3", 3));
    let found = source(&mut service, 0).await.unwrap();
    assert_eq!((found.version, found.source.as_str()), (3, "version: v1 # 3"));
    let found = source(&mut service, 4).await.unwrap();
    let origin = Some(events::GitOrigin { branch: "main".into(), commit: commit(4) });
    assert_eq!((found.version, found.source.as_str(), found.origin), (4, "version: v1 # 4", origin));
    assert_eq!(source(&mut service, 5).await.unwrap_err(), Code::NotFound);
    // What is read back changes nothing that is shown.
    let before = row(&mut service).await;
    assert_eq!(told(&mut service, Event::PipelineRecalled(version(1))).await, before);

    let kept = Event::PipelineStorageSet { pipeline: pipeline_id(), storage: storage(), at: at(9) };
    let shown = told(&mut service, kept).await;
    assert_eq!(shown.storage.as_ref().unwrap().repository, "acme/data");
    let shown = told(&mut service, Event::PipelineApplied(version(5))).await;
    assert_eq!((shown.version, shown.latest_version, shown.storage.is_some()), (5, 5, true));
    service.stop().await;
}

#[tokio::test]
async fn every_version_is_listed_with_who_stored_it_and_when() {
    let (log, folder) = (log("all versions"), tempfile::tempdir().unwrap());
    for (number, draft) in [(1, true), (2, false), (3, true), (4, false), (5, true)] {
        let event =
            if draft { Event::PipelineDrafted(version(number)) } else { Event::PipelineApplied(version(number)) };
        append(&log, vec![event]).await;
    }
    let mut service = Service::over(&log, folder.path()).await;
    let at_least = end(&log).await;
    let mut asked = wire::ListPipelineVersionsRequest { pipeline: "weather".into(), at_least, ..Default::default() };
    let mut list = async |asked: &wire::ListPipelineVersionsRequest| {
        service.client.list_pipeline_versions(asked.clone()).await.map(tonic::Response::into_inner)
    };
    let whole = list(&asked).await.unwrap();
    let shown: Vec<_> = whole.versions.iter().map(|row| (row.version, row.draft, row.current)).collect();
    assert_eq!(shown, [(5, true, false), (4, false, true), (3, true, false), (2, false, false), (1, true, false)]);
    for row in &whole.versions {
        assert!(row.created_at > 0 && !row.created_by.is_empty(), "{row:?}");
        assert_eq!((row.name.clone(), row.tasks), (format!("Weather {}", row.version), row.version));
        assert_eq!(row.origin.as_ref().unwrap().commit, commit(row.version));
    }
    assert!(whole.next_page_token.is_empty());
    // Page by page, by its id, the same.
    (asked.pipeline, asked.page_size) = (pipeline_id().to_string(), 2);
    let (mut rows, mut pages) = (Vec::new(), 0);
    loop {
        let page = list(&asked).await.unwrap();
        rows.extend(page.versions);
        pages += 1;
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
    }
    assert_eq!((rows, pages), (whole.versions, 3));
    for (pipeline, size, token, code) in [
        ("nobody", 0, "", Code::NotFound),
        ("weather", 1001, "", Code::InvalidArgument),
        ("weather", 0, "zz", Code::InvalidArgument),
        ("weather", 0, "70", Code::InvalidArgument),
    ] {
        asked = wire::ListPipelineVersionsRequest {
            pipeline: pipeline.into(),
            page_size: size,
            page_token: token.into(),
            at_least: None,
        };
        assert_eq!(list(&asked).await.unwrap_err().code(), code, "{pipeline} {size} {token}");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_run_has_the_name_the_tasks_and_the_origin_of_its_version() {
    let (log, folder) = (log("runs of versions"), tempfile::tempdir().unwrap());
    append(&log, vec![Event::PipelineApplied(version(2))]).await;
    append(&log, vec![Event::PipelineDrafted(version(3))]).await;
    append(&log, vec![run_of(1, 2), ready(run_id(1), 1, 2)]).await;
    append(&log, vec![run_of(2, 3), ready(run_id(2), 2, 2)]).await;
    let mut service = Service::over(&log, folder.path()).await;
    let position = end(&log).await;
    for (run, version) in [(1, 2), (2, 3)] {
        let found = service.get(run_id(run), position.clone()).await.unwrap();
        let row = found.run.unwrap();
        assert_eq!((row.pipeline_version, row.tasks), (version, version));
        assert_eq!(row.pipeline_name, format!("Weather {version}"));
        assert_eq!(row.origin.unwrap().commit, commit(version));
        let tasks: Vec<String> = found.task_runs.into_iter().map(|task| task.task_id).collect();
        assert_eq!(tasks, (0..version).map(|place| format!("v{version}t{place}")).collect::<Vec<_>>());
    }
    // As it was, read from the log: the record of the draft is found.
    let request = wire::GetRunRequest { run_id: run_id(2).to_string(), at_sequence: 4, ..Default::default() };
    let then = service.client.get_run(request).await.unwrap().into_inner();
    assert_eq!(then.task_runs.len(), 3);
    assert_eq!((then.task_runs[2].task_id.as_str(), then.task_runs[2].status.as_str()), ("v3t2", "QUEUED"));
    service.stop().await;
}

#[tokio::test]
async fn a_draft_brings_back_what_was_deleted_without_a_current_version() {
    let (log, folder) = (log("brought back"), tempfile::tempdir().unwrap());
    append(&log, vec![Event::PipelineApplied(version(1))]).await;
    append(&log, vec![Event::PipelineDeleted { pipeline: pipeline_id(), at: at(2) }]).await;
    append(&log, vec![Event::PipelineDrafted(version(2)), run_of(1, 2)]).await;
    let mut service = Service::over(&log, folder.path()).await;
    service.get(run_id(1), end(&log).await).await.unwrap();
    let shown = row(&mut service).await;
    assert_eq!((shown.version, shown.latest_version, shown.deleted), (0, 2, false));
    service.stop().await;
}

#[tokio::test]
async fn a_pipeline_is_listed_with_its_owners_and_tags() {
    let (log, folder) = (log("owners"), tempfile::tempdir().unwrap());
    let text = |tags: &str| {
        format!(
            "version: v1\nname: Weather\npipeline:\n  a: {{integration: HTTP, tags: [{tags}]}}\n  g:\n    tasks:\n      b: {{integration: HTTP, tags: [nightly, core]}}\n      c: {{tags: none, x: 1}}\n  wrong: 7\n"
        )
    };
    let of = |number: u32, owner: &str, tags: &str| {
        let task = |owner: &str| PlanTask { id: owner.into(), owner: owner.into(), ..PlanTask::default() };
        let plan = Plan {
            owner: owner.into(),
            labels: vec!["eu".into()],
            tasks: vec![task("ops"), task(""), task("data"), task("ops")],
            ..Plan::default()
        };
        Box::new(PipelineApplied { plan, source: text(tags), ..*version(number) })
    };
    append(&log, vec![Event::PipelineDrafted(of(1, "bob", ""))]).await;
    let mut service = Service::over(&log, folder.path()).await;
    service.get(run_id(1), end(&log).await).await.unwrap_err();
    let shown = row(&mut service).await;
    // Labels decide who sees it, and count once it is applied; who owns it is told before.
    assert_eq!(
        (shown.owner.as_str(), shown.labels.len(), shown.tags),
        ("bob", 0, vec!["core".into(), "nightly".into()])
    );

    append(&log, vec![Event::PipelineApplied(of(2, "ada", "nightly, '12'"))]).await;
    append(&log, vec![Event::PipelineDrafted(of(3, "eve", "later"))]).await;
    service.get(run_id(1), end(&log).await).await.unwrap_err();
    let shown = row(&mut service).await;
    assert_eq!(
        (shown.owner.as_str(), shown.task_owners, shown.labels),
        ("ada", vec!["data".into(), "ops".into()], vec!["eu".into()])
    );
    assert_eq!(shown.tags, ["12", "core", "nightly"]);

    // Many are cut, so that a list stays a list.
    let many = (0..200).map(|number| format!("t{number}")).collect::<Vec<_>>().join(", ");
    append(&log, vec![Event::PipelineApplied(of(4, "", &many))]).await;
    service.get(run_id(1), end(&log).await).await.unwrap_err();
    let shown = row(&mut service).await;
    assert_eq!((shown.owner.as_str(), shown.tags.len()), ("", 100));
    service.stop().await;
}
