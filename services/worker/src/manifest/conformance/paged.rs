//! Lists in pages: a job that is on a later page is found, and one that cannot be looked for to the end of the list is never called
//! absent; what a job did is collected from all pages.

use serde_json::{Value, json};

use super::{MANIFESTS, Stage, each, same};
use crate::manifest::format;
use crate::remote::{CallError, Prepared as _, State};
use crate::testing::recorded::{Fault, On, Plan};

/// Of these the vendor documents no pages.
const WITHOUT_PAGES: [&str; 1] = ["POWER_BI_REFRESH_DATAFLOW"];
const FOREIGN: usize = 5;

/// Whether it looks for its job in a list with pages.
fn pages(name: &(String, String)) -> bool {
    MANIFESTS[name].find.as_ref().is_some_and(|find| find.request.pages.is_some())
}

fn among_others(page: usize) -> Plan {
    Plan { page, foreign: FOREIGN, ..Plan::default() }
}

#[test]
fn whoever_looks_for_a_job_among_others_looks_at_all_pages() {
    let short: Vec<_> = MANIFESTS
        .values()
        .filter(|manifest| {
            let among = |find: &crate::manifest::format::Find| find.each.is_some() && find.request.pages.is_none();
            manifest.find.as_ref().is_some_and(among) && !WITHOUT_PAGES.contains(&manifest.job.as_str())
        })
        .map(|manifest| &manifest.job)
        .collect();
    assert!(short.is_empty(), "{short:?} may start a job twice: give find.request its pages");
}

#[tokio::test]
async fn a_job_on_a_later_page_is_found_again() {
    each(|name| async move {
        for page in [1, 2, 4].into_iter().filter(|_| pages(&name)) {
            let stage = Stage::set(&name, among_others(page), same).await;
            assert_eq!(stage.calls.find().await, Ok(None), "{name:?}: nothing was begun");
            let Some(job) = stage.settled().await else { panic!("{name:?}") };
            let found = stage.calls.find().await.unwrap_or_else(|why| panic!("{name:?}: {why:?}"));
            assert_eq!(found.map(|found| found.external_id), Some(job.external_id), "{name:?}");
            assert!(stage.server.later_pages() >= FOREIGN / page, "{name:?}: {} pages", stage.server.later_pages());
            stage.checked();
        }
    })
    .await;
}

/// The start was taken and not answered; the job is behind those of others.
#[tokio::test]
async fn a_start_in_doubt_is_settled_by_all_pages() {
    each(|name| async move {
        if MANIFESTS[&name].reattach != format::Reattach::LookUp || !pages(&name) {
            return;
        }
        let first = vec![(On::Start, Fault::SilentAfter)];
        let stage = Stage::set(&name, Plan { first, ..among_others(2) }, same).await;
        stage.settled().await.unwrap();
        assert_eq!(stage.server.submitted().values().copied().collect::<Vec<_>>(), [1], "{name:?}");
    })
    .await;
}

#[tokio::test]
async fn a_list_that_was_not_read_to_its_end_proves_nothing() {
    each(|name| async move {
        let faults = [Fault::ErrorBefore, Fault::SilentBefore, Fault::Limited, Fault::Malformed];
        for fault in faults.into_iter().filter(|_| pages(&name)) {
            // The first page is answered, the second is not.
            let first = vec![(On::Find, Fault::None), (On::Find, fault)];
            let stage = Stage::set(&name, Plan { first, ..among_others(1) }, same).await;
            let found = stage.calls.find().await;
            assert!(matches!(found, Err(CallError::Again { .. })), "{name:?} {fault:?}: {found:?}");
            stage.told_in(&found.unwrap_err());
        }
    })
    .await;
}

/// One is enough: that each way of going on is bounded is said by `manifest/pages`.
#[tokio::test]
async fn a_list_without_end_proves_nothing_either() {
    let name = ("AWS_BATCH".to_owned(), "AWS_BATCH_SUBMIT_JOB".to_owned());
    let many = usize::try_from(crate::limits::PAGES_MAX).unwrap() + 10;
    let stage = Stage::set(&name, Plan { page: 1, foreign: many, ..Plan::default() }, same).await;
    let found = stage.calls.find().await;
    let Err(CallError::Again { message, .. }) = &found else { panic!("{found:?}") };
    assert!(message.contains("not read to its end") && message.contains("200 pages"), "{message}");
}

