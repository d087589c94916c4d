//! The table of methods. What services say among themselves (firing schedules, taking events of triggers, attaching workers, watching keys, the
//! steps of a login) is not in it.

use downbeat_domain::access::Role::{self, Admin, Editor, Operator, Viewer};

use crate::rest::about::About;

/// A method.
#[derive(Debug)]
pub(super) struct Entry {
    /// Of the request: `/service/method`.
    pub(super) path: &'static str,
    pub(super) role: Role,
    pub(super) about: About,
    /// It answers with several messages.
    pub(super) streams: bool,
}

const fn method(path: &'static str, role: Role, about: About) -> Entry {
    Entry { path, role, about, streams: false }
}

const fn streaming(entry: Entry) -> Entry {
    Entry { streams: true, ..entry }
}

use About::{
    Applied, Backfill, Costs, Delivered, Everything, Pipeline, Pipelines, Run, RunOrAll, Runs, Started, Stored, Task,
};

/// See the module.
#[rustfmt::skip]
pub(super) static TABLE: &[Entry] = &[
    method("/downbeat.control.v1.ControlService/ApplyPipeline", Editor, Applied),
    method("/downbeat.control.v1.ControlService/StartRun", Operator, Started),
    method("/downbeat.control.v1.ControlService/RestartRun", Operator, Run("run_id")),
    method("/downbeat.control.v1.ControlService/CancelRun", Operator, Run("run_id")),
    method("/downbeat.control.v1.ControlService/ReleaseRun", Operator, Run("run_id")),
    method("/downbeat.control.v1.ControlService/MarkTask", Operator, Task),
    method("/downbeat.control.v1.ControlService/DecideApproval", Operator, Task),
    method("/downbeat.control.v1.ControlService/PausePipeline", Operator, Pipeline("pipeline")),
    method("/downbeat.control.v1.ControlService/ResumePipeline", Operator, Pipeline("pipeline")),
    method("/downbeat.control.v1.ControlService/DeletePipeline", Editor, Pipeline("pipeline")),
    method("/downbeat.control.v1.ControlService/SetPool", Admin, Everything),
    method("/downbeat.control.v1.ControlService/ListPools", Viewer, Everything),
    method("/downbeat.control.v1.ControlService/GetLogLevel", Viewer, Everything),
    method("/downbeat.control.v1.ControlService/RaiseLogLevel", Admin, Everything),
    method("/downbeat.control.v1.ControlService/ExplainWaiting", Viewer, Run("run_id")),
    method("/downbeat.control.v1.ControlService/TakeWebhook", Operator, Delivered),
    method("/downbeat.control.v1.ControlService/TakeSensorEvent", Operator, Everything),
    method("/downbeat.control.v1.ControlService/ListSensors", Viewer, Pipeline("pipeline")),
    method("/downbeat.control.v1.ControlService/PreviewSchedule", Viewer, Pipeline("pipeline")),
    method("/downbeat.control.v1.ControlService/CreateBackfill", Operator, Pipeline("span.pipeline")),
    method("/downbeat.control.v1.ControlService/PreviewBackfill", Operator, Pipeline("span.pipeline")),
    method("/downbeat.control.v1.ControlService/CancelBackfill", Operator, Backfill),
    method("/downbeat.control.v1.ControlService/RetryAlert", Operator, Everything),
    method("/downbeat.control.v1.ControlService/SetPrices", Admin, Everything),
    method("/downbeat.control.v1.ControlService/RecordCosts", Editor, Everything),
    method("/downbeat.control.v1.ControlService/SetBudget", Admin, Everything),
    method("/downbeat.control.v1.ControlService/GetPipelineHealth", Viewer, Pipeline("pipeline")),
    method("/downbeat.control.v1.AccessService/CreateKey", Admin, Everything),
    method("/downbeat.control.v1.AccessService/RevokeKey", Admin, Everything),
    method("/downbeat.control.v1.AccessService/ListKeys", Admin, Everything),
    method("/downbeat.control.v1.AccessService/EndLogin", Admin, Everything),
    method("/downbeat.control.v1.AccessService/ListLogins", Admin, Everything),
    method("/downbeat.control.v1.ConnectionService/SaveConnection", Admin, Everything),
    method("/downbeat.control.v1.ConnectionService/RemoveConnection", Admin, Everything),
    method("/downbeat.control.v1.ConnectionService/ResealConnections", Admin, Everything),
    method("/downbeat.control.v1.ConnectionService/TestConnection", Editor, Everything),
    method("/downbeat.control.v1.ConnectionService/ListConnections", Viewer, Everything),
    method("/downbeat.control.v1.ConnectionService/GetConnection", Viewer, Everything),
    method("/downbeat.control.v1.EnvironmentService/SetEnvironment", Editor, Everything),
    method("/downbeat.control.v1.EnvironmentService/RemoveEnvironment", Editor, Everything),
    method("/downbeat.control.v1.EnvironmentService/ListEnvironments", Viewer, Everything),
    method("/downbeat.control.v1.InventoryService/DeclareAsset", Editor, Everything),
    method("/downbeat.control.v1.InventoryService/RemoveAsset", Editor, Everything),
    method("/downbeat.control.v1.InventoryService/DeclareDependencies", Editor, Everything),
    method("/downbeat.control.v1.PipelineService/SetPipelineStorage", Editor, Stored),
    method("/downbeat.control.v1.PipelineService/ImportPipeline", Editor, Everything),
    method("/downbeat.control.v1.PipelineService/SyncPipeline", Editor, Pipeline("pipeline")),
    method("/downbeat.control.v1.PipelineService/CommitPipelineFile", Editor, Pipeline("pipeline")),
    method("/downbeat.control.v1.PipelineService/ReadPipelineFile", Viewer, Pipeline("pipeline")),
    method("/downbeat.control.v1.PipelineService/GetPipelineSync", Viewer, Pipeline("pipeline")),
    method("/downbeat.control.v1.ToolStateService/KeepToolState", Operator, Everything),
    method("/downbeat.control.v1.WebhookService/ListEndpoints", Viewer, Pipeline("pipeline")),
    method("/downbeat.control.v1.WebhookService/OpenEndpoint", Editor, Pipeline("pipeline")),
    method("/downbeat.control.v1.WebhookService/RotateEndpoint", Editor, Everything),
    method("/downbeat.control.v1.WebhookService/CloseEndpoint", Editor, Everything),
    method("/downbeat.metadata.v1.MetadataService/GetPosition", Viewer, Pipelines),
    method("/downbeat.metadata.v1.MetadataService/ListPipelines", Viewer, Pipelines),
    method("/downbeat.metadata.v1.MetadataService/GetPipelineSource", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.MetadataService/ListPipelineVersions", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.MetadataService/ListRuns", Viewer, Runs),
    method("/downbeat.metadata.v1.MetadataService/GetRun", Viewer, Run("run_id")),
    method("/downbeat.metadata.v1.MetadataService/ExplainRun", Viewer, Run("run_id")),
    streaming(method("/downbeat.metadata.v1.MetadataService/WatchRun", Viewer, Run("run_id"))),
    method("/downbeat.metadata.v1.MetadataService/ListTaskRuns", Viewer, Runs),
    method("/downbeat.metadata.v1.MetadataService/ListOperations", Viewer, RunOrAll),
    method("/downbeat.metadata.v1.MetadataService/ListAssets", Viewer, Everything),
    method("/downbeat.metadata.v1.MetadataService/ListBreaches", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.MetadataService/ListAlerts", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.MetadataService/GetRunLineage", Viewer, Run("run_id")),
    method("/downbeat.metadata.v1.MetadataService/ListBackfills", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.MetadataService/GetBackfill", Viewer, Backfill),
    streaming(method("/downbeat.metadata.v1.MetadataService/ReadTaskLog", Viewer, Run("run_id"))),
    method("/downbeat.metadata.v1.MetadataService/ListTaskArtifacts", Viewer, Run("run_id")),
    streaming(method("/downbeat.metadata.v1.MetadataService/ReadTaskArtifact", Viewer, Run("run_id"))),
    method("/downbeat.metadata.v1.MetadataService/ListAudit", Admin, Everything),
    streaming(method("/downbeat.metadata.v1.MetadataService/ExportAudit", Admin, Everything)),
    method("/downbeat.metadata.v1.AnswerService/GetNow", Viewer, Everything),
    method("/downbeat.metadata.v1.AnswerService/GetBroken", Viewer, Everything),
    method("/downbeat.metadata.v1.AssetService/GetAsset", Viewer, Everything),
    method("/downbeat.metadata.v1.AssetService/ListTestResults", Viewer, Everything),
    method("/downbeat.metadata.v1.AssetService/ListSchemaChanges", Viewer, Everything),
    method("/downbeat.metadata.v1.LineageService/GetLineage", Viewer, Everything),
    method("/downbeat.metadata.v1.LineageService/GetImpact", Viewer, Everything),
    method("/downbeat.metadata.v1.LineageService/FindLineagePath", Viewer, Everything),
    method("/downbeat.metadata.v1.LineageService/DiffRuns", Viewer, Everything),
    method("/downbeat.metadata.v1.CostService/GetCost", Viewer, Costs),
    method("/downbeat.metadata.v1.CostService/ListCostEntries", Viewer, Costs),
    method("/downbeat.metadata.v1.CostService/ListBudgets", Viewer, Everything),
    method("/downbeat.metadata.v1.CostService/GetPrices", Viewer, Everything),
    method("/downbeat.metadata.v1.CostService/VerifyLedger", Viewer, Everything),
    method("/downbeat.metadata.v1.CostService/GetSavings", Viewer, Everything),
    method("/downbeat.metadata.v1.ToolStateQueryService/ListToolState", Viewer, Everything),
    method("/downbeat.metadata.v1.TrendService/GetDurations", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.TrendService/ListSchedules", Viewer, Pipeline("pipeline")),
    method("/downbeat.metadata.v1.TrendService/ListIntegrations", Viewer, Everything),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use downbeat_proto::DESCRIPTORS;
    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::speech::Method;

    /// What services say among themselves.
    const INNER: [&str; 11] = [
        "downbeat.control.v1.AccessService/BeginLogin",
        "downbeat.control.v1.AccessService/CompleteLogin",
        "downbeat.control.v1.AccessService/NoteKeyUses",
        "downbeat.control.v1.AccessService/NoteToolCalls",
        "downbeat.control.v1.AccessService/RefreshLogin",
        "downbeat.control.v1.AccessService/WatchAccess",
        "downbeat.control.v1.ControlService/FireSchedules",
        "downbeat.control.v1.ControlService/NoteTimeZones",
        "downbeat.control.v1.ControlService/ReportLineage",
        "downbeat.control.v1.ControlService/TakeEvents",
        "downbeat.control.v1.PipelineService/RepositoryPushed",
    ];

    #[test]
    fn every_method_is_in_the_table_once_or_is_said_among_services() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let packages = ["downbeat.control.v1", "downbeat.metadata.v1"];
        let services = pool.services().filter(|service| packages.contains(&service.package_name()));
        let all: BTreeSet<String> = services
            .flat_map(|service| {
                let name = service.full_name().to_owned();
                service.methods().map(move |method| format!("{name}/{}", method.name())).collect::<Vec<_>>()
            })
            .collect();
        let listed: Vec<String> = TABLE.iter().map(|entry| entry.path.trim_start_matches('/').to_owned()).collect();
        let inner = INNER.map(str::to_owned);
        assert_eq!(listed.iter().cloned().chain(inner.clone()).collect::<BTreeSet<_>>(), all);
        assert_eq!(listed.len() + inner.len(), all.len(), "one stands there twice");
    }

    #[test]
    fn what_is_said_of_a_method_fits_its_messages() {
        for entry in TABLE {
            let method = Method::named(entry.path.trim_start_matches('/')).unwrap();
            assert_eq!(method.descriptor.is_server_streaming(), entry.streams, "{}", entry.path);
            assert!(!method.descriptor.is_client_streaming(), "{}", entry.path);
            let fields: &[&str] = match entry.about {
                About::Everything | About::Named(_) | About::Pipelines => &[],
                About::Pipeline(field) | About::Run(field) => &[field],
                About::Task => &["run_id", "task"],
                About::Backfill => &["backfill_id"],
                About::Costs => &["filter"],
                About::Applied => &["alias", "storage"],
                About::Stored => &["pipeline", "storage"],
                About::Started => &["pipeline", "branch", "commit"],
                About::Delivered => &["pipeline", "delivery_id", "signature_scheme"],
                About::Runs => &["pipeline_ids"],
                About::RunOrAll => &["run_id"],
            };
            for field in fields {
                let outer = field.split('.').next().unwrap_or_default();
                let found = method.descriptor.input().get_field_by_name(outer);
                assert!(found.is_some(), "{} has no {field}", entry.path);
            }
        }
    }
}
