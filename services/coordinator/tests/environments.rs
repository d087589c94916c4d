//! Environments, and what tools remember, over gRPC: what is set is listed, in the log, and read by runs; what is wrong is said.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{CommandKind, Event, limits};
use downbeat_event_log::EventLog;
use downbeat_proto::{
    control::v1::{
        self as control, environment_service_client::EnvironmentServiceClient,
        tool_state_service_client::ToolStateServiceClient,
    },
    event::Decoded,
    record,
};
use support::{Service, memory};
use tonic::{Code, transport::Channel};

fn environments(service: &Service) -> EnvironmentServiceClient<Channel> {
    EnvironmentServiceClient::new(service.channel.clone())
}

fn tools(service: &Service) -> ToolStateServiceClient<Channel> {
    ToolStateServiceClient::new(service.channel.clone())
}

fn value(kind: &str, value: &str) -> control::EnvironmentValue {
    control::EnvironmentValue { r#type: kind.to_owned(), value: value.to_owned() }
}

fn set(name: &str) -> control::SetEnvironmentRequest {
    let values = [("REGION", value("string", "\"eu\"")), ("LIMIT", value("int", "7"))];
    control::SetEnvironmentRequest {
        name: name.to_owned(),
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        actor: "ada".to_owned(),
        ..Default::default()
    }
}

fn remove(environment: &str) -> control::RemoveEnvironmentRequest {
    control::RemoveEnvironmentRequest { environment: environment.to_owned(), ..Default::default() }
}

async fn events(log: &dyn EventLog) -> Vec<Event> {
    let entries = log.read(0, 1_000).await.unwrap();
    let records = entries.iter().map(|entry| record::decode(&entry.payload).unwrap());
    let events = records.flat_map(|record| record::events(&record).map(Result::unwrap).collect::<Vec<_>>());
    events.map(|event| if let Decoded::Known(event) = event { event } else { panic!("{event:?}") }).collect()
}

async fn listed(service: &Service) -> Vec<control::Environment> {
    let answer = environments(service).list_environments(control::ListEnvironmentsRequest {}).await;
    answer.unwrap().into_inner().environments
}

#[tokio::test]
async fn environments_are_made_changed_listed_and_removed() {
    let service = Service::over(Arc::new(memory())).await;
    let mut client = environments(&service);
    let made = client.set_environment(set("Live")).await.unwrap().into_inner();
    assert!(made.changed && made.position.is_some());
    let live = made.environment.unwrap();
    assert_eq!((live.name.as_str(), live.is_default, live.values.clone()), ("Live", true, set("").values));
    assert_eq!(&live.id[14..15], "4", "a UUID of version 4: {}", live.id);
    assert!(live.created_at > 0 && live.created_at == live.updated_at);

    let test =
        client.set_environment(control::SetEnvironmentRequest { idempotency_key: "k".to_owned(), ..set("Test") });
    let test = test.await.unwrap().into_inner().environment.unwrap();
    let again =
        client.set_environment(control::SetEnvironmentRequest { idempotency_key: "k".to_owned(), ..set("Test") });
    let again = again.await.unwrap().into_inner();
    assert_eq!((again.changed, again.environment.unwrap()), (false, test.clone()), "the same key is the same command");

    let change = control::SetEnvironmentRequest {
        environment: "Test".to_owned(),
        values: BTreeMap::from([("DRY".to_owned(), value("bool", "true"))]),
        is_default: Some(true),
        ..set("Tests")
    };
    let changed = client.set_environment(change).await.unwrap().into_inner().environment.unwrap();
    assert_eq!((changed.id.as_str(), changed.name.as_str(), changed.is_default), (test.id.as_str(), "Tests", true));
    assert_eq!(changed.values.keys().collect::<Vec<_>>(), ["DRY"], "what is not named is gone");
    let names: Vec<_> = listed(&service).await.into_iter().map(|it| (it.name, it.is_default)).collect();
    assert_eq!(names, [("Live".to_owned(), false), ("Tests".to_owned(), true)]);

    let status = client.remove_environment(remove("Tests")).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    client.remove_environment(remove(&live.id)).await.unwrap();
    client.remove_environment(remove("Tests")).await.unwrap();
    assert!(listed(&service).await.is_empty());
    service.end().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_recorded_before_it_is_answered() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    let mut client = environments(&service);
    client.set_environment(set("Live")).await.unwrap();
    let with = |name: &str, given: control::EnvironmentValue| control::SetEnvironmentRequest {
        values: BTreeMap::from([(name.to_owned(), given)]),
        ..set("Other")
    };
    let many = (0..=limits::VARIABLES_PER_ENVIRONMENT_MAX).map(|place| (format!("V{place}"), value("bool", "true")));
    for (request, code, words) in [
        (set(""), Code::InvalidArgument, "name: 1 to 100 characters"),
        (set("Live"), Code::InvalidArgument, "is called `Live` already"),
        (with("A", value("text", "1")), Code::InvalidArgument, "value `A`: its type is one of string, int, bool"),
        (with("A", value("int", "x")), Code::InvalidArgument, "value `A`: it is no JSON"),
        (with("A", value("int", "\"7\"")), Code::InvalidArgument, "variable `A`: a value of type int is"),
        (with("1A", value("int", "7")), Code::InvalidArgument, "variable `1A`: a name takes"),
        (
            control::SetEnvironmentRequest { values: many.collect(), ..set("Other") },
            Code::InvalidArgument,
            "at most 500 are allowed",
        ),
        (
            control::SetEnvironmentRequest { environment: "Gone".to_owned(), ..set("Gone") },
            Code::NotFound,
            "there is no environment `Gone`; there are: Live",
        ),
        (
            control::SetEnvironmentRequest { idempotency_key: "k".repeat(256), ..set("Other") },
            Code::InvalidArgument,
            "idempotency_key",
        ),
    ] {
        let status = client.set_environment(request).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(words), "{}", status.message());
    }
    assert_eq!(client.remove_environment(remove("Gone")).await.unwrap_err().code(), Code::NotFound);
    let refused: Vec<CommandKind> = events(&log)
        .await
        .into_iter()
        .filter_map(|event| if let Event::CommandRejected(rejected) = event { Some(rejected.command) } else { None })
        .collect();
    assert!(refused.contains(&CommandKind::SetEnvironment) && refused.contains(&CommandKind::RemoveEnvironment));
    service.end().await;
}

