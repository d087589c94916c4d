// Messages of the wire that the client takes and gives, under the names that people use. Instants in them are microseconds since the epoch,
// 0n = not yet (`instant`); JSON is text (`fromJson`).

export type { Bill, ExplainWaitingResponse as Waiting, Gate, GetPipelineHealthResponse as PipelineHealth } from "./gen/control/v1/control_pb.js";
export type { GitOrigin, LineageEdge, PipelineStorage } from "./gen/events/v1/events_pb.js";
export type { BrokenGroup, Evidence, GetBrokenResponse as Broken, GetNowResponse as Now, Statement } from "./gen/metadata/v1/answers_pb.js";
export type { AssetConsumer, GetAssetResponse as AssetDetails, SchemaChange } from "./gen/metadata/v1/assets_pb.js";
export type { BudgetStatus, CostLine } from "./gen/metadata/v1/cost_pb.js";
export type {
  AssetEdge,
  AssetWriter,
  FindLineagePathResponse as LineagePath,
  GetImpactResponse as Impact,
  GetLineageResponse as Lineage,
  LineageNode,
} from "./gen/metadata/v1/lineage_pb.js";
export type {
  Asset,
  AssetTest,
  Explanation,
  GetPipelineSourceResponse as PipelineSource,
  GetRunLineageResponse as RunLineage,
  Operation,
  Pipeline,
  Run,
  TaskRun,
} from "./gen/metadata/v1/metadata_pb.js";
export type { Position } from "./gen/metadata/v1/position_pb.js";
export type { GetSavingsResponse as Savings } from "./gen/metadata/v1/savings_pb.js";
