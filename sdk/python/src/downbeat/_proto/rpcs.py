"""Every RPC that clients may call. Written by sdk/generate.py: change proto/ or sdk/rpcs.txt and run it again."""

from typing import Final

from downbeat._proto.control.v1 import access_pb2 as control_access
from downbeat._proto.control.v1 import connections_pb2 as control_connections
from downbeat._proto.control.v1 import control_pb2 as control_control
from downbeat._proto.control.v1 import environments_pb2 as control_environments
from downbeat._proto.control.v1 import inventory_pb2 as control_inventory
from downbeat._proto.control.v1 import pipelines_pb2 as control_pipelines
from downbeat._proto.control.v1 import tool_state_pb2 as control_tool_state
from downbeat._proto.control.v1 import webhooks_pb2 as control_webhooks
from downbeat._proto.metadata.v1 import answers_pb2 as metadata_answers
from downbeat._proto.metadata.v1 import assets_pb2 as metadata_assets
from downbeat._proto.metadata.v1 import audit_pb2 as metadata_audit
from downbeat._proto.metadata.v1 import cost_pb2 as metadata_cost
from downbeat._proto.metadata.v1 import lineage_pb2 as metadata_lineage
from downbeat._proto.metadata.v1 import metadata_pb2 as metadata_metadata
from downbeat._proto.metadata.v1 import savings_pb2 as metadata_savings
from downbeat._proto.metadata.v1 import tool_state_pb2 as metadata_tool_state
from downbeat._proto.metadata.v1 import trends_pb2 as metadata_trends
from downbeat._rpc import Kind, Stream, Unary


class AccessService:
    """RPCs of AccessService."""

    CreateKey: Final = Unary(
        "/downbeat.control.v1.AccessService/CreateKey",
        control_access.CreateKeyRequest,
        control_access.CreateKeyResponse,
        Kind.ONCE,
    )
    """Makes a key. A repeated call with the same idempotency key is refused, since the key itself is nowhere to be shown again."""

    EndLogin: Final = Unary(
        "/downbeat.control.v1.AccessService/EndLogin",
        control_access.EndLoginRequest,
        control_access.EndLoginResponse,
        Kind.KEYED,
    )
    """A login opens nothing any more."""

    ListKeys: Final = Unary(
        "/downbeat.control.v1.AccessService/ListKeys",
        control_access.ListKeysRequest,
        control_access.ListKeysResponse,
        Kind.READ,
    )
    """All keys that were made and not revoked, those that expired among them."""

    ListLogins: Final = Unary(
        "/downbeat.control.v1.AccessService/ListLogins",
        control_access.ListLoginsRequest,
        control_access.ListLoginsResponse,
        Kind.READ,
    )
    """All logins that open something, or will once their code is exchanged."""

    RevokeKey: Final = Unary(
        "/downbeat.control.v1.AccessService/RevokeKey",
        control_access.RevokeKeyRequest,
        control_access.RevokeKeyResponse,
        Kind.KEYED,
    )
    """The key opens nothing any more."""


class AnswerService:
    """RPCs of AnswerService."""

    GetBroken: Final = Unary(
        "/downbeat.metadata.v1.AnswerService/GetBroken",
        metadata_answers.GetBrokenRequest,
        metadata_answers.GetBrokenResponse,
        Kind.READ,
    )
    """Everything that fails now, grouped by its cause: what it is, what it takes along, since when, what changed before, and what to type."""

    GetNow: Final = Unary(
        "/downbeat.metadata.v1.AnswerService/GetNow",
        metadata_answers.GetNowRequest,
        metadata_answers.GetNowResponse,
        Kind.READ,
    )
    """What is live, what waits and for what, what is late, what comes next."""


class AssetService:
    """RPCs of AssetService."""

    GetAsset: Final = Unary(
        "/downbeat.metadata.v1.AssetService/GetAsset",
        metadata_assets.GetAssetRequest,
        metadata_assets.GetAssetResponse,
        Kind.READ,
    )
    """An asset with who writes it and who uses it."""

    ListSchemaChanges: Final = Unary(
        "/downbeat.metadata.v1.AssetService/ListSchemaChanges",
        metadata_assets.ListSchemaChangesRequest,
        metadata_assets.ListSchemaChangesResponse,
        Kind.READ,
    )
    """What became of the columns of assets, newest first."""

    ListTestResults: Final = Unary(
        "/downbeat.metadata.v1.AssetService/ListTestResults",
        metadata_assets.ListTestResultsRequest,
        metadata_assets.ListTestResultsResponse,
        Kind.READ,
    )
    """Results of tests, newest first."""


