"""Every RPC that clients may call, by service: `client.call(rpcs.ControlService.SetPool, rpcs.control.SetPoolRequest(...))`."""

from downbeat._proto.control.v1 import access_pb2 as access
from downbeat._proto.control.v1 import connections_pb2 as connections
from downbeat._proto.control.v1 import control_pb2 as control
from downbeat._proto.control.v1 import environments_pb2 as environments
from downbeat._proto.control.v1 import inventory_pb2 as inventory
from downbeat._proto.control.v1 import pipelines_pb2 as pipelines
from downbeat._proto.control.v1 import tool_state_pb2 as tool_state
from downbeat._proto.control.v1 import webhooks_pb2 as webhooks
from downbeat._proto.events.v1 import events_pb2 as events
from downbeat._proto.metadata.v1 import answers_pb2 as answers
from downbeat._proto.metadata.v1 import assets_pb2 as assets
from downbeat._proto.metadata.v1 import audit_pb2 as audit
from downbeat._proto.metadata.v1 import cost_pb2 as cost
from downbeat._proto.metadata.v1 import lineage_pb2 as lineage
from downbeat._proto.metadata.v1 import metadata_pb2 as metadata
from downbeat._proto.metadata.v1 import savings_pb2 as savings
from downbeat._proto.metadata.v1 import tool_state_pb2 as tool_state_query
from downbeat._proto.metadata.v1 import trends_pb2 as trends
from downbeat._proto.rpcs import (
    AccessService,
    AnswerService,
    AssetService,
    ConnectionService,
    ControlService,
    CostService,
    EnvironmentService,
    InventoryService,
    LineageService,
    MetadataService,
    PipelineService,
    ToolStateQueryService,
    ToolStateService,
    TrendService,
    WebhookService,
)

__all__ = [
    "AccessService",
    "AnswerService",
    "AssetService",
    "ConnectionService",
    "ControlService",
    "CostService",
    "EnvironmentService",
    "InventoryService",
    "LineageService",
    "MetadataService",
    "PipelineService",
    "ToolStateQueryService",
    "ToolStateService",
    "TrendService",
    "WebhookService",
    "access",
    "answers",
    "assets",
    "audit",
    "connections",
    "control",
    "cost",
    "environments",
    "events",
    "inventory",
    "lineage",
    "metadata",
    "pipelines",
    "savings",
    "tool_state",
    "tool_state_query",
    "trends",
    "webhooks",
]
