/**
 * Downbeat from TypeScript: start and watch runs, ask for lineage and costs, publish events.
 *
 *     const client = new Client("http://127.0.0.1:7400", { key: "downbeat_..." });
 *     const run = await client.run("weather", { inputs: { year: 2026 } });
 *     await run.wait({ progress: true, check: true });
 *     await client.close();
 */

export { type AssetFilter, Assets } from "./assets.js";
export { Client, type RunOptions } from "./client.js";
export { type CostFilter, Costs, type Group } from "./costs.js";
export * as errors from "./errors.js";
export { CallError, DownbeatError, RunFailed, WaitTimeout } from "./errors.js";
export { type EventOptions, Events } from "./events.js";
export { VERSION } from "./gen/version.js";
export { type AssetOptions, Lineages } from "./lineage.js";
export { type Applied, type ApplyOptions, Pipelines } from "./pipelines.js";
export { type Cost, nameOf, type RunChange, RunResult } from "./results.js";
export type { Retry } from "./retry.js";
export * as rpcs from "./rpcs.js";
export { type RestartOptions, Run, type Task, type WaitOptions } from "./run.js";
export { type RunFilter, Runs, type TaskFilter } from "./runs.js";
export type { Options } from "./transport.js";
export type * as types from "./types.js";
export { amount, fromJson, instant, type Json, type JsonObject } from "./values.js";