class ConnectionService:
    """RPCs of ConnectionService."""

    GetConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/GetConnection",
        control_connections.GetConnectionRequest,
        control_connections.GetConnectionResponse,
        Kind.READ,
    )

    ListConnections: Final = Unary(
        "/downbeat.control.v1.ConnectionService/ListConnections",
        control_connections.ListConnectionsRequest,
        control_connections.ListConnectionsResponse,
        Kind.READ,
    )

    RemoveConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/RemoveConnection",
        control_connections.RemoveConnectionRequest,
        control_connections.RemoveConnectionResponse,
        Kind.KEYED,
    )
    """Refused while current versions of pipelines use it, unless forced."""

    ResealConnections: Final = Unary(
        "/downbeat.control.v1.ConnectionService/ResealConnections",
        control_connections.ResealConnectionsRequest,
        control_connections.ResealConnectionsResponse,
        Kind.ONCE,
    )
    """Wraps the keys of all connections with the master key that seals now, so that older master keys can be taken away."""

    SaveConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/SaveConnection",
        control_connections.SaveConnectionRequest,
        control_connections.SaveConnectionResponse,
        Kind.KEYED,
    )
    """Makes a connection, or a further version of one: fields that are not named stay as they are. FAILED_PRECONDITION without a master key."""

    TestConnection: Final = Unary(
        "/downbeat.control.v1.ConnectionService/TestConnection",
        control_connections.TestConnectionRequest,
        control_connections.TestConnectionResponse,
        Kind.ONCE,
    )
    """A worker tries it, which takes at most 45 seconds. FAILED_PRECONDITION where nobody can: there is no cheap question to that integration, or no worker is attached."""


