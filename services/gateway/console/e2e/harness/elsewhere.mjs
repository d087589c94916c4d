/**
 * What other systems tell of themselves (OpenLineage): a shop whose tables are made of files, with columns, rows and
 * tests of which one fails. Told twice, so that a column that came later is a change.
 */
const NAMESPACE = 'postgres://db.example.com:5432';
const facet = (some) => ({ _producer: 'https://example.com/shop', _schemaURL: 'https://openlineage.io/spec/facets/1-1-1/Facet.json', ...some });

/** Key of a table of the shop. */
export const table = (name) => `${NAMESPACE}/shop.${name}`;

function dataset(name, { columns, rows, owner, about, lineage, tests } = {}) {
  const facets = {};
  if (columns) facets.schema = facet({ fields: Object.entries(columns).map(([column, type]) => ({ name: column, type })) });
  if (owner) facets.ownership = facet({ owners: [{ name: owner, type: 'OWNER' }] });
  if (about) facets.documentation = facet({ description: about });
  if (lineage) {
    facets.columnLineage = facet({
      fields: Object.fromEntries(Object.entries(lineage).map(([column, [from, field, subtype]]) => [column, { inputFields: [{ namespace: NAMESPACE, name: `shop.${from}`, field, transformations: [{ type: 'DIRECT', subtype }] }] }])),
    });
  }
  return {
    namespace: NAMESPACE,
    name: `shop.${name}`,
    facets,
    ...(rows === undefined ? {} : { outputFacets: { outputStatistics: facet({ rowCount: rows, size: rows * 80 }) } }),
    ...(tests ? { inputFacets: { dataQualityAssertions: facet({ assertions: tests }) } } : {}),
  };
}

function event(job, inputs, outputs) {
  return {
    eventType: 'COMPLETE', eventTime: new Date().toISOString(), producer: 'https://example.com/shop', schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
    run: { runId: crypto.randomUUID() }, job: { namespace: 'shop', name: job }, inputs, outputs,
  };
}

const FILE = { namespace: 's3://landing', name: 'orders.csv' };

const tell = async (server, said) => {
  const answer = await fetch(`${server.origin}/api/v1/lineage`, { method: 'POST', headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' }, body: JSON.stringify(said) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
};

/** Tells the server of so many tables: `many.0`, and all others made of two before them, in layers that grow. */
export async function tellOfMany(server, count) {
  const at = (number) => dataset(`many.${number}`);
  const jobs = Array.from({ length: count - 1 }, (_, before) => before + 1).map((number) => {
    const from = [Math.floor((number - 1) / 3), Math.floor((number - 1) / 4)];
    return event(`make_${number}`, [...new Set(from)].map(at), [at(number)]);
  });
  for (let from = 0; from < jobs.length; from += 100) await tell(server, jobs.slice(from, from + 100));
}

/** Tells the server of it. */
export async function tellOfShop(server) {
  for (const late of [false, true]) {
    const columns = { id: 'bigint', amount: 'numeric', placed_at: 'timestamp', ...(late ? { coupon: 'text' } : {}) };
    await tell(server, event('load_orders', [FILE], [dataset('public.orders', { columns, rows: late ? 126_000 : 120_000, owner: 'shop', about: 'Every order of the shop.' })]));
    await tell(server, event('build_revenue', [dataset('public.orders')], [dataset('mart.revenue', { columns: { day: 'date', revenue: 'numeric' }, rows: 365, owner: 'finance', lineage: { day: ['public.orders', 'placed_at', 'TRANSFORMATION'], revenue: ['public.orders', 'amount', 'AGGREGATION'] } })]));
    await tell(server, event('build_forecast', [dataset('mart.revenue')], [dataset('mart.forecast', { columns: { revenue: 'numeric' }, rows: 90, lineage: { revenue: ['mart.revenue', 'revenue', 'TRANSFORMATION'] } })]));
    await tell(server, event('check_orders', [dataset('public.orders', { tests: [{ assertion: 'not_null', success: true, column: 'id' }, { assertion: 'unique', success: !late, column: 'id' }] })], []));
  }
  await server.api('POST', '/assets', { assetName: 'Sales dashboard', externalId: 'dashboards/sales', integration: 'TABLEAU', integrationAccountId: 'acme', assetType: 'DASHBOARD', owners: ['finance'] });
  await server.api('POST', '/assets/dependencies', { dependencies: [{ fromId: table('mart.revenue'), toId: 'dashboards/sales' }] });
}

/** The id of an asset by its key. */
export async function assetId(server, key) {
  const { results } = await server.api('GET', `/assets?${new URLSearchParams({ asset_ids: key })}`);
  return results[0].assetId;
}
