/** What may be written at a place, and what a field is about: from the shape of the language and what the page knows. */
import { t } from '../../../i18n';
import { find, tasksOf } from '../edit/pipeline';
import { neighbours } from '../edit/tasks';
import { resolved, type Tree } from '../edit/tree';
import { cursorAt, type Cursor } from './cursor';
import { shapeAt, treeAt, wordsOf, type Known } from './known';
import { fits } from './shape';

export interface Suggestion {
  label: string;
  insert: string;
  detail?: string;
  about?: string;
  kind: 'key' | 'value' | 'expression';
  /** Must be there: shown first. */
  required?: boolean;
}

const word = (tree: Tree | undefined) => (typeof tree === 'string' ? tree : '');

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
    const inList = path.at(-1) === '[]';
    const found = wordsOf(known, shape, resolved(treeAt(known.pipeline.fields, holder))).filter((one) => !inList || !cursor.siblings.includes(one.label));
    return found.length > 0 ? { from: cursor.from, options: found.map((one) => ({ ...one, insert: one.label, kind: 'value' })) } : undefined;
  }
  const own = resolved(treeAt(known.pipeline.fields, path));
  // Which item of a list the cursor stands in is not known: all that some item could have is offered.
  const inItem = path.includes('[]');
  const options = Object.entries(shape.properties)
    .filter(([key, inner]) => !cursor.siblings.includes(key) && (inItem || fits(inner, own)))
    .map(([key, inner]): Suggestion => ({
      label: key,
      insert: (inner.type === 'object' && inner.enum === undefined) || inner.items?.type === 'object' ? `${key}:` : `${key}: `,
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
  const value = word(treeAt(known.pipeline.fields, path));
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