class ControlService:
    """RPCs of ControlService."""

    ApplyPipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/ApplyPipeline",
        control_control.ApplyPipelineRequest,
        control_control.ApplyPipelineResponse,
        Kind.SAME,
    )
    """Stores a new version of a pipeline; the same text again is the same version."""

    CancelBackfill: Final = Unary(
        "/downbeat.control.v1.ControlService/CancelBackfill",
        control_control.CancelBackfillRequest,
        control_control.CancelBackfillResponse,
        Kind.KEYED,
    )
    """Starts nothing more of a backfill and cancels its live runs."""

    CancelRun: Final = Unary(
        "/downbeat.control.v1.ControlService/CancelRun",
        control_control.CancelRunRequest,
        control_control.CancelRunResponse,
        Kind.KEYED,
    )

    CreateBackfill: Final = Unary(
        "/downbeat.control.v1.ControlService/CreateBackfill",
        control_control.CreateBackfillRequest,
        control_control.CreateBackfillResponse,
        Kind.KEYED,
    )
    """Runs past instants of a schedule, one after the other."""

    DecideApproval: Final = Unary(
        "/downbeat.control.v1.ControlService/DecideApproval",
        control_control.DecideApprovalRequest,
        control_control.DecideApprovalResponse,
        Kind.KEYED,
    )
    """Approves or rejects an ORCHESTRA/APPROVAL."""

    DeletePipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/DeletePipeline",
        control_control.DeletePipelineRequest,
        control_control.DeletePipelineResponse,
        Kind.KEYED,
    )
    """Cancels its live runs; applying it again brings it back."""

    ExplainWaiting: Final = Unary(
        "/downbeat.control.v1.ControlService/ExplainWaiting",
        control_control.ExplainWaitingRequest,
        control_control.ExplainWaitingResponse,
        Kind.READ,
    )
    """What a run, or one of its tasks, waits for at this moment: which gate holds it, since when, who is ahead."""

    GetLogLevel: Final = Unary(
        "/downbeat.control.v1.ControlService/GetLogLevel",
        control_control.GetLogLevelRequest,
        control_control.GetLogLevelResponse,
        Kind.READ,
    )
    """How new whoever acts on the log has to be."""

    GetPipelineHealth: Final = Unary(
        "/downbeat.control.v1.ControlService/GetPipelineHealth",
        control_control.GetPipelineHealthRequest,
        control_control.GetPipelineHealthResponse,
        Kind.READ,
    )
    """What a pipeline promises about time, how that stands, and what its asset triggers have gathered."""

    ListPools: Final = Unary(
        "/downbeat.control.v1.ControlService/ListPools",
        control_control.ListPoolsRequest,
        control_control.ListPoolsResponse,
        Kind.READ,
    )

    ListSensors: Final = Unary(
        "/downbeat.control.v1.ControlService/ListSensors",
        control_control.ListSensorsRequest,
        control_control.ListSensorsResponse,
        Kind.READ,
    )
    """The sensors of a pipeline: open windows, what their checks found, when they are asked again."""

    MarkTask: Final = Unary(
        "/downbeat.control.v1.ControlService/MarkTask",
        control_control.MarkTaskRequest,
        control_control.MarkTaskResponse,
        Kind.KEYED,
    )
    """Decides the outcome of a task by hand. What a worker holds is stopped first."""

    PausePipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/PausePipeline",
        control_control.PausePipelineRequest,
        control_control.PausePipelineResponse,
        Kind.KEYED,
    )
    """Nothing of a paused pipeline starts; live runs go on."""

    PreviewBackfill: Final = Unary(
        "/downbeat.control.v1.ControlService/PreviewBackfill",
        control_control.PreviewBackfillRequest,
        control_control.PreviewBackfillResponse,
        Kind.READ,
    )
    """What CreateBackfill would do at this moment. Nothing is started."""

    PreviewSchedule: Final = Unary(
        "/downbeat.control.v1.ControlService/PreviewSchedule",
        control_control.PreviewScheduleRequest,
        control_control.PreviewScheduleResponse,
        Kind.READ,
    )
    """The next firings of the schedules of a pipeline."""

    RaiseLogLevel: Final = Unary(
        "/downbeat.control.v1.ControlService/RaiseLogLevel",
        control_control.RaiseLogLevelRequest,
        control_control.RaiseLogLevelResponse,
        Kind.KEYED,
    )
    """Raises it to the newest that the coordinator knows. From then on no older version can go on with the log."""

    RecordCosts: Final = Unary(
        "/downbeat.control.v1.ControlService/RecordCosts",
        control_control.RecordCostsRequest,
        control_control.RecordCostsResponse,
        Kind.SAME,
    )
    """Enters what was billed, all of it or nothing. A bill that was told before is not entered again."""

    ReleaseRun: Final = Unary(
        "/downbeat.control.v1.ControlService/ReleaseRun",
        control_control.ReleaseRunRequest,
        control_control.ReleaseRunResponse,
        Kind.SAME,
    )
    """Lets a run go that waits because a budget is spent."""

    RestartRun: Final = Unary(
        "/downbeat.control.v1.ControlService/RestartRun",
        control_control.RestartRunRequest,
        control_control.RestartRunResponse,
        Kind.KEYED,
    )
    """Runs a run that has ended again, wholly or in part, as a new run that is linked to it."""

    ResumePipeline: Final = Unary(
        "/downbeat.control.v1.ControlService/ResumePipeline",
        control_control.ResumePipelineRequest,
        control_control.ResumePipelineResponse,
        Kind.KEYED,
    )

    RetryAlert: Final = Unary(
        "/downbeat.control.v1.ControlService/RetryAlert",
        control_control.RetryAlertRequest,
        control_control.RetryAlertResponse,
        Kind.KEYED,
    )
    """Tries an alert once more that was given up."""

    SetBudget: Final = Unary(
        "/downbeat.control.v1.ControlService/SetBudget",
        control_control.SetBudgetRequest,
        control_control.SetBudgetResponse,
        Kind.KEYED,
    )
    """Gives an owner a budget, or takes it away."""

    SetPool: Final = Unary(
        "/downbeat.control.v1.ControlService/SetPool",
        control_control.SetPoolRequest,
        control_control.SetPoolResponse,
        Kind.KEYED,
    )
    """Named pools of slots, shared by all pipelines."""

    SetPrices: Final = Unary(
        "/downbeat.control.v1.ControlService/SetPrices",
        control_control.SetPricesRequest,
        control_control.SetPricesResponse,
        Kind.KEYED,
    )
    """These prices count from now on, and no others."""

    StartRun: Final = Unary(
        "/downbeat.control.v1.ControlService/StartRun",
        control_control.StartRunRequest,
        control_control.StartRunResponse,
        Kind.KEYED,
    )

    TakeSensorEvent: Final = Unary(
        "/downbeat.control.v1.ControlService/TakeSensorEvent",
        control_control.TakeSensorEventRequest,
        control_control.TakeSensorEventResponse,
        Kind.KEYED,
    )
    """An event for checks of kind ORCHESTRA_WEBHOOK_EVENT; kept for seven days."""

    TakeWebhook: Final = Unary(
        "/downbeat.control.v1.ControlService/TakeWebhook",
        control_control.TakeWebhookRequest,
        control_control.TakeWebhookResponse,
        Kind.SAME,
    )
    """A call from outside starts a run of the pipeline; the same delivery again is answered with the same run. Who calls was checked by whoever took the call."""


