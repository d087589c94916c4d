/**
 * The fields of the pipeline language, in the order in which people write them. Facts of the language, in our words; jobs,
 * sensors and their parameters come from the server's catalogue. Judges nothing: that is the server's part.
 */
import { byId, flag, list, number, object, oneOf, text, word, type Shape } from './shape';

const STATUSES = ['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED', 'RUNNING', 'QUEUED', 'CREATED', 'CANCELLING'] as const;
const ALERT_STATUSES = ['FAILED', 'WARNING', 'SUCCEEDED', 'CANCELLED', 'SKIPPED', 'ANY_COMPLETED'] as const;
const CHANNELS = ['SLACK', 'EMAIL', 'MICROSOFT_TEAMS', 'PAGER_DUTY', 'DATADOG', 'WEBHOOK'] as const;
const ON_LIMIT = ['SKIP', 'QUEUE', 'QUEUE_LATEST'] as const;
const INPUT_TYPES = ['string', 'number', 'boolean', 'dict', 'list'] as const;
const OPERATION_TYPES = [
  'AGGREGATION', 'ANALYSIS', 'DEPLOY', 'INGESTION', 'ITERATOR', 'MATERIALISATION', 'OPERATION', 'QUERY', 'REFRESH', 'REVERSE_ETL', 'SEED', 'SNAPSHOT', 'SOURCE', 'TEST',
  'TEST_GROUP', 'TRIGGER', 'UNKNOWN',
] as const;

const destination = object(
  {
    integration: oneOf(CHANNELS),
    destination: text('builder.about.destination', { when: { field: 'integration', is: ['SLACK', 'EMAIL', 'WEBHOOK'] } }),
    connection_id: word('destinationConnections', 'builder.about.connection'),
    parameters: { type: 'object', from: 'destinationParameters', when: { field: 'integration', is: ['DATADOG', 'WEBHOOK'] } },
  },
  ['integration'],
);
const destinations = list(destination, 'builder.about.destinations', { inline: true });
const alerts = list(
  object(
    {
      name: text(),
      statuses: list(oneOf(ALERT_STATUSES, undefined, { named: 'parts.status' }), 'builder.about.alertStatuses'),
      destinations,
      custom_message: text('builder.about.custom_message', { wide: true }),
      max_live_alerts: { ...number(0, undefined, 'builder.about.max_live_alerts'), templated: true },
    },
    ['name', 'statuses', 'destinations'],
  ),
  'builder.about.alerts',
);

/** Those of a baseline's other side are named; without a name it is the first one. */
function anomalies(kinds: readonly string[], operations: boolean): Shape {
  const first = kinds[0]!;
  const side = (end: string) => ({ field: 'type', is: kinds.filter((kind) => kind.endsWith(end)), absent: first });
  const ofOperations = { field: 'type', is: kinds.filter((kind) => kind.startsWith('operation_')), absent: first };
  return list(
    object({
      type: oneOf(kinds),
      percentage_above_baseline: { ...number(1, 1000, 'builder.about.percentage_above'), when: side('_above_baseline') },
      percentage_below_baseline: { ...number(1, 99, 'builder.about.percentage_below'), when: side('_below_baseline') },
      min_baseline_seconds: number(0, 86_400, 'builder.about.min_baseline_seconds'),
      ...(operations
        ? {
            operation_names: list(text(), 'builder.about.operation_names', { when: ofOperations }),
            operation_types: list(oneOf(OPERATION_TYPES, undefined, { named: 'assets.operation' }), 'builder.about.operation_types', { when: ofOperations }),
            max_anomalies: { ...number(1, 100, 'builder.about.max_anomalies'), when: ofOperations },
          }
        : {}),
      destinations,
    }),
    'builder.about.anomalies',
  );
}

const configuration = object(
  {
    retries: number(0, undefined, 'builder.about.retries'),
    retry_delay: number(0, 120, 'builder.about.retry_delay'),
    timeout: number(0, 259_200, 'builder.about.timeout'),
    concurrency: object({ max_active: { ...number(0, undefined, 'builder.about.max_active'), templated: true }, on_limit: oneOf(ON_LIMIT, 'builder.about.on_limit', { templated: true }) }),
  },
  [],
  'builder.about.configuration',
);
const landing = byId(
  object({ integration: word('integrations'), connection: word('connections'), dbt_warehouse_identifier: text(), s3_bucket_name: text(), s3_key_prefix: text() }, ['integration']),
  'builder.about.operation_metadata',
);
const meta: Shape = { type: 'object', about: 'builder.about.meta' };
const runInputs: Shape = { type: 'object', from: 'runInputs', about: 'builder.about.run_inputs' };
const exclude = list(text(), 'builder.about.exclude');

