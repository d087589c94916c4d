"""Every RPC that clients may call. Written by sdk/generate.py: change proto/ or sdk/rpcs.txt and run it again."""

from typing import Final

from downbeat._proto.control.v1 import access_pb2
from downbeat._proto.control.v1 import connections_pb2
from downbeat._proto.control.v1 import control_pb2
from downbeat._proto.control.v1 import environments_pb2
from downbeat._proto.control.v1 import pipelines_pb2
from downbeat._proto.control.v1 import webhooks_pb2
from downbeat._proto.metadata.v1 import answers_pb2
from downbeat._proto.metadata.v1 import assets_pb2
from downbeat._proto.metadata.v1 import audit_pb2
from downbeat._proto.metadata.v1 import cost_pb2
from downbeat._proto.metadata.v1 import lineage_pb2
from downbeat._proto.metadata.v1 import metadata_pb2
from downbeat._proto.metadata.v1 import savings_pb2
from downbeat._proto.metadata.v1 import trends_pb2
from downbeat._rpc import Kind, Stream, Unary


class AccessService:
    """RPCs of AccessService."""

    CreateKey: Final = Unary(
        "/downbeat.control.v1.AccessService/CreateKey",
        access_pb2.CreateKeyRequest,
        access_pb2.CreateKeyResponse,
        Kind.ONCE,
    )
    """Makes a key. A repeated call with the same idempotency key is refused, since the key itself is nowhere to be shown again."""

    EndLogin: Final = Unary(
        "/downbeat.control.v1.AccessService/EndLogin",
        access_pb2.EndLoginRequest,
        access_pb2.EndLoginResponse,
        Kind.KEYED,
    )
    """A login opens nothing any more."""

    ListKeys: Final = Unary(
        "/downbeat.control.v1.AccessService/ListKeys",
        access_pb2.ListKeysRequest,
        access_pb2.ListKeysResponse,
        Kind.READ,
    )
    """All keys that were made and not revoked, those that expired among them."""

    ListLogins: Final = Unary(
        "/downbeat.control.v1.AccessService/ListLogins",
        access_pb2.ListLoginsRequest,
        access_pb2.ListLoginsResponse,
        Kind.READ,
    )
    """All logins that open something, or will once their code is exchanged."""

    RevokeKey: Final = Unary(
        "/downbeat.control.v1.AccessService/RevokeKey",
        access_pb2.RevokeKeyRequest,
        access_pb2.RevokeKeyResponse,
        Kind.KEYED,
    )
    """The key opens nothing any more."""


class AnswerService:
    """RPCs of AnswerService."""

    GetBroken: Final = Unary(
        "/downbeat.metadata.v1.AnswerService/GetBroken",
        answers_pb2.GetBrokenRequest,
        answers_pb2.GetBrokenResponse,
        Kind.READ,
    )
    """Everything that fails now, grouped by its cause: what it is, what it takes along, since when, what changed before, and what to type."""

    GetNow: Final = Unary(
        "/downbeat.metadata.v1.AnswerService/GetNow",
        answers_pb2.GetNowRequest,
        answers_pb2.GetNowResponse,
        Kind.READ,
    )
    """What is live, what waits and for what, what is late, what comes next."""


class AssetService:
    """RPCs of AssetService."""

    GetAsset: Final = Unary(
        "/downbeat.metadata.v1.AssetService/GetAsset",
        assets_pb2.GetAssetRequest,
        assets_pb2.GetAssetResponse,
        Kind.READ,
    )
    """An asset with who writes it and who uses it."""

    ListSchemaChanges: Final = Unary(
        "/downbeat.metadata.v1.AssetService/ListSchemaChanges",
        assets_pb2.ListSchemaChangesRequest,
        assets_pb2.ListSchemaChangesResponse,
        Kind.READ,
    )
    """What became of the columns of assets, newest first."""

    ListTestResults: Final = Unary(
        "/downbeat.metadata.v1.AssetService/ListTestResults",
        assets_pb2.ListTestResultsRequest,
        assets_pb2.ListTestResultsResponse,
        Kind.READ,
    )
    """Results of tests, newest first."""