class CostService:
    """RPCs of CostService."""

    GetCost: Final = Unary(
        "/downbeat.metadata.v1.CostService/GetCost",
        metadata_cost.GetCostRequest,
        metadata_cost.GetCostResponse,
        Kind.READ,
    )
    """Sums, grouped as asked for."""

    GetPrices: Final = Unary(
        "/downbeat.metadata.v1.CostService/GetPrices",
        metadata_cost.GetPricesRequest,
        metadata_cost.GetPricesResponse,
        Kind.READ,
    )
    """The prices that count."""

    GetSavings: Final = Unary(
        "/downbeat.metadata.v1.CostService/GetSavings",
        metadata_savings.GetSavingsRequest,
        metadata_savings.GetSavingsResponse,
        Kind.READ,
    )
    """What could be saved, by fixed rules."""

    ListBudgets: Final = Unary(
        "/downbeat.metadata.v1.CostService/ListBudgets",
        metadata_cost.ListBudgetsRequest,
        metadata_cost.ListBudgetsResponse,
        Kind.READ,
    )
    """Budgets and what is spent of them in their period."""

    ListCostEntries: Final = Unary(
        "/downbeat.metadata.v1.CostService/ListCostEntries",
        metadata_cost.ListCostEntriesRequest,
        metadata_cost.ListCostEntriesResponse,
        Kind.READ,
    )
    """Entries, those used last first."""

    VerifyLedger: Final = Unary(
        "/downbeat.metadata.v1.CostService/VerifyLedger",
        metadata_cost.VerifyLedgerRequest,
        metadata_cost.VerifyLedgerResponse,
        Kind.READ,
    )
    """Adds up every entry anew and compares with the sums that are kept (INV-13). Reads all entries."""


class EnvironmentService:
    """RPCs of EnvironmentService."""

    ListEnvironments: Final = Unary(
        "/downbeat.control.v1.EnvironmentService/ListEnvironments",
        control_environments.ListEnvironmentsRequest,
        control_environments.ListEnvironmentsResponse,
        Kind.READ,
    )

    RemoveEnvironment: Final = Unary(
        "/downbeat.control.v1.EnvironmentService/RemoveEnvironment",
        control_environments.RemoveEnvironmentRequest,
        control_environments.RemoveEnvironmentResponse,
        Kind.KEYED,
    )
    """The default one can only be removed last."""

    SetEnvironment: Final = Unary(
        "/downbeat.control.v1.EnvironmentService/SetEnvironment",
        control_environments.SetEnvironmentRequest,
        control_environments.SetEnvironmentResponse,
        Kind.KEYED,
    )
    """Makes an environment, or gives one another name and other values: all of them, those that are not named are gone. The first one is the default; making another one the default takes that from the one before."""