#[tokio::test]
async fn a_run_reads_its_environment_and_a_new_coordinator_knows_them_all() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    environments(&service).set_environment(set("Live")).await.unwrap();
    let source =
        "version: v1\nname: Demo\npipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n";
    let apply = control::ApplyPipelineRequest {
        alias: "demo".to_owned(),
        source: source.to_owned(),
        file_name: "demo.yml".to_owned(),
        ..Default::default()
    };
    service.control().apply_pipeline(apply).await.unwrap();
    let start = control::StartRunRequest {
        pipeline: "demo".to_owned(),
        environment_variables: "{\"LIMIT\": 8}".to_owned(),
        ..Default::default()
    };
    service.control().start_run(start.clone()).await.unwrap();
    let gone = control::StartRunRequest { environment: "Gone".to_owned(), ..start };
    let status = service.control().start_run(gone).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "there is no environment `Gone`; there are: Live"));
    let before = listed(&service).await;
    service.end().await;

    let created = events(&log).await.into_iter().find_map(|event| match event {
        Event::RunCreated(created) => Some((created.environment_name, serde_json::Value::Object(created.environment))),
        _ => None,
    });
    assert_eq!(created.unwrap(), ("Live".to_owned(), serde_json::json!({"REGION": "eu", "LIMIT": 8})));
    let next = Service::over(Arc::new(log)).await;
    assert_eq!(listed(&next).await, before);
    next.end().await;
}

fn keep(entries: BTreeMap<String, String>) -> control::KeepToolStateRequest {
    control::KeepToolStateRequest {
        integration: "DBT_CORE".to_owned(),
        entries,
        idempotency_key: "run-1".to_owned(),
        actor: "ada".to_owned(),
    }
}

fn entry(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

#[tokio::test]
async fn what_a_tool_remembers_is_recorded_in_pieces_and_once_per_key() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    let mut client = tools(&service);
    let large: BTreeMap<String, String> =
        (0..40).map(|place| (format!("model.{place}"), format!("\"{}\"", "x".repeat(60_000)))).collect();
    for _ in 0..2 {
        assert!(client.keep_tool_state(keep(large.clone())).await.unwrap().into_inner().position.is_some());
    }
    let mut kept = BTreeMap::new();
    let mut pieces = 0;
    for event in events(&log).await {
        if let Event::ToolStateKept(piece) = event {
            assert_eq!(piece.integration, "DBT_CORE");
            kept.extend(piece.entries);
            pieces += 1;
        }
    }
    assert_eq!(kept, large);
    assert!((9..=11).contains(&pieces), "2.4 MB by 256 KiB, and nothing twice: {pieces}");
    service.end().await;
}

#[tokio::test]
async fn of_a_call_with_a_fault_nothing_is_recorded() {
    let log = memory();
    let service = Service::over(Arc::new(log.clone())).await;
    let mut client = tools(&service);
    let many = (0..=limits::TOOL_STATE_ENTRIES_MAX).map(|place| (place.to_string(), "1".to_owned())).collect();
    let large = (0..60).map(|place| (place.to_string(), format!("\"{}\"", "x".repeat(60_000)))).collect();
    let mut half = entry("a", "{}");
    half.extend(entry("b", "{"));
    for (request, words) in [
        (
            control::KeepToolStateRequest { integration: "dbt".to_owned(), ..keep(entry("a", "{}")) },
            "integration: 1 to 100",
        ),
        (keep(BTreeMap::new()), "entries: there are none"),
        (keep(many), "at most 10000 are allowed"),
        (keep(large), "at most 3145728 are allowed in one call"),
        (keep(half), "the value of `b` is no JSON"),
        (keep(entry(&"k".repeat(1_001), "{}")), "1 to 1000 are allowed"),
    ] {
        let status = client.keep_tool_state(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(words), "{}", status.message());
    }
    assert!(!events(&log).await.iter().any(|event| matches!(event, Event::ToolStateKept(_))));
    service.end().await;
}
