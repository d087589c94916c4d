/** What may be written at a place, and what a field is about: from the shape of the language and what the page knows. */
import type { Integration, Job, Parameter } from '../../../api/catalogue';
import { t } from '../../../i18n';
import { find, tasksOf, type PipelineOf } from '../edit/pipeline';
import { neighbours } from '../edit/tasks';
import { isObject, resolved, type Tree } from '../edit/tree';
import { cursorAt, type Cursor } from './cursor';
import { entryShape, PIPELINE, type Shape } from './shape';

export interface Known {
  catalogue: Integration[];
  connections: { integration: string; connectionName: string }[];
  environments: string[];
  pipeline: PipelineOf;
}

export interface Suggestion {
  label: string;
  insert: string;
  detail?: string;
  about?: string;
  kind: 'key' | 'value' | 'expression';
  /** Must be there: shown first. */
  required?: boolean;
}

export const jobOf = (known: Pick<Known, 'catalogue'>, integration: string, job: string): Job | undefined =>
  known.catalogue.find((one) => one.integration === integration)?.jobs.find((one) => one.integrationJob === job);

/** The value in the document at a path of names; lists are looked into at their first item. */
function treeAt(known: Known, path: readonly string[]): Tree | undefined {
  let at: Tree | undefined = known.pipeline.fields;
  for (const step of path) at = step === '[]' ? (Array.isArray(at) ? at[0] : undefined) : isObject(at) ? resolved(at)[step] : undefined;
  return at;
}

const word = (tree: Tree | undefined) => (typeof tree === 'string' ? tree : '');
const keysAt = (known: Known, path: readonly string[]) => Object.keys(resolved(treeAt(known, path)));

const parameterShape = (parameter: Parameter): Shape => ({
  type: parameter.type === 'enum' || parameter.type === 'any' || parameter.type === 'number' ? undefined : parameter.type,
  enum: parameter.enum,
});

function ofParameters(parameters: Parameter[] | undefined): Shape {
  if (!parameters) return { type: 'object' };
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, parameterShape(parameter)])),
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
  };
}

/** The shape of what stands at a path. */
export function shapeAt(known: Known, path: readonly string[]): Shape | undefined {
  let shape: Shape | undefined = PIPELINE;
  for (let at = 0; at < path.length && shape; at++) {
    const step = path[at]!;
    if (step === '[]') shape = shape.items;
    else if (at === 1 && path[0] === 'pipeline') shape = entryShape(keysAt(known, path.slice(0, 2)));
    else shape = shape.properties?.[step] ?? shape.values;
    const holder = path.slice(0, at);
    if (shape?.from === 'parameters') {
      const task = resolved(treeAt(known, holder));
      shape = { ...shape, ...ofParameters(jobOf(known, word(task.integration), word(task.integration_job))?.parameters) };
    } else if (shape?.from === 'sensorParameters') {
      const check = resolved(treeAt(known, holder));
      shape = { ...shape, ...ofParameters(known.catalogue.flatMap((one) => one.sensorChecks).find((one) => one.sensorType === word(check.sensor_type))?.parameters) };
    }
  }
  return shape;
}

let zones: string[] | undefined;
const timezones = () => (zones ??= Intl.supportedValuesOf('timeZone'));

function words(known: Known, shape: Shape, path: readonly string[]): { label: string; detail?: string }[] {
  if (shape.enum) return shape.enum.map((label) => ({ label }));
  if (shape.type === 'boolean') return [{ label: 'true' }, { label: 'false' }];
  const holder = resolved(treeAt(known, path));
  const integration = word(holder.integration);
  switch (shape.from) {
    case 'integrations':
      return known.catalogue.map((one) => ({ label: one.integration, detail: one.displayName }));
    case 'jobs':
      return known.catalogue
        .filter((one) => integration === '' || one.integration === integration)
        .flatMap((one) => one.jobs.map((job) => ({ label: job.integrationJob, detail: job.displayName })));
    case 'sensorTypes':
      return known.catalogue
        .filter((one) => integration === '' || one.integration === integration)
        .flatMap((one) => one.sensorChecks.map((check) => ({ label: check.sensorType, detail: check.displayName })));
    case 'connections':
      return known.connections.filter((one) => integration === '' || one.integration === integration).map((one) => ({ label: one.connectionName, detail: one.integration }));
    case 'environments':
      return known.environments.map((label) => ({ label }));
    case 'timezones':
      return timezones().map((label) => ({ label }));
    default:
      return [];
  }
}

const ROOTS = ['ENV.', 'inputs.', 'tasks[', 'task_groups[', 'secrets.', 'matrix.'];
const RUN = ['PIPELINE_RUN_ID', 'TASK_RUN_ID', 'CURRENT_TIME', 'PIPELINE_RUN_STARTED_AT', 'CURRENT_BRANCH'];
const FUNCTIONS = ['add_days(date, n)', 'add_months(date, n)', 'format_date(date, format)', 'int(x)', 'len(x)', 'str(x)'];

