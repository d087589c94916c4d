/**
 * The fields of the pipeline language: what may stand where, in the terms of JSON Schema. Facts of the language, in our
 * words; jobs and their parameters come from the server's catalogue. Judges nothing: that is the server's part.
 */
import type { Key } from '../../../i18n';

export interface Shape {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  properties?: Record<string, Shape>;
  required?: string[];
  /** Of every value of a map with ids as keys. */
  values?: Shape;
  items?: Shape;
  enum?: readonly string[];
  /** What it is about. */
  about?: Key;
  /** Words that only the page knows: integrations, neighbours, connections. */
  from?: 'integrations' | 'jobs' | 'neighbours' | 'connections' | 'environments' | 'timezones' | 'parameters' | 'sensorTypes' | 'sensorParameters';
}

const text = (about?: Key): Shape => ({ type: 'string', about });
const number = (about?: Key): Shape => ({ type: 'integer', about });
const flag = (about?: Key): Shape => ({ type: 'boolean', about });
const object = (properties: Record<string, Shape>, required: string[] = [], about?: Key): Shape => ({ type: 'object', properties, required, about });
const list = (items: Shape, about?: Key): Shape => ({ type: 'array', items, about });
const byId = (values: Shape, about?: Key): Shape => ({ type: 'object', values, about });
const word = (from: Shape['from'], about?: Key): Shape => ({ type: 'string', from, about });

export const STATUSES = ['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED', 'RUNNING', 'QUEUED', 'CREATED', 'CANCELLING'] as const;
const ALERT_STATUSES = ['ANY_COMPLETED', 'CANCELLED', 'FAILED', 'SUCCEEDED', 'WARNING', 'SKIPPED'] as const;
const CHANNELS = ['EMAIL', 'DATADOG', 'MICROSOFT_TEAMS', 'PAGER_DUTY', 'SLACK', 'WEBHOOK'] as const;
export const ON_LIMIT = ['SKIP', 'QUEUE', 'QUEUE_LATEST'] as const;
export const INPUT_TYPES = ['string', 'number', 'boolean', 'dict', 'list'] as const;

const destination = object({ integration: { enum: CHANNELS }, destination: text('builder.about.destination'), connection_id: text(), parameters: { type: 'object' } }, ['integration']);
const alerts = list(
  object(
    { name: text(), statuses: list({ enum: ALERT_STATUSES }), destinations: list(destination), custom_message: text(), max_live_alerts: number() },
    ['name', 'statuses', 'destinations'],
  ),
  'builder.about.alerts',
);
const anomalies = list(
  object({ type: text(), percentage_above_baseline: number(), percentage_below_baseline: number(), min_baseline_seconds: number(), destinations: list(destination) }),
  'builder.about.anomalies',
);
const configuration = object(
  {
    retries: number('builder.about.retries'),
    retry_delay: number('builder.about.retry_delay'),
    timeout: number('builder.about.timeout'),
    concurrency: object({ max_active: number('builder.about.max_active'), on_limit: { enum: ON_LIMIT, about: 'builder.about.on_limit' } }),
  },
  [],
  'builder.about.configuration',
);
const landing = byId(object({ integration: word('integrations'), connection: word('connections'), dbt_warehouse_identifier: text(), s3_bucket_name: text(), s3_key_prefix: text() }), 'builder.about.operation_metadata');
const meta: Shape = { type: 'object', about: 'builder.about.meta' };

export const TASK: Shape = object(
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
    anomalies,
    operation_metadata: landing,
    meta,
  },
  ['integration', 'integration_job', 'parameters'],
);

export const GROUP: Shape = object(
  {
    name: text('builder.about.name'),
    depends_on: list(word('neighbours'), 'builder.about.depends_on'),
    condition: text('builder.about.condition'),
    matrix: object(
      {
        inputs: { type: 'object', about: 'builder.about.matrix_inputs' },
        max_parallel: number('builder.about.max_parallel'),
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

const runInputs: Shape = { type: 'object', about: 'builder.about.run_inputs' };

export const PIPELINE: Shape = object(
  {
    version: { enum: ['v1'] },
    name: text('builder.about.name'),
    meta,
    configuration,
    inputs: byId(object({ type: { enum: INPUT_TYPES }, default: {}, optional: flag(), options: list(text()) }, ['type']), 'builder.about.inputs'),
    schedule: list(
      object(
        {
          name: text(),
          cron: text('builder.about.cron'),
          timezone: word('timezones', 'builder.about.timezone'),
          environment: word('environments', 'builder.about.environment'),
          branch: text(),
          exclude: list(text(), 'builder.about.exclude'),
          run_inputs: runInputs,
        },
        ['cron'],
      ),
      'builder.about.schedule',
    ),
    sensors: byId(
      object(
        {
          name: text(),
          cron: text('builder.about.sensor_cron'),
          timezone: word('timezones', 'builder.about.timezone'),
          timeout_mins: number('builder.about.timeout_mins'),
          frequency_secs: number('builder.about.frequency_secs'),
          checks: byId(
            object(
              { integration: word('integrations'), sensor_type: word('sensorTypes'), connection: word('connections'), parameters: { type: 'object', from: 'sensorParameters' }, map_outputs: { type: 'object' } },
              ['integration', 'sensor_type', 'parameters'],
            ),
          ),
          condition: text('builder.about.condition'),
          environments: list(word('environments')),
          exclude: list(text(), 'builder.about.exclude'),
          run_inputs: runInputs,
          alerts,
        },
        ['name', 'cron', 'timezone', 'timeout_mins', 'checks'],
      ),
      'builder.about.sensors',
    ),
    trigger_events: list(object({ type: { enum: ['pipeline'] }, pipeline_id: text(), statuses: list({ enum: STATUSES }), run_inputs: runInputs }, ['type', 'pipeline_id']), 'builder.about.trigger_events'),
    webhook: object({ enabled: flag(), run_inputs: runInputs, operation_metadata: landing }, [], 'builder.about.webhook'),
    alerts,
    anomalies,
    pipeline: byId({}, 'builder.about.pipeline'),
  },
  ['version', 'name', 'pipeline'],
);

/** An entry of the pipeline is a group where it holds tasks, and a task else. */
export const entryShape = (keys: readonly string[]): Shape => (keys.includes('tasks') || keys.includes('matrix') ? GROUP : TASK);
