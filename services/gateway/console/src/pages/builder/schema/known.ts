/** The language with what only the page knows: the server's catalogue, connections, and what the pipeline itself declares. */
import type { Integration, Job, Parameter, SensorCheck } from '../../../api/catalogue';
import type { PipelineOf } from '../edit/pipeline';
import { isObject, resolved, type Step, type Tree } from '../edit/tree';
import { inputsOf } from './inputs';
import { PIPELINE, stepInto } from './language';
import type { Shape } from './shape';

export interface Known {
  catalogue: Integration[];
  connections: { integration: string; connectionName: string }[];
  environments: string[];
  pipelines: { id: string; name: string; alias: string }[];
  pipeline: PipelineOf;
}

export const jobOf = (known: Pick<Known, 'catalogue'>, integration: string, job: string): Job | undefined =>
  known.catalogue.find((one) => one.integration === integration)?.jobs.find((one) => one.integrationJob === job);

export const checkOf = (known: Pick<Known, 'catalogue'>, type: string): SensorCheck | undefined =>
  known.catalogue.flatMap((one) => one.sensorChecks).find((one) => one.sensorType === type);

const word = (tree: Tree | undefined) => (typeof tree === 'string' ? tree : '');

/** The value in the document at a path, with what merge keys bring; `[]` is the first item of a list. */
export function treeAt(fields: { [key: string]: Tree }, path: readonly Step[]): Tree | undefined {
  let at: Tree | undefined = fields;
  for (const step of path) {
    if (Array.isArray(at)) at = at[step === '[]' ? 0 : Number(step)];
    else if (isObject(at)) at = Object.hasOwn(resolved(at), step) ? resolved(at)[String(step)] : undefined;
    else return undefined;
  }
  return at;
}

const TYPES: Record<string, Parameter['type']> = { number: 'number', boolean: 'boolean', dict: 'object', list: 'array' };
const parameter = (name: string, type: Parameter['type'], more: Partial<Parameter> = {}): Parameter => ({ name, type, required: false, templated: true, default: null, note: null, ...more });

/** The inputs of the pipeline as what a start may give. */
function inputs(known: Known, path: readonly Step[]): Parameter[] {
  const must = path[0] === 'schedule' || path[0] === 'trigger_events';
  return inputsOf(known.pipeline.fields).map((one) => {
    const listed = one.type === 'string' && one.options.length > 0;
    return parameter(one.name, listed ? 'enum' : (TYPES[one.type] ?? 'string'), { required: must && one.needed, default: one.fallback ?? null, enum: listed ? one.options : undefined });
  });
}

/** What a map at a path takes where that depends on what stands beside it; undefined = nobody knows. */
export function parametersAt(known: Known, shape: Shape, path: readonly Step[]): Parameter[] | undefined {
  const holder = resolved(treeAt(known.pipeline.fields, path.slice(0, -1)));
  switch (shape.from) {
    case 'parameters':
      return jobOf(known, word(holder.integration), word(holder.integration_job))?.parameters;
    case 'sensorParameters':
      return checkOf(known, word(holder.sensor_type))?.parameters;
    case 'destinationParameters':
      if (holder.integration === 'DATADOG') return [parameter('priority', 'integer', { templated: false })];
      return holder.integration === 'WEBHOOK' ? [parameter('body', 'any')] : [];
    case 'runInputs':
      return inputs(known, path);
    case 'mappedInputs':
      return inputs(known, path).map((one) => parameter(one.name, 'string'));
    default:
      return undefined;
  }
}

/** An input's default is of the input's type. */
export function defaultOf(own: { [key: string]: Tree }): Parameter {
  const options = Array.isArray(own.options) && own.type === 'string' ? own.options.map(String) : [];
  return parameter('default', options.length > 0 ? 'enum' : (TYPES[word(own.type)] ?? 'string'), { enum: options.length > 0 ? options : undefined });
}

const ofParameter = (one: Parameter): Shape => ({ type: one.type === 'enum' || one.type === 'any' || one.type === 'number' ? undefined : one.type, enum: one.enum });

/** The shape of what stands at a path. */
export function shapeAt(known: Known, path: readonly Step[]): Shape | undefined {
  let shape: Shape | undefined = PIPELINE;
  const keysOf = (id: string) => Object.keys(resolved(treeAt(known.pipeline.fields, ['pipeline', id])));
  for (let at = 0; at < path.length && shape; at++) {
    shape = stepInto(shape, path, at, keysOf);
    const takes = shape?.from && shape.type === 'object' && !shape.values ? parametersAt(known, shape, path.slice(0, at + 1)) : undefined;
    if (takes) shape = { ...shape, properties: Object.fromEntries(takes.map((one) => [one.name, ofParameter(one)])), required: takes.filter((one) => one.required).map((one) => one.name) };
    else if (shape?.from === 'inputDefault') shape = { ...shape, ...ofParameter(defaultOf(resolved(treeAt(known.pipeline.fields, path.slice(0, at))))) };
  }
  return shape;
}

let zones: string[] | undefined;
const timezones = () => (zones ??= Intl.supportedValuesOf('timeZone'));

export interface Word {
  label: string;
  detail?: string;
}

/** The words that a field of a shape may take; `holder` is what stands beside it. */
export function wordsOf(known: Known, shape: Shape, holder: { [key: string]: Tree }): Word[] {
  if (shape.enum) return shape.enum.map((label) => ({ label }));
  if (shape.type === 'boolean') return [{ label: 'true' }, { label: 'false' }];
  const integration = word(holder.integration);
  const fitting = known.catalogue.filter((one) => integration === '' || one.integration === integration);
  switch (shape.from) {
    case 'integrations':
      return known.catalogue.map((one) => ({ label: one.integration, detail: one.displayName }));
    case 'jobs':
      return fitting.flatMap((one) => one.jobs.map((job) => ({ label: job.integrationJob, detail: job.displayName })));
    case 'sensorTypes':
      return fitting.flatMap((one) => one.sensorChecks.map((check) => ({ label: check.sensorType, detail: check.displayName })));
    case 'connections':
    case 'destinationConnections':
      return known.connections.filter((one) => integration === '' || one.integration === integration).map((one) => ({ label: one.connectionName, detail: one.integration }));
    case 'environments':
      return known.environments.map((label) => ({ label }));
    case 'timezones':
      return timezones().map((label) => ({ label }));
    case 'pipelines':
      return [...known.pipelines.map((one) => ({ label: one.id, detail: one.name })), { label: '*' }];
    default:
      return [];
  }
}
