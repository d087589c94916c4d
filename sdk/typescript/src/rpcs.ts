// Every service that clients may call: `client.call(rpcs.ControlService.method.setPool, { name, slots })`.

export { AccessService } from "./gen/control/v1/access_pb.js";
export { ConnectionService } from "./gen/control/v1/connections_pb.js";
export { ControlService } from "./gen/control/v1/control_pb.js";
export { EnvironmentService } from "./gen/control/v1/environments_pb.js";
export { InventoryService } from "./gen/control/v1/inventory_pb.js";
export { PipelineService } from "./gen/control/v1/pipelines_pb.js";
export { ToolStateService } from "./gen/control/v1/tool_state_pb.js";
export { WebhookService } from "./gen/control/v1/webhooks_pb.js";
export { AnswerService } from "./gen/metadata/v1/answers_pb.js";
export { AssetService } from "./gen/metadata/v1/assets_pb.js";
export { CostService } from "./gen/metadata/v1/cost_pb.js";
export { LineageService } from "./gen/metadata/v1/lineage_pb.js";
export { MetadataService } from "./gen/metadata/v1/metadata_pb.js";
export { ToolStateQueryService } from "./gen/metadata/v1/tool_state_pb.js";
export { TrendService } from "./gen/metadata/v1/trends_pb.js";