/// What is collected and given, with a server that has small pages and with one that has large ones.
#[tokio::test]
async fn what_a_job_did_is_collected_from_all_pages() {
    each(|name| async move {
        let manifest = MANIFESTS[&name];
        if manifest.collect.is_none() || manifest.poll.request.is_none() {
            return;
        }
        let mut seen: Vec<(Value, Vec<String>)> = Vec::new();
        let mut paged = 0;
        for page in [0, 1] {
            let stage = Stage::set(&name, Plan { page, ..Plan::default() }, same).await;
            let job = stage.settled().await.unwrap();
            let last = stage.watched(&job).await;
            let State::Succeeded { outputs, .. } = &last.state else { panic!("{name:?}: {last:?}") };
            let collection = stage.calls.collect(&job, &last).await.unwrap_or_else(|why| panic!("{name:?}: {why:?}"));
            assert_eq!(collection.cut, "", "{name:?}");
            let ids = collection.operations.into_iter().map(|operation| operation.external_id).collect();
            seen.push((serde_json::from_str(outputs).unwrap_or_default(), ids));
            paged = stage.server.later_pages();
            stage.checked();
        }
        assert_eq!(seen[0], seen[1], "{name:?}");
        let known = [
            "AIRFLOW_RUN_DAG",
            "GITHUB_RUN_WORKFLOW",
            "PREFECT_CLOUD_RUN_FLOW",
            "DATABRICKS_RUN_WORKFLOW",
            "GCP_BQ_RUN_QUERY_JOB",
            "ADF_PIPELINE_RUN",
        ];
        assert!(paged > 0 || !known.contains(&name.1.as_str()), "{name:?} has no second page");
    })
    .await;
}

/// The only row is in the second chunk.
#[tokio::test]
async fn chunks_that_are_linked_to_are_outputs_too() {
    let name = ("DATABRICKS".to_owned(), "DATABRICKS_EXECUTE_STATEMENT".to_owned());
    let stage = Stage::set(&name, Plan::default(), same).await;
    let job = stage.settled().await.unwrap();
    let last = stage.watched(&job).await;
    let State::Succeeded { outputs, .. } = &last.state else { panic!("{last:?}") };
    assert_eq!(serde_json::from_str::<Value>(outputs).unwrap(), json!({ "results": [["0"]] }));
    stage.checked();
}

/// Where the operator's endpoint stands for the vendor's host, links to the vendor go there too, and links to anybody else nowhere.
#[tokio::test]
async fn links_lead_to_the_host_that_was_asked_and_nowhere_else() {
    let name = ("GITHUB_ACTIONS".to_owned(), "GITHUB_RUN_WORKFLOW".to_owned());
    let stage = Stage::set(&name, Plan::default(), same).await;
    let here = |link: &str| stage.calls.here(reqwest::Url::parse(link).unwrap()).map(String::from);
    let own = format!("{}/repositories/1/actions/runs/7/jobs?page=2", stage.server.url());
    assert_eq!(here("https://api.github.com/repositories/1/actions/runs/7/jobs?page=2"), Some(own.clone()));
    assert_eq!(here(&own), Some(own.clone()));
    for other in ["http://api.github.com/x", "https://api.github.com:444/x", "https://api.github.com.example.net/x"] {
        assert_eq!(here(other), None, "{other}");
    }
}

#[tokio::test]
async fn quantities_of_what_costs_something_are_collected_as_vendors_document_them() {
    let cases = [
        ("AWS_GLUE", "AWS_GLUE_RUN_JOB", "120.5 dpu_seconds"),
        ("GCP_BIG_QUERY", "GCP_BQ_RUN_QUERY_JOB", "10485760 bytes_billed"),
        ("AZURE_DATA_FACTORY", "ADF_PIPELINE_RUN", "0.066667 diu_hours"),
        ("DATABRICKS", "DATABRICKS_RUN_WORKFLOW", "55000 execution_ms"),
        ("ANTHROPIC", "ANTHROPIC_CLAUDE_CHAT", "output_tokens"),
        ("OPEN_AI", "OPEN_AI_CHAT", "output_tokens"),
        ("AWS_BEDROCK", "AWS_BEDROCK_INVOKE_MODEL", "output_tokens"),
        ("AWS_SAGEMAKER", "AWS_SAGEMAKER_TRAIN_MODEL", "billable_seconds"),
        ("AWS_REDSHIFT", "AWS_REDSHIFT_EXECUTE_STATEMENT", "execution_ns"),
        ("KEBOOLA", "KEBOOLA_RUN_FLOW", "execution_seconds"),
    ];
    for (integration, job, expected) in cases {
        let stage = Stage::set(&(integration.to_owned(), job.to_owned()), Plan::default(), same).await;
        let begun = stage.settled().await.unwrap();
        let last = stage.watched(&begun).await;
        let collection = stage.calls.collect(&begun, &last).await.unwrap();
        let bases = collection.operations.iter().flat_map(|operation| &operation.cost_basis);
        let said: Vec<String> =
            bases.map(|basis| format!("{} {}", downbeat_proto::event::quantity_text(basis), basis.unit)).collect();
        assert!(said.iter().any(|said| said.ends_with(expected)), "{job}: {said:?}");
    }
}
