"""Messages of the wire that the clients take and give, under the names that people use. Instants in them are microseconds since the epoch,
0 = not yet (`downbeat.instant`); JSON is text (`downbeat.from_json`). What each field means, the stubs say."""

from downbeat._proto.control.v1.control_pb2 import Bill, Gate
from downbeat._proto.control.v1.control_pb2 import ExplainWaitingResponse as Waiting
from downbeat._proto.control.v1.control_pb2 import GetPipelineHealthResponse as PipelineHealth
from downbeat._proto.control.v1.control_pb2 import RecordCostsRequest
from downbeat._proto.events.v1.events_pb2 import GitOrigin, LineageEdge, PipelineStorage
from downbeat._proto.metadata.v1.answers_pb2 import BrokenGroup, Evidence, Statement
from downbeat._proto.metadata.v1.answers_pb2 import GetBrokenResponse as Broken
from downbeat._proto.metadata.v1.answers_pb2 import GetNowResponse as Now
from downbeat._proto.metadata.v1.assets_pb2 import AssetConsumer, SchemaChange
from downbeat._proto.metadata.v1.assets_pb2 import GetAssetResponse as AssetDetails
from downbeat._proto.metadata.v1.cost_pb2 import BudgetStatus, CostLine
from downbeat._proto.metadata.v1.lineage_pb2 import AssetEdge, AssetWriter, LineageNode
from downbeat._proto.metadata.v1.lineage_pb2 import FindLineagePathResponse as LineagePath
from downbeat._proto.metadata.v1.lineage_pb2 import GetImpactResponse as Impact
from downbeat._proto.metadata.v1.lineage_pb2 import GetLineageResponse as Lineage
from downbeat._proto.metadata.v1.metadata_pb2 import Asset, AssetTest, Explanation, Operation, Pipeline, Run, TaskRun
from downbeat._proto.metadata.v1.metadata_pb2 import GetPipelineSourceResponse as PipelineSource
from downbeat._proto.metadata.v1.metadata_pb2 import GetRunLineageResponse as RunLineage
from downbeat._proto.metadata.v1.position_pb2 import Position
from downbeat._proto.metadata.v1.savings_pb2 import GetSavingsResponse as Savings

__all__ = [
    "Asset",
    "AssetConsumer",
    "AssetDetails",
    "AssetEdge",
    "AssetTest",
    "AssetWriter",
    "Bill",
    "Broken",
    "BrokenGroup",
    "BudgetStatus",
    "CostLine",
    "Evidence",
    "Explanation",
    "Gate",
    "GitOrigin",
    "Impact",
    "Lineage",
    "LineageEdge",
    "LineageNode",
    "LineagePath",
    "Now",
    "Operation",
    "Pipeline",
    "PipelineHealth",
    "PipelineSource",
    "PipelineStorage",
    "Position",
    "RecordCostsRequest",
    "Run",
    "RunLineage",
    "Savings",
    "SchemaChange",
    "Statement",
    "TaskRun",
    "Waiting",
]
