//! Everything that a projector can be asked about what is in its log, and what it answers, as bytes: two projectors over one log, or one before
//! and after it lost its rows, must answer alike. Lists are read page by page, in small pages, so that their tokens are compared as well.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_proto::metadata::v1::{
    self as wire, answer_service_client::AnswerServiceClient, asset_service_client::AssetServiceClient,
    cost_service_client::CostServiceClient, lineage_service_client::LineageServiceClient,
    metadata_service_client::MetadataServiceClient, tool_state_query_service_client::ToolStateQueryServiceClient,
    trend_service_client::TrendServiceClient,
};
use prost::Message;
use tonic::{Status, transport::Channel};

/// Entries per page.
const PAGE: u32 = 3;
/// Pages of one list; a list of a test is shorter.
const PAGES_MAX: usize = 2_000;

/// What no byte of an answer can be held against: they wait, or read files that no projection writes.
pub const NOT_ASKED: &[&str] = &["WatchRun", "ReadTaskLog", "ListTaskArtifacts", "ReadTaskArtifact"];

/// Answers by question: the method and what was asked.
pub type Answers = BTreeMap<String, Vec<u8>>;

/// Methods among these answers.
pub fn methods(answers: &Answers) -> BTreeSet<&str> {
    answers.keys().filter_map(|question| question.split(' ').next()).collect()
}

/// One call; a refusal is an answer, too.
macro_rules! ask {
    ($answers:ident, $client:expr, $method:ident, $name:literal, $request:expr) => {{
        let request = $request;
        let question = format!("{} {request:?}", $name);
        let answer = $client.$method(request).await.map(tonic::Response::into_inner);
        $answers.insert(question, answer.as_ref().map_or_else(refusal, Message::encode_to_vec));
        answer.ok()
    }};
}

/// All pages of a list; the entries of `$field`.
macro_rules! pages {
    ($answers:ident, $client:expr, $method:ident, $name:literal, $field:ident, $request:expr) => {{
        let mut entries = Vec::new();
        let mut request = std::convert::identity($request);
        request.page_size = PAGE;
        for _ in 0..PAGES_MAX {
            let Some(answer) = ask!($answers, $client, $method, $name, request.clone()) else { break };
            entries.extend(answer.$field);
            if answer.next_page_token.is_empty() {
                break;
            }
            request.page_token = answer.next_page_token;
        }
        entries
    }};
}

fn refusal(status: &Status) -> Vec<u8> {
    format!("{:?}: {}", status.code(), status.message()).into_bytes()
}

/// Asks for everything.
///
/// # Errors
/// When nobody is there.
pub async fn all(address: &str) -> Result<Answers, tonic::transport::Error> {
    let channel = Channel::from_shared(address.to_owned()).expect("an address").connect().await?;
    let mut answers = Answers::new();
    let runs = of_runs(&channel, &mut answers).await;
    of_lists(&channel, &mut answers).await;
    let assets = of_assets(&channel, &mut answers).await;
    of_lineage(&channel, &mut answers, &runs, &assets).await;
    of_costs(&channel, &mut answers).await;
    of_trends(&channel, &mut answers).await;
    of_the_audit(&channel, &mut answers).await;
    for_people(&channel, &mut answers).await;
    of_tools(&channel, &mut answers).await;
    Ok(answers)
}

/// Pipelines, runs, what they did, backfills, breaches, alerts; ids of runs.
async fn of_runs(channel: &Channel, answers: &mut Answers) -> Vec<String> {
    let mut client = MetadataServiceClient::new(channel.clone());
    ask!(answers, client, get_position, "GetPosition", wire::GetPositionRequest::default());
    let pipelines =
        pages!(answers, client, list_pipelines, "ListPipelines", pipelines, wire::ListPipelinesRequest::default());
    for pipeline in pipelines {
        let request = wire::GetPipelineSourceRequest { pipeline: pipeline.id.clone(), ..Default::default() };
        ask!(answers, client, get_pipeline_source, "GetPipelineSource", request);
        let request = wire::ListPipelineVersionsRequest { pipeline: pipeline.id.clone(), ..Default::default() };
        pages!(answers, client, list_pipeline_versions, "ListPipelineVersions", versions, request);
        let request = wire::ListRunsRequest { pipeline: pipeline.id, ..Default::default() };
        pages!(answers, client, list_runs, "ListRuns", runs, request);
    }
    let runs = pages!(answers, client, list_runs, "ListRuns", runs, wire::ListRunsRequest::default());
    let runs: Vec<String> = runs.into_iter().map(|run| run.id).collect();
    for run_id in &runs {
        ask!(answers, client, get_run, "GetRun", wire::GetRunRequest { run_id: run_id.clone(), ..Default::default() });
        let request = wire::ExplainRunRequest { run_id: run_id.clone(), ..Default::default() };
        ask!(answers, client, explain_run, "ExplainRun", request);
        let request = wire::ListOperationsRequest { run_id: run_id.clone(), ..Default::default() };
        pages!(answers, client, list_operations, "ListOperations", operations, request);
        let request = wire::GetRunLineageRequest { run_id: run_id.clone(), ..Default::default() };
        ask!(answers, client, get_run_lineage, "GetRunLineage", request);
    }
    pages!(answers, client, list_breaches, "ListBreaches", breaches, wire::ListBreachesRequest::default());
    pages!(answers, client, list_alerts, "ListAlerts", alerts, wire::ListAlertsRequest::default());
    let backfills =
        pages!(answers, client, list_backfills, "ListBackfills", backfills, wire::ListBackfillsRequest::default());
    for backfill in backfills {
        let request = wire::GetBackfillRequest { backfill_id: backfill.id, ..Default::default() };
        pages!(answers, client, get_backfill, "GetBackfill", instants, request);
    }
    runs
}