function expressions(known: Known, cursor: Cursor): Suggestion[] {
  const made = (label: string, detail?: string): Suggestion => ({ label, insert: label, detail, kind: 'expression' });
  const status = /\.status\s*(==|!=|in\s*\[[^\]]*)\s*'?\w*$/.test(cursor.expression ?? '');
  if (status) return ['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED'].map((label) => made(`'${label}'`));
  const quoted = (id: string) => `'${id.replaceAll("'", "\\'")}'`;
  return [
    ...tasksOf(known.pipeline).map((task) => made(`tasks[${quoted(task.id)}].outputs.`, task.name)),
    ...tasksOf(known.pipeline).map((task) => made(`tasks[${quoted(task.id)}].status`, task.name)),
    ...known.pipeline.entries.filter((entry) => entry.kind === 'group').map((group) => made(`task_groups[${quoted(group.id)}].all().status`, group.name)),
    ...Object.keys(resolved(known.pipeline.fields.inputs)).map((name) => made(`inputs.${name}`, t('builder.suggest.input'))),
    ...RUN.map((name) => made(`ORCHESTRA.${name}`, t('builder.suggest.run'))),
    ...ROOTS.map((root) => made(root)),
    ...FUNCTIONS.map((call) => ({ ...made(call), insert: `${call.slice(0, call.indexOf('('))}(` })),
  ];
}

/** Whom the entry at a path may wait for. */
function waited(known: Known, path: readonly string[]): Suggestion[] {
  const id = path[0] === 'pipeline' ? (path[2] === 'tasks' ? path[3] : path[1]) : undefined;
  const entry = id === undefined ? undefined : find(known.pipeline, id);
  return entry ? neighbours(known.pipeline, entry).map((other) => ({ label: other.id, insert: other.id, detail: other.name, kind: 'value' })) : [];
}

export interface Suggestions {
  from: number;
  options: Suggestion[];
}

export function suggestionsAt(text: string, at: number, known: Known): Suggestions | undefined {
  const cursor = cursorAt(text, at);
  if (!cursor) return undefined;
  if (cursor.expression !== undefined) return { from: cursor.from, options: expressions(known, cursor) };
  const path = cursor.key === undefined ? cursor.path : [...cursor.path, cursor.key];
  const shape = shapeAt(known, path);
  if (!shape) return undefined;
  const holder = cursor.key === undefined ? cursor.path.slice(0, -1) : cursor.path;
  if (cursor.key !== undefined || !shape.properties) {
    if (shape.from === 'neighbours') return { from: cursor.from, options: waited(known, path).filter((one) => !cursor.siblings.includes(one.label)) };
    const found = words(known, shape, holder);
    return found.length > 0 ? { from: cursor.from, options: found.map((one) => ({ ...one, insert: one.label, kind: 'value' })) } : undefined;
  }
  const options = Object.entries(shape.properties)
    .filter(([key]) => !cursor.siblings.includes(key))
    .map(([key, inner]): Suggestion => ({
      label: key,
      insert: inner.type === 'object' && inner.enum === undefined ? `${key}:` : `${key}: `,
      detail: [inner.enum ? t('builder.suggest.oneOf') : inner.type ? t(`builder.type.${inner.type}`) : '', shape.required?.includes(key) ? t('builder.suggest.required') : ''].filter(Boolean).join(' · '),
      about: inner.about && t(inner.about),
      kind: 'key',
      required: shape.required?.includes(key),
    }));
  return options.length > 0 ? { from: cursor.from, options } : undefined;
}

export interface About {
  name: string;
  words: string[];
}

/** What stands under the pointer: the field, its type, and for a job what it takes. */
export function aboutAt(text: string, at: number, known: Known): About | undefined {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
  const line = text.slice(start, end);
  const colon = /^[\s-]*("[^"]*"|'[^']*'|[^:#]+):(\s|$)/.exec(line);
  if (!colon) return undefined;
  const onKey = at - start < colon[0].length;
  const cursor = cursorAt(text, start + colon[0].length);
  if (!cursor?.key) return undefined;
  const path = [...cursor.path, cursor.key];
  const shape = shapeAt(known, path);
  const value = word(treeAt(known, path));
  if (!onKey && cursor.key === 'integration_job') {
    const job = known.catalogue.flatMap((one) => one.jobs).find((one) => one.integrationJob === value);
    if (!job) return undefined;
    const needed = job.parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name);
    return { name: job.displayName, words: [needed.length > 0 ? t('builder.hover.needs', { names: needed.join(', ') }) : t('builder.hover.needsNothing')] };
  }
  if (!onKey && cursor.key === 'integration') {
    const found = known.catalogue.find((one) => one.integration === value);
    return found && { name: found.displayName, words: [t('builder.hover.jobs', { count: found.jobs.length })] };
  }
  if (!shape || !onKey) return undefined;
  const holder = shapeAt(known, cursor.path);
  const facts = [
    shape.enum ? t('builder.hover.oneOf', { words: shape.enum.slice(0, 12).join(', ') }) : shape.type ? t(`builder.type.${shape.type}`) : '',
    holder?.required?.includes(cursor.key) ? t('builder.suggest.required') : '',
  ].filter(Boolean);
  return { name: cursor.key, words: [shape.about ? t(shape.about) : '', facts.join(' · ')].filter(Boolean) };
}