class ConnectionService:
    """RPCs of ConnectionService."""

    GetConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/GetConnection",
        connections_pb2.GetConnectionRequest,
        connections_pb2.GetConnectionResponse,
        Kind.READ,
    )

    ListConnections: Final = Unary(
        "/downbeat.control.v1.ConnectionService/ListConnections",
        connections_pb2.ListConnectionsRequest,
        connections_pb2.ListConnectionsResponse,
        Kind.READ,
    )

    RemoveConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/RemoveConnection",
        connections_pb2.RemoveConnectionRequest,
        connections_pb2.RemoveConnectionResponse,
        Kind.KEYED,
    )
    """Refused while current versions of pipelines use it, unless forced."""

    ResealConnections: Final = Unary(
        "/downbeat.control.v1.ConnectionService/ResealConnections",
        connections_pb2.ResealConnectionsRequest,
        connections_pb2.ResealConnectionsResponse,
        Kind.ONCE,
    )
    """Wraps the keys of all connections with the master key that seals now, so that older master keys can be taken away."""

    SaveConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/SaveConnection",
        connections_pb2.SaveConnectionRequest,
        connections_pb2.SaveConnectionResponse,
        Kind.KEYED,
    )
    """Makes a connection, or a further version of one: fields that are not named stay as they are. FAILED_PRECONDITION without a master key."""

    TestConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/TestConnection",
        connections_pb2.TestConnectionRequest,
        connections_pb2.TestConnectionResponse,
        Kind.ONCE,
    )
    """A worker tries it, which takes at most 45 seconds. FAILED_PRECONDITION where nobody can: there is no cheap question to that integration, or no worker is attached."""


