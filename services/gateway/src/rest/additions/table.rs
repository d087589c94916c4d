//! The table of additions.

use downbeat_domain::access::Role::{self, Admin, Editor, Operator, Viewer};

use crate::rest::about::About;

/// One of them.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) role: Role,
    pub(super) about: About,
    /// Service and method.
    pub(super) calls: &'static str,
    pub(super) says: &'static str,
    /// Fields of the request that the path decides.
    pub(super) sets: &'static [(&'static str, &'static str)],
}

const fn entry(
    (method, path): (&'static str, &'static str),
    role: Role,
    about: About,
    calls: &'static str,
    says: &'static str,
) -> Entry {
    Entry { method, path, role, about, calls, says, sets: &[] }
}

const fn deciding(entry: Entry, sets: &'static [(&'static str, &'static str)]) -> Entry {
    Entry { sets, ..entry }
}

use About::{Backfill, Costs, Everything, Named, Pipeline, Pipelines, Run, Task};

/// See the module.
#[rustfmt::skip]
pub(super) static TABLE: &[Entry] = &[
    entry(("GET", "/now"), Viewer, Everything, "downbeat.metadata.v1.AnswerService/GetNow", "What is live, what waits and for what, what is late, what comes next"),
    entry(("GET", "/broken"), Viewer, Everything, "downbeat.metadata.v1.AnswerService/GetBroken", "What fails, by its cause, and what to do about it"),
    entry(("GET", "/lineage"), Viewer, Everything, "downbeat.metadata.v1.LineageService/GetLineage", "What an asset came of, and what came of it"),
    entry(("GET", "/lineage/impact"), Viewer, Everything, "downbeat.metadata.v1.LineageService/GetImpact", "What breaks if an asset, or a column of it, goes or changes"),
    entry(("GET", "/lineage/path"), Viewer, Everything, "downbeat.metadata.v1.LineageService/FindLineagePath", "A way from one asset to another"),
    entry(("GET", "/lineage/difference"), Viewer, Everything, "downbeat.metadata.v1.LineageService/DiffRuns", "What two runs did differently"),
    entry(("GET", "/pipeline_runs/{id}/lineage"), Viewer, Run("run_id"), "downbeat.metadata.v1.MetadataService/GetRunLineage", "Assets and edges of a run"),
    entry(("GET", "/pipeline_runs/{id}/why"), Viewer, Run("run_id"), "downbeat.metadata.v1.MetadataService/ExplainRun", "Why a run, or one of its tasks, went as it did"),
    entry(("GET", "/pipeline_runs/{id}/waiting"), Viewer, Run("run_id"), "downbeat.control.v1.ControlService/ExplainWaiting", "What a run, or one of its tasks, waits for now"),
    entry(("GET", "/costs"), Viewer, Costs, "downbeat.metadata.v1.CostService/GetCost", "Sums of costs, grouped as asked for"),
    entry(("GET", "/costs/entries"), Viewer, Costs, "downbeat.metadata.v1.CostService/ListCostEntries", "Single costs, those used last first"),
    entry(("GET", "/costs/savings"), Viewer, Everything, "downbeat.metadata.v1.CostService/GetSavings", "What could be saved, by fixed rules"),
    entry(("GET", "/costs/prices"), Viewer, Everything, "downbeat.metadata.v1.CostService/GetPrices", "The prices that count"),
    entry(("PUT", "/costs/prices"), Admin, Everything, "downbeat.control.v1.ControlService/SetPrices", "These prices count from now on, and no others"),
    entry(("POST", "/costs/bills"), Editor, Everything, "downbeat.control.v1.ControlService/RecordCosts", "Enters what was billed"),
    entry(("GET", "/budgets"), Viewer, Everything, "downbeat.metadata.v1.CostService/ListBudgets", "Budgets, and what is spent of them"),
    entry(("PUT", "/budgets"), Admin, Everything, "downbeat.control.v1.ControlService/SetBudget", "Gives an owner a budget, or takes it away"),
    entry(("GET", "/quality/tests"), Viewer, Everything, "downbeat.metadata.v1.AssetService/ListTestResults", "Results of an asset's tests, newest first"),
    entry(("GET", "/quality/schema_changes"), Viewer, Everything, "downbeat.metadata.v1.AssetService/ListSchemaChanges", "What became of columns, newest first"),
    entry(("GET", "/quality/breaches"), Viewer, Pipeline("pipeline"), "downbeat.metadata.v1.MetadataService/ListBreaches", "Broken promises about ages and deadlines"),
    entry(("GET", "/usage"), Viewer, Everything, "downbeat.metadata.v1.AssetService/GetAsset", "Who writes an asset, and who uses it"),
    entry(("GET", "/audit"), Admin, Everything, "downbeat.metadata.v1.MetadataService/ListAudit", "Who did what, newest first"),
    entry(("GET", "/trends/durations"), Viewer, Pipeline("pipeline"), "downbeat.metadata.v1.TrendService/GetDurations", "How long pipelines and tasks take"),
    entry(("GET", "/trends/schedules"), Viewer, Pipeline("pipeline"), "downbeat.metadata.v1.TrendService/ListSchedules", "How late schedules are"),
    entry(("GET", "/trends/integrations"), Viewer, Everything, "downbeat.metadata.v1.TrendService/ListIntegrations", "Whether other systems work"),
    entry(("GET", "/pipelines/with-owners"), Viewer, Pipelines, "downbeat.metadata.v1.MetadataService/ListPipelines", "All pipelines with owners, labels, tags and schedules, by id"),
    entry(("GET", "/pipelines/{id}/schedule"), Viewer, Pipeline("pipeline"), "downbeat.control.v1.ControlService/PreviewSchedule", "The next firings of its schedules"),
    entry(("GET", "/pipelines/{id}/health"), Viewer, Pipeline("pipeline"), "downbeat.control.v1.ControlService/GetPipelineHealth", "What it promises about time, and how that stands"),
    entry(("GET", "/pipelines/{id}/sensors"), Viewer, Pipeline("pipeline"), "downbeat.control.v1.ControlService/ListSensors", "Its sensors, and what they wait for"),
    entry(("GET", "/pipelines/{id}/sync"), Viewer, Pipeline("pipeline"), "downbeat.control.v1.PipelineService/GetPipelineSync", "How it stands to the file in its repository"),
    entry(("POST", "/pipelines/{id}/sync"), Editor, Pipeline("pipeline"), "downbeat.control.v1.PipelineService/SyncPipeline", "It becomes what stands in its repository"),
    entry(("GET", "/backfills"), Viewer, Pipeline("pipeline"), "downbeat.metadata.v1.MetadataService/ListBackfills", "Backfills, newest first"),
    entry(("POST", "/backfills"), Operator, Pipeline("span.pipeline"), "downbeat.control.v1.ControlService/CreateBackfill", "Runs past instants of a schedule"),
    entry(("POST", "/backfills/preview"), Operator, Pipeline("span.pipeline"), "downbeat.control.v1.ControlService/PreviewBackfill", "What a backfill would do now"),
    entry(("GET", "/backfills/{id}"), Viewer, Backfill, "downbeat.metadata.v1.MetadataService/GetBackfill", "A backfill, and what has become of its instants"),
    entry(("POST", "/backfills/{id}/cancel"), Operator, Backfill, "downbeat.control.v1.ControlService/CancelBackfill", "Starts nothing more of it, and cancels its live runs"),
    entry(("POST", "/pipeline_runs/{id}/restart"), Operator, Run("run_id"), "downbeat.control.v1.ControlService/RestartRun", "Runs a run again, wholly or in part"),
    entry(("POST", "/pipeline_runs/{id}/release"), Operator, Run("run_id"), "downbeat.control.v1.ControlService/ReleaseRun", "Lets a run go that waits because a budget is spent"),
    deciding(entry(("POST", "/pipeline_runs/{id}/task_runs/{task_run_id}/approve"), Operator, Task, "downbeat.control.v1.ControlService/DecideApproval", "Approves what waits for a person"), &[("approved", "true")]),
    deciding(entry(("POST", "/pipeline_runs/{id}/task_runs/{task_run_id}/reject"), Operator, Task, "downbeat.control.v1.ControlService/DecideApproval", "Rejects what waits for a person"), &[("approved", "false")]),
    entry(("POST", "/pipeline_runs/{id}/task_runs/{task_run_id}/mark"), Operator, Task, "downbeat.control.v1.ControlService/MarkTask", "Decides the outcome of a task by hand"),
    entry(("GET", "/alerts"), Viewer, Pipeline("pipeline"), "downbeat.metadata.v1.MetadataService/ListAlerts", "Who was told of what, and whether it arrived"),
    entry(("POST", "/alerts/{id}/retry"), Operator, Named("alert_id"), "downbeat.control.v1.ControlService/RetryAlert", "Tries an alert once more that was given up"),
    entry(("GET", "/pools"), Viewer, Everything, "downbeat.control.v1.ControlService/ListPools", "Slots that tasks of all pipelines share"),
    entry(("PUT", "/pools/{id}"), Admin, Named("name"), "downbeat.control.v1.ControlService/SetPool", "Gives a pool its size"),
    entry(("GET", "/pipelines/{id}/webhooks"), Viewer, Pipeline("pipeline"), "downbeat.control.v1.WebhookService/ListEndpoints", "Addresses that others call to start it"),
    entry(("POST", "/pipelines/{id}/webhooks"), Editor, Pipeline("pipeline"), "downbeat.control.v1.WebhookService/OpenEndpoint", "Makes an address that starts it, which is shown once"),
    entry(("POST", "/webhooks/{id}/rotate"), Editor, Named("endpoint"), "downbeat.control.v1.WebhookService/RotateEndpoint", "Gives an address a further secret"),
    entry(("DELETE", "/webhooks/{id}"), Editor, Named("endpoint"), "downbeat.control.v1.WebhookService/CloseEndpoint", "The address starts nothing any more"),
    entry(("GET", "/keys"), Admin, Everything, "downbeat.control.v1.AccessService/ListKeys", "Keys that open this API"),
    entry(("POST", "/keys"), Admin, Everything, "downbeat.control.v1.AccessService/CreateKey", "Makes a key, which is shown once"),
    entry(("DELETE", "/keys/{id}"), Admin, Named("key"), "downbeat.control.v1.AccessService/RevokeKey", "The key opens nothing any more"),
    entry(("GET", "/logins"), Admin, Everything, "downbeat.control.v1.AccessService/ListLogins", "Who is logged in, with which program, until when"),
    entry(("DELETE", "/logins/{id}"), Admin, Named("login_id"), "downbeat.control.v1.AccessService/EndLogin", "The login opens nothing any more"),
];
