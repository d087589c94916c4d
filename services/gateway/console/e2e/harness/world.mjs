/**
 * The example world: pipelines that work, one that fails, one that waits for a person, one that runs for long; prices,
 * a dashboard that people look at, and runs of all of them. The same for every test, so that pages can be looked at.
 */
import { example } from './server.mjs';

const PIPELINES = ['load_orders', 'revenue_report', 'publish_prices', 'train_models', 'hourly_metrics'];

/** Fills a server; answers the ids of pipelines, and of the last run of each. */
export async function fill(server) {
  const pipelines = {};
  const runs = {};
  await server.api('PUT', '/costs/prices', { prices: [{ name: 'worker', unit: 'worker_seconds', micros: 250_000, currency: 'USD', per: 1 }] });
  for (const name of PIPELINES) pipelines[name] = await server.apply(name, await example(name));

  const over = async (name, some) => {
    runs[name] = await server.run(pipelines[name], some);
    return server.runIs(runs[name]);
  };
  await over('load_orders', { runInputs: { mode: 'full' } });
  await over('load_orders');
  await server.api('POST', '/assets', {
    assetName: 'Revenue',
    externalId: 'dashboards/revenue',
    integration: 'TABLEAU',
    integrationAccountId: 'acme',
    assetType: 'DASHBOARD',
    owners: ['finance@example.org'],
    description: 'What the board looks at.',
  });
  for (let count = 0; count < 5; count++) await over('hourly_metrics');
  await over('revenue_report');
  await server.apply('revenue_report', (await example('revenue_report')).replace('order["amount"]', 'order["amont"]'));
  for (let count = 0; count < 3; count++) await over('revenue_report');
  const used = { currency: 'USD', incurredAt: new Date().toISOString(), source: 'warehouse' };
  await server.api('POST', '/costs/bills', {
    bills: [
      { ...used, externalId: 'revenue', micros: 18_400_000, asset: 'warehouse/shop.revenue', owner: 'data-platform' },
      { ...used, externalId: 'orders', micros: 7_250_000, asset: 'warehouse/shop.orders', owner: 'data-platform' },
      { ...used, externalId: 'rates', micros: 2_100_000, asset: 'warehouse/shop.rates', owner: 'finance' },
    ],
  });
  runs.publish_prices = await server.run(pipelines.publish_prices);
  runs.train_models = await server.run(pipelines.train_models);
  await server.run(pipelines.train_models);
  await server.runIs(runs.train_models, ['RUNNING']);
  return { pipelines, runs };
}