class ControlService:
    """RPCs of ControlService."""

    ApplyPipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/ApplyPipeline",
        control_pb2.ApplyPipelineRequest,
        control_pb2.ApplyPipelineResponse,
        Kind.SAME,
    )
    """Stores a new version of a pipeline; the same text again is the same version."""

    CancelBackfill: Final = Unary(
        "/downbeat.control.v1.ControlService/CancelBackfill",
        control_pb2.CancelBackfillRequest,
        control_pb2.CancelBackfillResponse,
        Kind.KEYED,
    )
    """Starts nothing more of a backfill and cancels its live runs."""

    CancelRun: Final = Unary(
        "/downbeat.control.v1.ControlService/CancelRun",
        control_pb2.CancelRunRequest,
        control_pb2.CancelRunResponse,
        Kind.KEYED,
    )

    CreateBackfill: Final = Unary(
        "/downbeat.control.v1.ControlService/CreateBackfill",
        control_pb2.CreateBackfillRequest,
        control_pb2.CreateBackfillResponse,
        Kind.KEYED,
    )
    """Runs past instants of a schedule, one after the other."""

    DecideApproval: Final = Unary(
        "/downbeat.control.v1.ControlService/DecideApproval",
        control_pb2.DecideApprovalRequest,
        control_pb2.DecideApprovalResponse,
        Kind.KEYED,
    )
    """Approves or rejects an ORCHESTRA/APPROVAL."""

    DeletePipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/DeletePipeline",
        control_pb2.DeletePipelineRequest,
        control_pb2.DeletePipelineResponse,
        Kind.KEYED,
    )
    """Cancels its live runs; applying it again brings it back."""

    ExplainWaiting: Final = Unary(
        "/downbeat.control.v1.ControlService/ExplainWaiting",
        control_pb2.ExplainWaitingRequest,
        control_pb2.ExplainWaitingResponse,
        Kind.READ,
    )
    """What a run, or one of its tasks, waits for at this moment: which gate holds it, since when, who is ahead."""

    GetPipelineHealth: Final = Unary(
        "/downbeat.control.v1.ControlService/GetPipelineHealth",
        control_pb2.GetPipelineHealthRequest,
        control_pb2.GetPipelineHealthResponse,
        Kind.READ,
    )
    """What a pipeline promises about time, how that stands, and what its asset triggers have gathered."""

    ListPools: Final = Unary(
        "/downbeat.control.v1.ControlService/ListPools",
        control_pb2.ListPoolsRequest,
        control_pb2.ListPoolsResponse,
        Kind.READ,
    )

    ListSensors: Final = Unary(
        "/downbeat.control.v1.ControlService/ListSensors",
        control_pb2.ListSensorsRequest,
        control_pb2.ListSensorsResponse,
        Kind.READ,
    )
    """The sensors of a pipeline: open windows, what their checks found, when they are asked again."""

    MarkTask: Final = Unary(
        "/downbeat.control.v1.ControlService/MarkTask",
        control_pb2.MarkTaskRequest,
        control_pb2.MarkTaskResponse,
        Kind.KEYED,
    )
    """Decides the outcome of a task by hand. What a worker holds is stopped first."""

    PausePipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/PausePipeline",
        control_pb2.PausePipelineRequest,
        control_pb2.PausePipelineResponse,
        Kind.KEYED,
    )
    """Nothing of a paused pipeline starts; live runs go on."""

    PreviewBackfill: Final = Unary(
        "/downbeat.control.v1.ControlService/PreviewBackfill",
        control_pb2.PreviewBackfillRequest,
        control_pb2.PreviewBackfillResponse,
        Kind.READ,
    )
    """What CreateBackfill would do at this moment. Nothing is started."""

    PreviewSchedule: Final = Unary(
        "/downbeat.control.v1.ControlService/PreviewSchedule",
        control_pb2.PreviewScheduleRequest,
        control_pb2.PreviewScheduleResponse,
        Kind.READ,
    )
    """The next firings of the schedules of a pipeline."""

    RecordCosts: Final = Unary(
        "/downbeat.control.v1.ControlService/RecordCosts",
        control_pb2.RecordCostsRequest,
        control_pb2.RecordCostsResponse,
        Kind.SAME,
    )
    """Enters what was billed, all of it or nothing. A bill that was told before is not entered again."""

    ReleaseRun: Final = Unary(
        "/downbeat.control.v1.ControlService/ReleaseRun",
        control_pb2.ReleaseRunRequest,
        control_pb2.ReleaseRunResponse,
        Kind.SAME,
    )
    """Lets a run go that waits because a budget is spent."""

    ReportLineage: Final = Unary(
        "/downbeat.control.v1.ControlService/ReportLineage",
        control_pb2.ReportLineageRequest,
        control_pb2.ReportLineageResponse,
        Kind.SAME,
    )
    """Records what other systems say about their own runs, each part once. Whoever takes their events (OpenLineage) reads them; nothing else is believed of them than what it says."""

    RestartRun: Final = Unary(
        "/downbeat.control.v1.ControlService/RestartRun",
        control_pb2.RestartRunRequest,
        control_pb2.RestartRunResponse,
        Kind.KEYED,
    )
    """Runs a run that has ended again, wholly or in part, as a new run that is linked to it."""

    ResumePipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/ResumePipeline",
        control_pb2.ResumePipelineRequest,
        control_pb2.ResumePipelineResponse,
        Kind.KEYED,
    )

    RetryAlert: Final = Unary(
        "/downbeat.control.v1.ControlService/RetryAlert",
        control_pb2.RetryAlertRequest,
        control_pb2.RetryAlertResponse,
        Kind.KEYED,
    )
    """Tries an alert once more that was given up."""

    SetBudget: Final = Unary(
        "/downbeat.control.v1.ControlService/SetBudget",
        control_pb2.SetBudgetRequest,
        control_pb2.SetBudgetResponse,
        Kind.KEYED,
    )
    """Gives an owner a budget, or takes it away."""

    SetPool: Final = Unary(
        "/downbeat.control.v1.ControlService/SetPool",
        control_pb2.SetPoolRequest,
        control_pb2.SetPoolResponse,
        Kind.KEYED,
    )
    """Named pools of slots, shared by all pipelines."""

    SetPrices: Final = Unary(
        "/downbeat.control.v1.ControlService/SetPrices",
        control_pb2.SetPricesRequest,
        control_pb2.SetPricesResponse,
        Kind.KEYED,
    )
    """These prices count from now on, and no others."""

    StartRun: Final = Unary(
        "/downbeat.control.v1.ControlService/StartRun",
        control_pb2.StartRunRequest,
        control_pb2.StartRunResponse,
        Kind.KEYED,
    )

    TakeEvents: Final = Unary(
        "/downbeat.control.v1.ControlService/TakeEvents",
        control_pb2.TakeEventsRequest,
        control_pb2.TakeEventsResponse,
        Kind.SAME,
    )
    """Events from outside, each for every trigger that listens to its subject. Idempotent: a trigger takes an event, told by its source and id, once. An error leaves it open how many have taken which: ask again."""

    TakeSensorEvent: Final = Unary(
        "/downbeat.control.v1.ControlService/TakeSensorEvent",
        control_pb2.TakeSensorEventRequest,
        control_pb2.TakeSensorEventResponse,
        Kind.KEYED,
    )
    """An event for checks of kind ORCHESTRA_WEBHOOK_EVENT; kept for seven days."""

    TakeWebhook: Final = Unary(
        "/downbeat.control.v1.ControlService/TakeWebhook",
        control_pb2.TakeWebhookRequest,
        control_pb2.TakeWebhookResponse,
        Kind.SAME,
    )
    """A call from outside starts a run of the pipeline; the same delivery again is answered with the same run. Who calls was checked by whoever took the call."""


