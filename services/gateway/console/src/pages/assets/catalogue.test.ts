import { describe, expect, it } from 'vitest';
import type { Asset } from '../../api/assets';
import { choices, filtered, freshnessOf, placeOf, readFilter, rowsOf } from './catalogue';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const asset = (some: Partial<Asset>): Asset => ({
  assetId: 'a', externalId: 'warehouse/shop.orders', assetName: 'orders', assetType: 'TABLE', integration: 'POSTGRES', integrationAccountId: null,
  integrationAssetType: null, status: 'HEALTHY', description: null, databaseName: null, schemaName: null, tableName: null, owners: ['shop'], tags: ['gold'],
  url: null, rowCount: null, rowsAffected: null, lastMaterialisedAt: null, lastPipelineRunId: null, createdAt: null, updatedAt: null, columns: [], tests: [], ...some,
});
const none = readFilter(new URLSearchParams());

describe('the catalogue is filtered', () => {
  const rows = [
    asset({ columns: [{ name: 'customer_id', type: 'bigint', description: '' }] }),
    asset({ assetName: 'Sales', externalId: 'dashboards/sales', assetType: 'DASHBOARD', integration: 'TABLEAU', status: 'UNKNOWN', owners: ['finance'], tags: [], description: 'What the board looks at' }),
  ];
  it.each([
    ['', ['orders', 'Sales']],
    ['text=ORDERS', ['orders']],
    ['text=board+looks', ['Sales']],
    ['text=customer', ['orders']],
    ['text=orders+nothing', []],
    ['owner=finance', ['Sales']],
    ['tag=gold', ['orders']],
    ['quality=HEALTHY', ['orders']],
    ['type=DASHBOARD&integration=TABLEAU', ['Sales']],
    ['type=DASHBOARD&integration=POSTGRES', []],
  ])('%s', (query, expected) => expect(filtered(rows, readFilter(new URLSearchParams(query)), NOW).map((one) => one.assetName)).toEqual(expected));

  it('a freshness that is none counts as absent', () => {
    expect(readFilter(new URLSearchParams('fresh=soon'))).toEqual(none);
  });
  it('choices are what there is, each once', () => {
    expect(choices([...rows, ...rows], (one) => one.owners)).toEqual(['finance', 'shop']);
  });
});

describe('how fresh an asset is', () => {
  it.each([
    ['2026-03-10T11:00:00Z', 'day'],
    ['2026-03-05T12:00:00Z', 'week'],
    ['2026-01-01T12:00:00Z', 'older'],
    [null, 'unknown'],
  ])('written at %s: %s', (lastMaterialisedAt, expected) => expect(freshnessOf(asset({ lastMaterialisedAt }), NOW)).toBe(expected));
  it('an asset whose rows somebody reported was written when that was reported', () => {
    expect(freshnessOf(asset({ rowsAffected: 5, updatedAt: '2026-03-10T11:00:00Z' }), NOW)).toBe('day');
  });
});

it('rows: what was counted goes before what was written; below zero nobody counted', () => {
  expect([rowsOf({ rowCount: 7, rowsAffected: 3 }), rowsOf({ rowCount: -1, rowsAffected: 3 }), rowsOf({ rowCount: null, rowsAffected: -1 })]).toEqual([7, 3, undefined]);
});

it('the place of an asset is its key without its name', () => {
  expect(placeOf('postgres://db:5432/shop.public.orders', 'orders')).toBe('postgres://db:5432/shop.public');
  expect(placeOf('dashboards/sales', 'Sales dashboard')).toBe('dashboards/sales');
  expect(placeOf('orders', 'orders')).toBe('orders');
});
