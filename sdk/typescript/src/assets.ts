// What is known of assets.

import { AssetService, type GetAssetResponse, type SchemaChange } from "./gen/metadata/v1/assets_pb.js";
import { type Asset, type AssetTest, MetadataService } from "./gen/metadata/v1/metadata_pb.js";
import { rows } from "./pages.js";
import type { Transport } from "./transport.js";

/** Which assets: a filter fits what has one of its values, an empty one everything. */
export interface AssetFilter {
  /** As TABLE. */
  types?: string[];
  integrations?: string[];
  /** As HEALTHY. */
  statuses?: string[];
  databases?: string[];
  schemas?: string[];
  pageSize?: number;
}

/** `client.assets`. An asset is named by its key, or by an unambiguous end of it (`orders`, `public.orders`). */
export class Assets {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** An asset with who writes it and who uses it. */
  async get(asset: string): Promise<GetAssetResponse> {
    return this.#transport.call(AssetService.method.getAsset, { asset });
  }

  /** Assets over all runs, by key. */
  list(filter: AssetFilter = {}): AsyncGenerator<Asset, void, undefined> {
    return rows(this.#transport, MetadataService.method.listAssets, { ...filter }, (page) => page.assets);
  }

  /** Results of its tests, newest first; of one test. */
  tests(asset: string, options: { name?: string; pageSize?: number } = {}): AsyncGenerator<AssetTest, void, undefined> {
    return rows(this.#transport, AssetService.method.listTestResults, { asset, ...options }, (page) => page.results);
  }

  /** What became of its columns, newest first; without an asset, of those of all. */
  changes(asset = "", options: { pageSize?: number } = {}): AsyncGenerator<SchemaChange, void, undefined> {
    return rows(this.#transport, AssetService.method.listSchemaChanges, { asset, ...options }, (page) => page.changes);
  }
}
