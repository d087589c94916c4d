// Pipelines: applied, listed, read, paused, deleted.

import { ControlService, type GetPipelineHealthResponse } from "./gen/control/v1/control_pb.js";
import { type GetPipelineSourceResponse, MetadataService, type Pipeline } from "./gen/metadata/v1/metadata_pb.js";
import { rows } from "./pages.js";
import { sourceOf } from "./pipeline-file.js";
import type { Transport } from "./transport.js";

/** What became of a file. */
export interface Applied {
  readonly alias: string;
  readonly pipelineId: string;
  /** That has this text: a new one, or the one that had it before. */
  readonly version: number;
  /** False: this very text was the current version already. */
  readonly changed: boolean;
  readonly name: string;
  readonly warnings: readonly string[];
}

/** How a file is applied. */
export interface ApplyOptions {
  /** Without one it is made of the file's name. */
  alias?: string;
  /** Run only by those who name its version. */
  draft?: boolean;
  /** AlreadyExists if there is a pipeline of that alias. */
  create?: boolean;
}

/** `client.pipelines`. A pipeline is named by its alias or its id. */
export class Pipelines {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Makes a file the current version of its pipeline; the same text again is the same version. `source` is a path, or, where it has more than
   * one line, the text itself. InvalidArgument says every fault with its place.
   */
  async apply(source: string, options: ApplyOptions = {}): Promise<Applied> {
    const given = await sourceOf(source, options.alias);
    const request = { ...given, draft: options.draft ?? false, create: options.create ?? false };
    const answer = await this.#transport.call(ControlService.method.applyPipeline, request);
    const { pipelineId, version, changed, name, warnings } = answer;
    return { alias: given.alias, pipelineId, version, changed, name, warnings };
  }

  /** Every pipeline that is not deleted. */
  list(options: { pageSize?: number } = {}): AsyncGenerator<Pipeline, void, undefined> {
    const request = { pageSize: options.pageSize ?? 0 };
    return rows(this.#transport, MetadataService.method.listPipelines, request, (page) => page.pipelines);
  }

  /** A pipeline with the text of a version; without one, of the current one. */
  async get(pipeline: string, options: { version?: number } = {}): Promise<GetPipelineSourceResponse> {
    return this.#transport.call(MetadataService.method.getPipelineSource, { pipeline, version: options.version ?? 0 });
  }

  /** What it promises about ages, deadlines and budgets, and how that stands. */
  async health(pipeline: string): Promise<GetPipelineHealthResponse> {
    return this.#transport.call(ControlService.method.getPipelineHealth, { pipeline });
  }

  /** Nothing of it starts; live runs go on. False: it was paused before. */
  async pause(pipeline: string, reason = ""): Promise<boolean> {
    return (await this.#transport.call(ControlService.method.pausePipeline, { pipeline, reason })).changed;
  }

  /** False: it was not paused. */
  async resume(pipeline: string): Promise<boolean> {
    return (await this.#transport.call(ControlService.method.resumePipeline, { pipeline })).changed;
  }

  /** Cancels its live runs; applying it again brings it back. One that was deleted before is NotFound; without a gateway, false. */
  async delete(pipeline: string): Promise<boolean> {
    return (await this.#transport.call(ControlService.method.deletePipeline, { pipeline })).changed;
  }
}