class InventoryService:
    """RPCs of InventoryService."""

    DeclareAsset: Final = Unary(
        "/downbeat.control.v1.InventoryService/DeclareAsset",
        control_inventory.DeclareAssetRequest,
        control_inventory.DeclareAssetResponse,
        Kind.KEYED,
    )
    """Declares an asset, or changes what is declared of one. An asset that runs report under the same key is the same asset: what is declared goes before what they report."""

    DeclareDependencies: Final = Unary(
        "/downbeat.control.v1.InventoryService/DeclareDependencies",
        control_inventory.DeclareDependenciesRequest,
        control_inventory.DeclareDependenciesResponse,
        Kind.KEYED,
    )
    """Says which assets are made of which, all of it or nothing. Whether there are such assets is not looked at: one that nobody has told of becomes known by this."""

    RemoveAsset: Final = Unary(
        "/downbeat.control.v1.InventoryService/RemoveAsset",
        control_inventory.RemoveAssetRequest,
        control_inventory.RemoveAssetResponse,
        Kind.KEYED,
    )
    """An asset is gone from lists and from lineage, with the dependencies at both of its ends, until something tells of it again. Runs report assets that nobody declares: those go as well, and whether there is such an asset is not looked at."""


class LineageService:
    """RPCs of LineageService."""

    DiffRuns: Final = Unary(
        "/downbeat.metadata.v1.LineageService/DiffRuns",
        metadata_lineage.DiffRunsRequest,
        metadata_lineage.DiffRunsResponse,
        Kind.READ,
    )

    FindLineagePath: Final = Unary(
        "/downbeat.metadata.v1.LineageService/FindLineagePath",
        metadata_lineage.FindLineagePathRequest,
        metadata_lineage.FindLineagePathResponse,
        Kind.READ,
    )

    GetImpact: Final = Unary(
        "/downbeat.metadata.v1.LineageService/GetImpact",
        metadata_lineage.GetImpactRequest,
        metadata_lineage.GetImpactResponse,
        Kind.READ,
    )
    """What breaks if an asset, or a column of it, goes or changes."""

    GetLineage: Final = Unary(
        "/downbeat.metadata.v1.LineageService/GetLineage",
        metadata_lineage.GetLineageRequest,
        metadata_lineage.GetLineageResponse,
        Kind.READ,
    )
    """What an asset came of, and what came of it."""