/// Lists by what they can be filtered by, page by page, and by the number of the page with how many there are.
async fn of_lists(channel: &Channel, answers: &mut Answers) {
    let mut client = MetadataServiceClient::new(channel.clone());
    let ended = || ["SUCCEEDED", "FAILED"].map(str::to_owned).to_vec();
    for statuses in [Vec::new(), ended()] {
        let request = wire::ListRunsRequest { statuses: statuses.clone(), count: true, ..Default::default() };
        pages!(answers, client, list_runs, "ListRuns", runs, request.clone());
        ask!(answers, client, list_runs, "ListRuns", wire::ListRunsRequest { page: 2, ..request });
        let request = wire::ListTaskRunsRequest { statuses: statuses.clone(), ..Default::default() };
        pages!(answers, client, list_task_runs, "ListTaskRuns", task_runs, request.clone());
        let request = wire::ListTaskRunsRequest { count: true, page: 2, page_size: PAGE, ..request };
        ask!(answers, client, list_task_runs, "ListTaskRuns", request);
        let request = wire::ListOperationsRequest { statuses, ..Default::default() };
        pages!(answers, client, list_operations, "ListOperations", operations, request.clone());
        let request = wire::ListOperationsRequest { count: true, page: 2, page_size: PAGE, ..request };
        ask!(answers, client, list_operations, "ListOperations", request);
    }
    let integrations = vec!["PYTHON".to_owned()];
    let request = wire::ListTaskRunsRequest { integrations: integrations.clone(), ..Default::default() };
    let tasks = pages!(answers, client, list_task_runs, "ListTaskRuns", task_runs, request);
    for task in tasks {
        let task_run_ids = vec![task.id.clone()];
        let request = wire::ListTaskRunsRequest { task_run_ids, ..Default::default() };
        ask!(answers, client, list_task_runs, "ListTaskRuns", request);
        let request = wire::ListOperationsRequest { task_run_id: task.id, ..Default::default() };
        pages!(answers, client, list_operations, "ListOperations", operations, request);
    }
    for (sort, schemas) in [
        (wire::AssetSort::FirstSeen, Vec::new()),
        (wire::AssetSort::Updated, Vec::new()),
        (wire::AssetSort::Name, vec!["main".to_owned()]),
    ] {
        let request = wire::ListAssetsRequest { schemas, count: true, descending: true, ..Default::default() };
        let request = wire::ListAssetsRequest { sort: sort.into(), ..request };
        pages!(answers, client, list_assets, "ListAssets", assets, request);
    }
}

/// Assets, their tests and columns; their keys.
async fn of_assets(channel: &Channel, answers: &mut Answers) -> Vec<String> {
    let mut list = MetadataServiceClient::new(channel.clone());
    let mut client = AssetServiceClient::new(channel.clone());
    let assets = pages!(answers, list, list_assets, "ListAssets", assets, wire::ListAssetsRequest::default());
    let assets: Vec<String> = assets.into_iter().filter_map(|row| Some(row.asset?.key)).collect();
    for asset in &assets {
        ask!(answers, client, get_asset, "GetAsset", wire::GetAssetRequest { asset: asset.clone(), at_least: None });
        let request = wire::ListTestResultsRequest { asset: asset.clone(), ..Default::default() };
        pages!(answers, client, list_test_results, "ListTestResults", results, request);
    }
    let request = wire::ListSchemaChangesRequest::default();
    pages!(answers, client, list_schema_changes, "ListSchemaChanges", changes, request);
    assets
}

/// What came of what, each way, and what the last two runs did differently.
async fn of_lineage(channel: &Channel, answers: &mut Answers, runs: &[String], assets: &[String]) {
    let mut client = LineageServiceClient::new(channel.clone());
    for asset in assets {
        for direction in [wire::LineageDirection::Upstream, wire::LineageDirection::Downstream] {
            let (asset, direction) = (asset.clone(), direction as i32);
            let request = wire::GetLineageRequest { asset, direction, ..Default::default() };
            ask!(answers, client, get_lineage, "GetLineage", request);
        }
        let request = wire::GetImpactRequest { asset: asset.clone(), ..Default::default() };
        ask!(answers, client, get_impact, "GetImpact", request);
    }
    for pair in assets.windows(2) {
        let (from, to) = (pair[0].clone(), pair[1].clone());
        let request = wire::FindLineagePathRequest { from, to, ..Default::default() };
        ask!(answers, client, find_lineage_path, "FindLineagePath", request);
    }
    for pair in runs.windows(2) {
        let (after_run_id, before_run_id) = (pair[0].clone(), pair[1].clone());
        let request = wire::DiffRunsRequest { before_run_id, after_run_id, at_least: None };
        ask!(answers, client, diff_runs, "DiffRuns", request);
    }
}