class CostService:
    """RPCs of CostService."""

    GetCost: Final = Unary(
        "/downbeat.metadata.v1.CostService/GetCost",
        cost_pb2.GetCostRequest,
        cost_pb2.GetCostResponse,
        Kind.READ,
    )
    """Sums, grouped as asked for."""

    GetPrices: Final = Unary(
        "/downbeat.metadata.v1.CostService/GetPrices",
        cost_pb2.GetPricesRequest,
        cost_pb2.GetPricesResponse,
        Kind.READ,
    )
    """The prices that count."""

    GetSavings: Final = Unary(
        "/downbeat.metadata.v1.CostService/GetSavings",
        savings_pb2.GetSavingsRequest,
        savings_pb2.GetSavingsResponse,
        Kind.READ,
    )
    """What could be saved, by fixed rules."""

    ListBudgets: Final = Unary(
        "/downbeat.metadata.v1.CostService/ListBudgets",
        cost_pb2.ListBudgetsRequest,
        cost_pb2.ListBudgetsResponse,
        Kind.READ,
    )
    """Budgets and what is spent of them in their period."""

    ListCostEntries: Final = Unary(
        "/downbeat.metadata.v1.CostService/ListCostEntries",
        cost_pb2.ListCostEntriesRequest,
        cost_pb2.ListCostEntriesResponse,
        Kind.READ,
    )
    """Entries, those used last first."""

    VerifyLedger: Final = Unary(
        "/downbeat.metadata.v1.CostService/VerifyLedger",
        cost_pb2.VerifyLedgerRequest,
        cost_pb2.VerifyLedgerResponse,
        Kind.READ,
    )
    """Adds up every entry anew and compares with the sums that are kept (INV-13). Reads all entries."""


class EnvironmentService:
    """RPCs of EnvironmentService."""

    ListEnvironments: Final = Unary(
        "/downbeat.control.v1.EnvironmentService/ListEnvironments",
        environments_pb2.ListEnvironmentsRequest,
        environments_pb2.ListEnvironmentsResponse,
        Kind.READ,
    )

    RemoveEnvironment: Final = Unary(
        "/downbeat.control.v1.EnvironmentService/RemoveEnvironment",
        environments_pb2.RemoveEnvironmentRequest,
        environments_pb2.RemoveEnvironmentResponse,
        Kind.KEYED,
    )
    """The default one can only be removed last."""

    SetEnvironment: Final = Unary(
        "/downbeat.control.v1.EnvironmentService/SetEnvironment",
        environments_pb2.SetEnvironmentRequest,
        environments_pb2.SetEnvironmentResponse,
        Kind.KEYED,
    )
    """Makes an environment, or gives one another name and other values: all of them, those that are not named are gone. The first one is the default; making another one the default takes that from the one before."""


class LineageService:
    """RPCs of LineageService."""

    DiffRuns: Final = Unary(
        "/downbeat.metadata.v1.LineageService/DiffRuns",
        lineage_pb2.DiffRunsRequest,
        lineage_pb2.DiffRunsResponse,
        Kind.READ,
    )

    FindLineagePath: Final = Unary(
        "/downbeat.metadata.v1.LineageService/FindLineagePath",
        lineage_pb2.FindLineagePathRequest,
        lineage_pb2.FindLineagePathResponse,
        Kind.READ,
    )

    GetImpact: Final = Unary(
        "/downbeat.metadata.v1.LineageService/GetImpact",
        lineage_pb2.GetImpactRequest,
        lineage_pb2.GetImpactResponse,
        Kind.READ,
    )
    """What breaks if an asset, or a column of it, goes or changes."""

    GetLineage: Final = Unary(
        "/downbeat.metadata.v1.LineageService/GetLineage",
        lineage_pb2.GetLineageRequest,
        lineage_pb2.GetLineageResponse,
        Kind.READ,
    )
    """What an asset came of, and what came of it."""