const TASK: Shape = object(
  {
    name: text('builder.about.name'),
    tags: list(text(), 'builder.about.tags'),
    depends_on: list(word('neighbours'), 'builder.about.depends_on'),
    condition: text('builder.about.condition'),
    paused: flag('builder.about.paused'),
    integration: word('integrations', 'builder.about.integration'),
    integration_job: word('jobs', 'builder.about.integration_job'),
    connection: word('connections', 'builder.about.connection'),
    parameters: { type: 'object', from: 'parameters', about: 'builder.about.parameters' },
    configuration,
    treat_failure_as_warning: flag('builder.about.treat_failure_as_warning'),
    alerts,
    anomalies: anomalies(['task_duration_above_baseline', 'task_duration_below_baseline', 'operation_duration_above_baseline', 'operation_duration_below_baseline'], true),
    operation_metadata: landing,
    meta,
  },
  ['integration', 'integration_job', 'parameters'],
);

const GROUP: Shape = object(
  {
    name: text('builder.about.name'),
    depends_on: list(word('neighbours'), 'builder.about.depends_on'),
    condition: text('builder.about.condition'),
    matrix: object(
      {
        inputs: { type: 'object', about: 'builder.about.matrix_inputs' },
        max_parallel: number(1, undefined, 'builder.about.max_parallel'),
        sequential: flag('builder.about.sequential'),
        continue_on_error: flag('builder.about.continue_on_error'),
      },
      ['inputs'],
      'builder.about.matrix',
    ),
    paused: flag('builder.about.paused'),
    meta,
    tasks: byId(TASK, 'builder.about.tasks'),
  },
  ['tasks'],
);

const input = object(
  {
    type: oneOf(INPUT_TYPES),
    default: { from: 'inputDefault', templated: true, about: 'builder.about.default' },
    optional: flag('builder.about.optional'),
    options: list(text(), 'builder.about.options', { lines: true, when: { field: 'type', is: ['string'] } }),
  },
  ['type'],
);

const schedule = object(
  {
    name: text(),
    cron: text('builder.about.cron', { templated: false }),
    timezone: word('timezones', 'builder.about.timezone'),
    environment: word('environments', 'builder.about.environment'),
    branch: text('builder.about.branch'),
    exclude,
    run_inputs: runInputs,
  },
  ['cron'],
);

const check = object(
  {
    integration: word('integrations'),
    sensor_type: word('sensorTypes', 'builder.about.sensor_type'),
    connection: word('connections', 'builder.about.connection'),
    parameters: { type: 'object', from: 'sensorParameters', about: 'builder.about.parameters' },
    map_outputs: { type: 'object', from: 'mappedInputs', about: 'builder.about.map_outputs' },
  },
  ['integration', 'sensor_type', 'parameters'],
);

const sensor = object(
  {
    name: text(),
    cron: text('builder.about.sensor_cron', { templated: false }),
    timezone: word('timezones', 'builder.about.sensorTimezone'),
    timeout_mins: number(1, 7200, 'builder.about.timeout_mins'),
    frequency_secs: number(60, 600, 'builder.about.frequency_secs'),
    checks: { ...byId(check, 'builder.about.checks'), from: 'sensors' },
    condition: text('builder.about.sensorCondition', { wide: true }),
    environments: list(word('environments'), 'builder.about.environments'),
    exclude,
    run_inputs: runInputs,
    alerts,
  },
  ['name', 'cron', 'timezone', 'timeout_mins', 'checks'],
);

export const PIPELINE: Shape = object(
  {
    version: oneOf(['v1']),
    name: text('builder.about.name'),
    meta,
    configuration,
    inputs: byId(input, 'builder.about.inputs'),
    schedule: list(schedule, 'builder.about.schedule'),
    sensors: { ...byId(sensor, 'builder.about.sensors'), from: 'sensors' },
    trigger_events: list(
      object({ type: oneOf(['pipeline']), pipeline_id: word('pipelines', 'builder.about.pipeline_id'), statuses: list(oneOf(STATUSES, undefined, { named: 'parts.status' }), 'builder.about.eventStatuses'), run_inputs: runInputs }, ['type', 'pipeline_id']),
      'builder.about.trigger_events',
    ),
    webhook: object({ enabled: flag('builder.about.enabled'), run_inputs: runInputs, operation_metadata: landing }, [], 'builder.about.webhook'),
    alerts,
    anomalies: anomalies(['pipeline_duration_above_baseline', 'pipeline_duration_below_baseline'], false),
    pipeline: byId({}, 'builder.about.pipeline'),
  },
  ['version', 'name', 'pipeline'],
);

/** An entry of the pipeline is a group where it holds tasks, and a task else. */
const entryShape = (keys: readonly string[]): Shape => (keys.includes('tasks') || keys.includes('matrix') ? GROUP : TASK);

/** What a step leads to from a shape. `keysOf`: the keys of an entry of the pipeline. */
export function stepInto(shape: Shape | undefined, path: readonly (string | number)[], at: number, keysOf: (id: string) => readonly string[]): Shape | undefined {
  const step = path[at]!;
  if (step === '[]' || typeof step === 'number') return shape?.items;
  if (at === 1 && path[0] === 'pipeline') return entryShape(keysOf(step));
  return (shape?.properties && Object.hasOwn(shape.properties, step) ? shape.properties[step] : undefined) ?? shape?.values;
}
