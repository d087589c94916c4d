/** Where an asset, its lineage, a run and a pipeline have their pages. */
export const assetPage = (id: string): string => `/assets/${encodeURIComponent(id)}`;
export const lineagePage = (key: string, more: Record<string, string> = {}): string => `/lineage?${new URLSearchParams({ asset: key, ...more })}`;
export const runPage = (id: string): string => `/runs/${encodeURIComponent(id)}`;
export const pipelinePage = (id: string): string => `/pipelines/${encodeURIComponent(id)}`;