class MetadataService:
    """RPCs of MetadataService."""

    ExplainRun: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ExplainRun",
        metadata_pb2.ExplainRunRequest,
        metadata_pb2.ExplainRunResponse,
        Kind.READ,
    )
    """Why a run, or one of its tasks, went as it did: read from its events."""

    ExportAudit: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/ExportAudit",
        audit_pb2.ExportAuditRequest,
        audit_pb2.ExportAuditResponse,
        Kind.READ,
    )
    """The same in the order of the log, as lines of JSON that are chained by their hashes."""

    GetBackfill: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetBackfill",
        metadata_pb2.GetBackfillRequest,
        metadata_pb2.GetBackfillResponse,
        Kind.READ,
    )
    """A backfill, and what has become of its instants."""

    GetPipelineSource: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetPipelineSource",
        metadata_pb2.GetPipelineSourceRequest,
        metadata_pb2.GetPipelineSourceResponse,
        Kind.READ,
    )
    """The text of a pipeline's version, as it was applied."""

    GetPosition: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetPosition",
        metadata_pb2.GetPositionRequest,
        metadata_pb2.GetPositionResponse,
        Kind.READ,
    )

    GetRun: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetRun",
        metadata_pb2.GetRunRequest,
        metadata_pb2.GetRunResponse,
        Kind.READ,
    )
    """A run with all its task runs."""

    GetRunLineage: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetRunLineage",
        metadata_pb2.GetRunLineageRequest,
        metadata_pb2.GetRunLineageResponse,
        Kind.READ,
    )
    """Asset lineage of one run."""

    ListAlerts: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListAlerts",
        metadata_pb2.ListAlertsRequest,
        metadata_pb2.ListAlertsResponse,
        Kind.READ,
    )
    """Alerts, newest first: those that were delivered, those that will be tried, those that were given up."""

    ListAssets: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListAssets",
        metadata_pb2.ListAssetsRequest,
        metadata_pb2.ListAssetsResponse,
        Kind.READ,
    )

    ListAudit: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListAudit",
        audit_pb2.ListAuditRequest,
        audit_pb2.ListAuditResponse,
        Kind.READ,
    )
    """Who did what: commands, also those that were refused, newest first."""

    ListBackfills: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListBackfills",
        metadata_pb2.ListBackfillsRequest,
        metadata_pb2.ListBackfillsResponse,
        Kind.READ,
    )

    ListBreaches: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListBreaches",
        metadata_pb2.ListBreachesRequest,
        metadata_pb2.ListBreachesResponse,
        Kind.READ,
    )
    """Breaches of freshness rules and deadlines, newest first."""

    ListOperations: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListOperations",
        metadata_pb2.ListOperationsRequest,
        metadata_pb2.ListOperationsResponse,
        Kind.READ,
    )

    ListPipelines: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListPipelines",
        metadata_pb2.ListPipelinesRequest,
        metadata_pb2.ListPipelinesResponse,
        Kind.READ,
    )

    ListRuns: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListRuns",
        metadata_pb2.ListRunsRequest,
        metadata_pb2.ListRunsResponse,
        Kind.READ,
    )

    ListTaskRuns: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListTaskRuns",
        metadata_pb2.ListTaskRunsRequest,
        metadata_pb2.ListTaskRunsResponse,
        Kind.READ,
    )
    """Task runs over all runs, or of one: those of newer runs first, in a run by their place."""

    ReadTaskLog: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/ReadTaskLog",
        metadata_pb2.ReadTaskLogRequest,
        metadata_pb2.ReadTaskLogResponse,
        Kind.READ,
    )
    """The log text of one attempt of a task, or a range of its bytes, while it runs and afterwards; with `follow` it goes on until the attempt has ended. Credentials were taken out when it was written, so no range shows a part of one."""

    WatchRun: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/WatchRun",
        metadata_pb2.WatchRunRequest,
        metadata_pb2.WatchRunResponse,
        Kind.READ,
    )
    """The run now and after every change, until it has finished."""


