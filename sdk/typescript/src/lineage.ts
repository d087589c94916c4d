// Which asset came of which, over all runs.

import {
  type FindLineagePathResponse,
  type GetImpactResponse,
  type GetLineageResponse,
  LineageDirection,
  LineageService,
} from "./gen/metadata/v1/lineage_pb.js";
import type { Transport } from "./transport.js";
import { micros } from "./values.js";

/** What of an asset, and when. */
export interface AssetOptions {
  /** Of this column alone. */
  column?: string;
  /** As it was then. */
  at?: Date;
}

/** `client.lineage`. An asset is named by its key, or by an unambiguous end of it (`orders`, `public.orders`). */
export class Lineages {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What it came of, so many edges away (0 = 5, at most 100). */
  async upstream(asset: string, depth = 0, options: AssetOptions = {}): Promise<GetLineageResponse> {
    return this.#lineage(asset, LineageDirection.UPSTREAM, depth, options);
  }

  /** What came of it, so many edges away (0 = 5, at most 100). */
  async downstream(asset: string, depth = 0, options: AssetOptions = {}): Promise<GetLineageResponse> {
    return this.#lineage(asset, LineageDirection.DOWNSTREAM, depth, options);
  }

  /** What breaks if it, or a column of it, goes or changes: everything that depends on it, however far away. */
  async impact(asset: string, { column = "", at }: AssetOptions = {}): Promise<GetImpactResponse> {
    return this.#transport.call(LineageService.method.getImpact, { asset, column, atTime: micros(at) });
  }

  /** A shortest way from one asset to the other; no edges = there is none. */
  async path(from: string, to: string, options: { at?: Date } = {}): Promise<FindLineagePathResponse> {
    return this.#transport.call(LineageService.method.findLineagePath, { from, to, atTime: micros(options.at) });
  }

  async #lineage(asset: string, direction: LineageDirection, depth: number, { column = "", at }: AssetOptions): Promise<GetLineageResponse> {
    return this.#transport.call(LineageService.method.getLineage, { asset, direction, depth, column, atTime: micros(at) });
  }
}