async fn of_costs(channel: &Channel, answers: &mut Answers) {
    let mut client = CostServiceClient::new(channel.clone());
    let group = [wire::CostGroup::Pipeline, wire::CostGroup::Owner, wire::CostGroup::Unit, wire::CostGroup::Day];
    for by in [Vec::new(), group.map(|group| group as i32).to_vec()] {
        ask!(answers, client, get_cost, "GetCost", wire::GetCostRequest { by, ..Default::default() });
    }
    let request = wire::ListCostEntriesRequest::default();
    pages!(answers, client, list_cost_entries, "ListCostEntries", entries, request);
    pages!(answers, client, list_budgets, "ListBudgets", budgets, wire::ListBudgetsRequest::default());
    ask!(answers, client, get_prices, "GetPrices", wire::GetPricesRequest::default());
    ask!(answers, client, verify_ledger, "VerifyLedger", wire::VerifyLedgerRequest::default());
}

/// Without what follows from the moment of the question.
async fn for_people(channel: &Channel, answers: &mut Answers) {
    let mut client = AnswerServiceClient::new(channel.clone());
    let asked = client.get_now(wire::GetNowRequest::default()).await.map(tonic::Response::into_inner);
    let now = asked.map(|answer| wire::GetNowResponse { now: 0, counted_from: 0, next: Vec::new(), ..answer });
    answers.insert("GetNow".to_owned(), now.as_ref().map_or_else(refusal, Message::encode_to_vec));
    let asked = client.get_broken(wire::GetBrokenRequest::default()).await.map(tonic::Response::into_inner);
    let broken = asked.map(|answer| wire::GetBrokenResponse { now: 0, ..answer });
    answers.insert("GetBroken".to_owned(), broken.as_ref().map_or_else(refusal, Message::encode_to_vec));
}

/// What moves over many runs, and what could be saved: as of an hour after the newest run, so that the clock changes no answer.
async fn of_trends(channel: &Channel, answers: &mut Answers) {
    let (mut list, mut client) =
        (MetadataServiceClient::new(channel.clone()), TrendServiceClient::new(channel.clone()));
    let newest = wire::ListRunsRequest { page_size: 1, ..Default::default() };
    let newest = ask!(answers, list, list_runs, "ListRuns", newest).and_then(|answer| answer.runs.into_iter().next());
    let at = newest.map_or(1, |run| run.created_at + 60 * 60 * 1_000_000);
    let request = wire::GetDurationsRequest { at, with_samples: true, ..Default::default() };
    pages!(answers, client, get_durations, "GetDurations", durations, request);
    let request = wire::ListSchedulesRequest { with_firings: true, ..Default::default() };
    pages!(answers, client, list_schedules, "ListSchedules", schedules, request);
    let request = wire::ListIntegrationsRequest { at, ..Default::default() };
    pages!(answers, client, list_integrations, "ListIntegrations", integrations, request);
    let mut costs = CostServiceClient::new(channel.clone());
    ask!(answers, costs, get_savings, "GetSavings", wire::GetSavingsRequest { at, ..Default::default() });
}

async fn of_tools(channel: &Channel, answers: &mut Answers) {
    let mut client = ToolStateQueryServiceClient::new(channel.clone());
    let request = wire::ListToolStateRequest { integration: "DBT_CORE".to_owned(), ..Default::default() };
    pages!(answers, client, list_tool_state, "ListToolState", entries, request);
}

async fn of_the_audit(channel: &Channel, answers: &mut Answers) {
    let mut client = MetadataServiceClient::new(channel.clone());
    pages!(answers, client, list_audit, "ListAudit", entries, wire::ListAuditRequest::default());
    let mut lines = Vec::new();
    if let Ok(stream) = client.export_audit(wire::ExportAuditRequest::default()).await {
        let mut stream = stream.into_inner();
        while let Ok(Some(part)) = stream.message().await {
            lines.extend(part.lines);
        }
    }
    answers.insert("ExportAudit".to_owned(), lines);
}

/// Where two sets of answers differ, in words, at most ten of them.
pub fn differences(before: &Answers, after: &Answers) -> Vec<String> {
    let questions: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |question: &&&String| before.get(**question) != after.get(**question);
    let told = |answer: Option<&Vec<u8>>| answer.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let words = |question: &String| {
        format!("{question}:\n  {:?}\n  {:?}", told(before.get(question)), told(after.get(question)))
    };
    questions.iter().filter(differs).take(10).map(|question| words(question)).collect()
}