class PipelineService:
    """RPCs of PipelineService."""

    GetPipelineSync: Final = Unary(
        "/downbeat.control.v1.PipelineService/GetPipelineSync",
        pipelines_pb2.GetPipelineSyncRequest,
        pipelines_pb2.GetPipelineSyncResponse,
        Kind.READ,
    )
    """How a pipeline stands to its repository, as far as this coordinator has looked since it began."""

    ImportPipeline: Final = Unary(
        "/downbeat.control.v1.PipelineService/ImportPipeline",
        pipelines_pb2.ImportPipelineRequest,
        pipelines_pb2.ImportPipelineResponse,
        Kind.ONCE,
    )
    """Makes a pipeline of a file in a repository."""

    ReadPipelineFile: Final = Unary(
        "/downbeat.control.v1.PipelineService/ReadPipelineFile",
        pipelines_pb2.ReadPipelineFileRequest,
        pipelines_pb2.ReadPipelineFileResponse,
        Kind.READ,
    )
    """The file as it is on a branch or at a commit; nothing is stored."""

    SetPipelineStorage: Final = Unary(
        "/downbeat.control.v1.PipelineService/SetPipelineStorage",
        pipelines_pb2.SetPipelineStorageRequest,
        pipelines_pb2.SetPipelineStorageResponse,
        Kind.KEYED,
    )
    """Says where the file of a pipeline is kept from now on. Its versions stay."""

    SyncPipeline: Final = Unary(
        "/downbeat.control.v1.PipelineService/SyncPipeline",
        pipelines_pb2.SyncPipelineRequest,
        pipelines_pb2.SyncPipelineResponse,
        Kind.SAME,
    )
    """Brings a pipeline up to the file in its repository."""


class TrendService:
    """RPCs of TrendService."""

    GetDurations: Final = Unary(
        "/downbeat.metadata.v1.TrendService/GetDurations",
        trends_pb2.GetDurationsRequest,
        trends_pb2.GetDurationsResponse,
        Kind.READ,
    )
    """Durations of pipelines and of their tasks, with what is usual for them."""

    ListIntegrations: Final = Unary(
        "/downbeat.metadata.v1.TrendService/ListIntegrations",
        trends_pb2.ListIntegrationsRequest,
        trends_pb2.ListIntegrationsResponse,
        Kind.READ,
    )
    """Integrations by connection: attempts, failures by class, and whether they work."""

    ListSchedules: Final = Unary(
        "/downbeat.metadata.v1.TrendService/ListSchedules",
        trends_pb2.ListSchedulesRequest,
        trends_pb2.ListSchedulesResponse,
        Kind.READ,
    )
    """Schedules: how late their runs begin, which instants have none and why, whether their runs change anything."""


class WebhookService:
    """RPCs of WebhookService."""

    CloseEndpoint: Final = Unary(
        "/downbeat.control.v1.WebhookService/CloseEndpoint",
        webhooks_pb2.CloseEndpointRequest,
        webhooks_pb2.CloseEndpointResponse,
        Kind.KEYED,
    )
    """The address starts nothing any more."""

    ListEndpoints: Final = Unary(
        "/downbeat.control.v1.WebhookService/ListEndpoints",
        webhooks_pb2.ListEndpointsRequest,
        webhooks_pb2.ListEndpointsResponse,
        Kind.READ,
    )
    """Those that are open."""

    OpenEndpoint: Final = Unary(
        "/downbeat.control.v1.WebhookService/OpenEndpoint",
        webhooks_pb2.OpenEndpointRequest,
        webhooks_pb2.OpenEndpointResponse,
        Kind.ONCE,
    )
    """Makes an address. A repeated call with the same idempotency key is refused, since the address is nowhere to be shown again."""

    RotateEndpoint: Final = Unary(
        "/downbeat.control.v1.WebhookService/RotateEndpoint",
        webhooks_pb2.RotateEndpointRequest,
        webhooks_pb2.RotateEndpointResponse,
        Kind.ONCE,
    )
    """Gives it a further secret; those before stay valid for a while."""
