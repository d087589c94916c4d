//! What tools remember, as they ask for it: over real gRPC, from a log that grows.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::collections::BTreeMap;

use downbeat_domain::{Event, tool_state::ToolStateKept};
use downbeat_proto::metadata::v1 as wire;
use support::{service::*, *};
use tonic::Code;

fn kept(integration: &str, entries: &[(&str, &str)]) -> Event {
    let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Event::ToolStateKept(Box::new(ToolStateKept { integration: integration.into(), entries, at: at(1) }))
}

fn asked(integration: &str, page_size: u32) -> wire::ListToolStateRequest {
    wire::ListToolStateRequest { integration: integration.into(), page_size, ..Default::default() }
}

/// Everything, page by page, with the sizes of the pages.
async fn all(
    service: &Service,
    at_least: Option<wire::Position>,
    mut request: wire::ListToolStateRequest,
) -> (BTreeMap<String, String>, Vec<usize>) {
    let (mut entries, mut sizes) = (BTreeMap::new(), Vec::new());
    request.at_least = at_least;
    loop {
        let page = service.tool_state.clone().list_tool_state(request.clone()).await.unwrap().into_inner();
        assert!(page.position.is_some());
        sizes.push(page.entries.len());
        entries.extend(page.entries.into_iter().map(|entry| (entry.key, entry.value)));
        if page.next_page_token.is_empty() {
            return (entries, sizes);
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn the_newest_value_of_each_key_is_listed_in_pages() {
    let (log, folder) = (log("tools"), tempfile::tempdir().unwrap());
    let service = Service::over(&log, folder.path()).await;
    let quoted = "7.\"db\".\"s\".\"t\"";
    append(&log, vec![kept("DBT_CORE", &[("a", "1"), ("b", "{}"), (quoted, "[]")])]).await;
    append(&log, vec![kept("DBT", &[("a", "\"of another tool\"")])]).await;
    append(&log, vec![kept("DBT_CORE", &[("a", "{\"checksum\": \"x\"}"), ("z", "null")])]).await;
    let (entries, sizes) = all(&service, end(&log).await, asked("DBT_CORE", 3)).await;
    let expected = [(quoted, "[]"), ("a", "{\"checksum\": \"x\"}"), ("b", "{}"), ("z", "null")];
    assert_eq!(entries, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(sizes, [3, 1]);
    assert_eq!(all(&service, None, asked("DBT_CORE", 0)).await.1, [4], "pages are as large as they may be");
    assert_eq!(all(&service, None, asked("NOTHING", 0)).await.1, [0]);
    service.stop().await;

    // Killed or not: the same rows, and from the log alone the same again.
    for folder in [folder, tempfile::tempdir().unwrap()] {
        let service = Service::over(&log, folder.path()).await;
        assert_eq!(all(&service, end(&log).await, asked("DBT_CORE", 3)).await.0, entries);
        service.stop().await;
    }
}

#[tokio::test]
async fn a_large_memory_comes_in_pages_that_fit_into_a_message() {
    let (log, folder) = (log("large-tools"), tempfile::tempdir().unwrap());
    let service = Service::over(&log, folder.path()).await;
    let value = format!("\"{}\"", "x".repeat(60_000));
    for piece in 0..20 {
        let keys: Vec<String> = (0..4).map(|place| format!("model.{piece:02}.{place}")).collect();
        let entries: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), value.as_str())).collect();
        append(&log, vec![kept("DBT_CORE", &entries)]).await;
    }
    let (entries, sizes) = all(&service, end(&log).await, asked("DBT_CORE", 0)).await;
    assert_eq!(entries.len(), 80);
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size < 80), "{sizes:?}");
    service.stop().await;
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let (log, folder) = (log("bad-tools"), tempfile::tempdir().unwrap());
    let service = Service::over(&log, folder.path()).await;
    let token = wire::ListToolStateRequest { page_token: "zz".into(), ..asked("DBT_CORE", 0) };
    for request in [asked("", 0), asked("dbt", 0), asked("DBT_CORE", 1_001), token] {
        let status = service.tool_state.clone().list_tool_state(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    service.stop().await;
}