class MetadataService:
    """RPCs of MetadataService."""

    ExplainRun: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ExplainRun",
        metadata_metadata.ExplainRunRequest,
        metadata_metadata.ExplainRunResponse,
        Kind.READ,
    )
    """Why a run, or one of its tasks, went as it did: read from its events."""

    ExportAudit: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/ExportAudit",
        metadata_audit.ExportAuditRequest,
        metadata_audit.ExportAuditResponse,
        Kind.READ,
    )
    """The same in the order of the log, as lines of JSON that are chained by their hashes."""

    GetBackfill: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetBackfill",
        metadata_metadata.GetBackfillRequest,
        metadata_metadata.GetBackfillResponse,
        Kind.READ,
    )
    """A backfill, and what has become of its instants."""

    GetPipelineSource: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetPipelineSource",
        metadata_metadata.GetPipelineSourceRequest,
        metadata_metadata.GetPipelineSourceResponse,
        Kind.READ,
    )
    """The text of a pipeline's version, as it was applied."""

    GetPosition: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetPosition",
        metadata_metadata.GetPositionRequest,
        metadata_metadata.GetPositionResponse,
        Kind.READ,
    )

    GetRun: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetRun",
        metadata_metadata.GetRunRequest,
        metadata_metadata.GetRunResponse,
        Kind.READ,
    )
    """A run with all its task runs."""

    GetRunLineage: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/GetRunLineage",
        metadata_metadata.GetRunLineageRequest,
        metadata_metadata.GetRunLineageResponse,
        Kind.READ,
    )
    """Asset lineage of one run."""

    ListAlerts: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListAlerts",
        metadata_metadata.ListAlertsRequest,
        metadata_metadata.ListAlertsResponse,
        Kind.READ,
    )
    """Alerts, newest first: those that were delivered, those that will be tried, those that were given up."""

    ListAssets: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListAssets",
        metadata_metadata.ListAssetsRequest,
        metadata_metadata.ListAssetsResponse,
        Kind.READ,
    )

    ListAudit: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListAudit",
        metadata_audit.ListAuditRequest,
        metadata_audit.ListAuditResponse,
        Kind.READ,
    )
    """Who did what: commands, also those that were refused, newest first."""

    ListBackfills: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListBackfills",
        metadata_metadata.ListBackfillsRequest,
        metadata_metadata.ListBackfillsResponse,
        Kind.READ,
    )

    ListBreaches: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListBreaches",
        metadata_metadata.ListBreachesRequest,
        metadata_metadata.ListBreachesResponse,
        Kind.READ,
    )
    """Breaches of freshness rules and deadlines, newest first."""

    ListOperations: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListOperations",
        metadata_metadata.ListOperationsRequest,
        metadata_metadata.ListOperationsResponse,
        Kind.READ,
    )

    ListPipelineVersions: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListPipelineVersions",
        metadata_metadata.ListPipelineVersionsRequest,
        metadata_metadata.ListPipelineVersionsResponse,
        Kind.READ,
    )
    """Every version that there ever was of a pipeline, newest first, drafts among them."""

    ListPipelines: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListPipelines",
        metadata_metadata.ListPipelinesRequest,
        metadata_metadata.ListPipelinesResponse,
        Kind.READ,
    )

    ListRuns: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListRuns",
        metadata_metadata.ListRunsRequest,
        metadata_metadata.ListRunsResponse,
        Kind.READ,
    )

    ListTaskArtifacts: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListTaskArtifacts",
        metadata_metadata.ListTaskArtifactsRequest,
        metadata_metadata.ListTaskArtifactsResponse,
        Kind.READ,
    )
    """The files that an attempt of a task left for people. They are listed once it has ended."""

    ListTaskRuns: Final = Unary(
        "/downbeat.metadata.v1.MetadataService/ListTaskRuns",
        metadata_metadata.ListTaskRunsRequest,
        metadata_metadata.ListTaskRunsResponse,
        Kind.READ,
    )
    """Task runs over all runs, or of one: those of newer runs first, in a run by their place."""

    ReadTaskArtifact: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/ReadTaskArtifact",
        metadata_metadata.ReadTaskArtifactRequest,
        metadata_metadata.ReadTaskArtifactResponse,
        Kind.READ,
    )
    """One of them, or a range of its bytes. Credentials were taken out when it was stored."""

    ReadTaskLog: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/ReadTaskLog",
        metadata_metadata.ReadTaskLogRequest,
        metadata_metadata.ReadTaskLogResponse,
        Kind.READ,
    )
    """The log text of one attempt of a task, or a range of its bytes, while it runs and afterwards; with `follow` it goes on until the attempt has ended. Credentials were taken out when it was written, so no range shows a part of one."""

    WatchRun: Final = Stream(
        "/downbeat.metadata.v1.MetadataService/WatchRun",
        metadata_metadata.WatchRunRequest,
        metadata_metadata.WatchRunResponse,
        Kind.READ,
    )
    """The run now and after every change, until it has finished."""


