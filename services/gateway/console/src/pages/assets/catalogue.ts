/**
 * What the catalogue shows of all assets: search, filters and their choices. Everything stands in the URL. Pure: knows no
 * request and no component.
 */
import type { Asset } from '../../api/assets';

/** How long ago an asset was last written. */
export const AGES = { day: 86_400_000, week: 7 * 86_400_000 } as const;
export type Freshness = '' | 'day' | 'week' | 'older' | 'unknown';

export interface Filter {
  text: string;
  integration: string;
  type: string;
  owner: string;
  tag: string;
  /** HEALTHY, WARNING, UNHEALTHY or UNKNOWN. */
  quality: string;
  fresh: Freshness;
}

export const FILTERS = ['text', 'integration', 'type', 'owner', 'tag', 'quality', 'fresh'] as const;
const FRESH: Freshness[] = ['day', 'week', 'older', 'unknown'];

export function readFilter(query: URLSearchParams): Filter {
  const of = (name: string) => query.get(name) ?? '';
  const fresh = of('fresh') as Freshness;
  return {
    text: of('text'), integration: of('integration'), type: of('type'), owner: of('owner'), tag: of('tag'), quality: of('quality'),
    fresh: FRESH.includes(fresh) ? fresh : '',
  };
}

/** When the asset was last written, as far as anybody said so: by an operation, else by any report. */
export const writtenAt = (asset: Asset): string | null => asset.lastMaterialisedAt ?? (asset.rowsAffected !== null ? asset.updatedAt : null);

/** Rows: what was counted, else what was written last. */
export const rowsOf = (asset: { rowCount: number | null; rowsAffected: number | null }): number | undefined => known(asset.rowCount) ?? known(asset.rowsAffected);

/** Numbers below zero mean that nobody counted. */
export const known = (value: number | null | undefined): number | undefined => (value === null || value === undefined || value < 0 ? undefined : value);

export function freshnessOf(asset: Asset, now: number): Exclude<Freshness, ''> {
  const at = writtenAt(asset);
  if (!at) return 'unknown';
  const age = now - new Date(at).getTime();
  return age <= AGES.day ? 'day' : age <= AGES.week ? 'week' : 'older';
}

export function filtered(assets: Asset[], filter: Filter, now: number): Asset[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return assets.filter((asset) => {
    if (filter.integration && asset.integration !== filter.integration) return false;
    if (filter.type && asset.assetType !== filter.type) return false;
    if (filter.owner && !asset.owners.includes(filter.owner)) return false;
    if (filter.tag && !asset.tags.includes(filter.tag)) return false;
    if (filter.quality && asset.status !== filter.quality) return false;
    if (filter.fresh && freshnessOf(asset, now) !== filter.fresh) return false;
    if (words.length === 0) return true;
    const text = [asset.assetName, asset.externalId, asset.description ?? '', ...asset.tags, ...asset.owners, ...asset.columns.map((column) => column.name)].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The values that there are, in order, each once. */
export function choices(assets: Asset[], of: (asset: Asset) => string[]): string[] {
  return [...new Set(assets.flatMap(of).filter(Boolean))].sort((a, b) => a.localeCompare(b));
}

const FILES = /^(s3|gs|abfss?|wasbs?|file|sftp|hdfs|https?):\/\//;

/** What an asset is called: of a file the end of its path, else its name, else the end of its key. */
export function titleOf(key: string, name: string | undefined): string {
  if (FILES.test(key)) return key.split('/').filter(Boolean).at(-1) ?? key;
  return name || key.split(/[/.]/).filter(Boolean).at(-1) || key;
}

/** Where the asset is, without its own name: what stands under the name in the list. */
export function placeOf(key: string, name: string): string {
  const cut = key.endsWith(name) ? key.slice(0, -name.length).replace(/[./]$/, '') : key;
  return cut || key;
}