class PipelineService:
    """RPCs of PipelineService."""

    CommitPipelineFile: Final = Unary(
        "/downbeat.control.v1.PipelineService/CommitPipelineFile",
        control_pipelines.CommitPipelineFileRequest,
        control_pipelines.CommitPipelineFileResponse,
        Kind.SAME,
    )
    """Commits another text of a pipeline's file to a branch of its repository, and stores it: of the branch that counts as the current version, of another one as a draft. Idempotent: what stands there already is not committed again. ABORTED, with nothing written: the file there is neither what the change began from nor this text. FAILED_PRECONDITION, with nothing written: the connection of the repository does not allow the branch, or the host refuses. UNAVAILABLE: it may have been done; ask again."""

    GetPipelineSync: Final = Unary(
        "/downbeat.control.v1.PipelineService/GetPipelineSync",
        control_pipelines.GetPipelineSyncRequest,
        control_pipelines.GetPipelineSyncResponse,
        Kind.READ,
    )
    """How a pipeline stands to its repository, as far as this coordinator has looked since it began."""

    ImportPipeline: Final = Unary(
        "/downbeat.control.v1.PipelineService/ImportPipeline",
        control_pipelines.ImportPipelineRequest,
        control_pipelines.ImportPipelineResponse,
        Kind.ONCE,
    )
    """Makes a pipeline of a file in a repository."""

    ReadPipelineFile: Final = Unary(
        "/downbeat.control.v1.PipelineService/ReadPipelineFile",
        control_pipelines.ReadPipelineFileRequest,
        control_pipelines.ReadPipelineFileResponse,
        Kind.READ,
    )
    """The file as it is on a branch or at a commit; nothing is stored."""

    SetPipelineStorage: Final = Unary(
        "/downbeat.control.v1.PipelineService/SetPipelineStorage",
        control_pipelines.SetPipelineStorageRequest,
        control_pipelines.SetPipelineStorageResponse,
        Kind.KEYED,
    )
    """Says where the file of a pipeline is kept from now on. Its versions stay."""

    SyncPipeline: Final = Unary(
        "/downbeat.control.v1.PipelineService/SyncPipeline",
        control_pipelines.SyncPipelineRequest,
        control_pipelines.SyncPipelineResponse,
        Kind.SAME,
    )
    """Brings a pipeline up to the file in its repository."""


class ToolStateQueryService:
    """RPCs of ToolStateQueryService."""

    ListToolState: Final = Unary(
        "/downbeat.metadata.v1.ToolStateQueryService/ListToolState",
        metadata_tool_state.ListToolStateRequest,
        metadata_tool_state.ListToolStateResponse,
        Kind.READ,
    )


class ToolStateService:
    """RPCs of ToolStateService."""

    KeepToolState: Final = Unary(
        "/downbeat.control.v1.ToolStateService/KeepToolState",
        control_tool_state.KeepToolStateRequest,
        control_tool_state.KeepToolStateResponse,
        Kind.KEYED,
    )
    """Sets these entries; all others stay."""


class TrendService:
    """RPCs of TrendService."""

    GetDurations: Final = Unary(
        "/downbeat.metadata.v1.TrendService/GetDurations",
        metadata_trends.GetDurationsRequest,
        metadata_trends.GetDurationsResponse,
        Kind.READ,
    )
    """Durations of pipelines and of their tasks, with what is usual for them."""

    ListIntegrations: Final = Unary(
        "/downbeat.metadata.v1.TrendService/ListIntegrations",
        metadata_trends.ListIntegrationsRequest,
        metadata_trends.ListIntegrationsResponse,
        Kind.READ,
    )
    """Integrations by connection: attempts, failures by class, and whether they work."""

    ListSchedules: Final = Unary(
        "/downbeat.metadata.v1.TrendService/ListSchedules",
        metadata_trends.ListSchedulesRequest,
        metadata_trends.ListSchedulesResponse,
        Kind.READ,
    )
    """Schedules: how late their runs begin, which instants have none and why, whether their runs change anything."""


class WebhookService:
    """RPCs of WebhookService."""

    CloseEndpoint: Final = Unary(
        "/downbeat.control.v1.WebhookService/CloseEndpoint",
        control_webhooks.CloseEndpointRequest,
        control_webhooks.CloseEndpointResponse,
        Kind.KEYED,
    )
    """The address starts nothing any more."""

    ListEndpoints: Final = Unary(
        "/downbeat.control.v1.WebhookService/ListEndpoints",
        control_webhooks.ListEndpointsRequest,
        control_webhooks.ListEndpointsResponse,
        Kind.READ,
    )
    """Those that are open."""

    OpenEndpoint: Final = Unary(
        "/downbeat.control.v1.WebhookService/OpenEndpoint",
        control_webhooks.OpenEndpointRequest,
        control_webhooks.OpenEndpointResponse,
        Kind.ONCE,
    )
    """Makes an address. A repeated call with the same idempotency key is refused, since the address is nowhere to be shown again."""

    RotateEndpoint: Final = Unary(
        "/downbeat.control.v1.WebhookService/RotateEndpoint",
        control_webhooks.RotateEndpointRequest,
        control_webhooks.RotateEndpointResponse,
        Kind.ONCE,
    )
    """Gives it a further secret; those before stay valid for a while."""
