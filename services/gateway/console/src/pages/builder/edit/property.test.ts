/**
 * What every edit promises, on every pipeline of deploy/examples and on texts that are hard to edit: what it does not
 * touch stays byte for byte, comments stay, it means what it should, and what can be undone by an edit is undone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineCounter, Parser, parseDocument } from 'yaml';
import { treeWith } from './change';
import { moveToGroup } from './groups';
import { connect, disconnect } from './links';
import { addItem, addNamed, renameInput, setPart, takePart } from './parts';
import { find, readPipeline, tasksOf } from './pipeline';
import { Refusal } from './refusal';
import { difference } from './splice';
import { addTask, removeEntry, renameEntry, setField } from './tasks';
import { isObject, read, resolved, sameTree, treeOf, type Path, type Tree } from './tree';

const EXAMPLES = join(import.meta.dirname, '../../../../../../../deploy/examples');
const examples = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((name) => /^(features|weather|cost)\/[^/]+\.ya?ml$/.test(name))
  .map((name): [string, string] => [name, readFileSync(join(EXAMPLES, name), 'utf8')])
  .filter(([, text]) => /^pipeline:/m.test(text));

const TASK = 'integration: HTTP\n    integration_job: HTTP_REQUEST\n    parameters:';
const NASTY: [string, string][] = [
  ['windows line ends', 'version: v1 # v\r\npipeline:\r\n  # a\r\n  a:\r\n    parameters:\r\n      x: 1 # x\r\n  b: # b\r\n    depends_on: [a]\r\n    parameters: {}\r\n'],
  ['no line break at the end', `pipeline:\n  a:\n    ${TASK} {path: /x}\n  b:\n    depends_on: [a]\n    ${TASK} {}`],
  ['four spaces, lists not moved', 'pipeline:\n    a:\n        parameters: {}\n    b:\n        depends_on:\n        - a   # why\n        parameters:\n            list:\n            - 1\n            - 2\n'],
  ['comments everywhere', '# top\n\n# of version\nversion: v1  # v\n# of pipeline\npipeline: # p\n  # of a\n  a: # a\n    # of parameters\n    parameters: # ps\n      # of x\n      x: 1 # x\n      # after x\n    # after parameters\n  # after a\n\n  # of b\n  b:\n    parameters: {x: 1} # b\n# end\n'],
  ['all in one line', '{version: v1, pipeline: {a: {parameters: {}}, b: {depends_on: [a], parameters: {x: "1", y: \'2\'}}}}\n'],
  ['braces over lines', 'pipeline: {\n  a: {parameters: {}}, # a\n  b: {\n    depends_on: [\n      a, # of a\n    ],\n    parameters: {}\n  }\n}\n'],
  ['texts of lines', 'pipeline:\n  a:\n    parameters:\n      code: |\n        # no comment\n        x = {\n          "a": 1,\n        }\n\n        y\n      fold: >-\n        a\n        b\n\n      keep: |+\n        z\n\n\n  b:\n    parameters:\n      q: "two\n        lines"\n      p: plain\n        text\n'],
  ['quoted keys', 'pipeline:\n  "a b":\n    parameters: {}\n  \'c\':\n    depends_on: ["a b"]\n    parameters: {}\n'],
  ['anchors', 'meta:\n  q: &q\n    connection: duck_10001\n    parameters: {x: 1}\npipeline:\n  a:\n    <<: *q\n    name: A # a\n  b:\n    <<: *q\n    depends_on: [a]\n'],
  ['odd ids', 'pipeline:\n  1:\n    parameters: {}\n  on: {parameters: {}}\n  a.b-c:\n    depends_on: [on]\n    parameters: {}\n  __proto__:\n    parameters: {}\n'],
  ['document marks', '---\npipeline:\n  a:\n    parameters: {}\n  b:\n    parameters: {}\n...\n'],
  ['triggers in braces', 'inputs: {day: {type: string, default: "1"}, num: {type: number}} # in\nsensors: {s: {name: S, checks: {c: {parameters: {query: select 1}}}}}\nalerts: [{name: a, statuses: [FAILED], destinations: [{integration: SLACK}]}] # who\npipeline: {a: {parameters: {x: "${{ inputs.day }}"}}}\n'],
  ['triggers among comments', '# in\ninputs: # of runs\n  # the day\n  day: # d\n    type: string # t\n    # else\n    default: \'x\' # y\n  # end of inputs\n\n# when\nschedule: # s\n- cron: 0 8 ? * * * # eight\n  run_inputs:\n    # given\n    day: "${{ ORCHESTRA.CURRENT_TIME }}" # now\n# who\nalerts:\n- # first\n  name: a\n  statuses:\n  - FAILED # bad\n  # more\n  destinations:\n  - integration: EMAIL\n    destination: a@b.c # us\n# tasks\npipeline:\n  a:\n    condition: "inputs.day == \'1\'" # c\n    parameters: {}\n'],
  ['triggers with windows line ends', 'inputs:\r\n  day:\r\n    type: string # t\r\nalerts:\r\n  - name: a # a\r\n    statuses: [FAILED]\r\n    destinations:\r\n      - integration: SLACK\r\n        destination: "#d" # d\r\nwebhook: {enabled: true, run_inputs: {day: "${{ outputs.payload.day }}"}}\r\npipeline:\r\n  a:\r\n    parameters: {x: "${{ inputs[\'day\'] }}"}\r\n'],
  ['alerts that are shared', 'meta:\n  who: &who\n    - name: a\n      statuses: [FAILED]\n      destinations: &d [{integration: SLACK}]\nalerts: *who\npipeline:\n  a:\n    parameters: {}\n    alerts:\n      - name: b\n        statuses: [FAILED]\n        destinations: *d\n'],
  ['empty', 'pipeline: {}\n'],
  ['nothing below the key', 'version: v1\npipeline:\n# end\n'],
  ['hangul and emoji', 'name: 매출 집계 📈 # 이름\npipeline:\n  적재:\n    name: 적재한다 # 첫째\n    parameters: {경로: /x}\n  b:\n    depends_on: [적재] # 둘째\n    parameters: {}\n'],
];

function comments(text: string): string[] {
  const found: string[] = [];
  const visit = (token: unknown): void => {
    if (Array.isArray(token)) token.forEach(visit);
    else if (typeof token === 'object' && token !== null) {
      const one = token as { type?: string; source?: string };
      if (one.type === 'comment') found.push(one.source!);
      Object.values(token).forEach(visit);
    }
  };
  for (const token of new Parser(new LineCounter().addNewLine).parse(text)) visit(token);
  return found;
}

/** The edit, or undefined where it is refused; anything but a refusal is a fault. */
function attempt(edit: () => string): string | undefined {
  try {
    return edit();
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}

/** Lines of `text` that are not in `next`, in their order: what the edit took. */
function lost(text: string, next: string): string[] {
  const left = next.split('\n');
  return text.split('\n').filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const tree = (text: string): Tree => treeOf(read(text));
const sound = (text: string) => expect(parseDocument(text, { version: '1.1', merge: true, uniqueKeys: true }).errors.map((error) => error.message)).toEqual([]);
let done = 0;

const MORE: [Path, Tree][] = [
  [['inputs', 'one_more'], { type: 'string', default: 'a: b' }],
  [['sensors', 'one_more'], { name: 'One more', cron: '0 6 ? * * *', timezone: 'UTC', timeout_mins: 60, checks: { rows: { integration: 'POSTGRES', sensor_type: 'POSTGRES_QUERY', parameters: { query: 'select 1\nfrom x' } } } }],
  [['schedule'], { cron: '0 8 ? * * *', timezone: 'Asia/Seoul' }],
  [['alerts'], { name: 'one more', statuses: ['FAILED'], destinations: [{ integration: 'SLACK', destination: '#data' }] }],
];
const fieldsAt = (text: string, path: Path): Tree | undefined => path.reduce<Tree | undefined>((at, step) => (Array.isArray(at) ? at[Number(step)] : isObject(at) ? resolved(at)[String(step)] : undefined), tree(text));
const isEmptyAt = (text: string, path: Path) => ['{}', '[]', 'null'].includes(JSON.stringify(fieldsAt(text, path) ?? 0));

/** All single values of the parts beside tasks. */
function leaves(root: Tree): Path[] {
  const below = (at: Tree, path: Path): Path[] => {
    if (Array.isArray(at)) return at.flatMap((one, step) => below(one, [...path, step]));
    if (isObject(at)) return Object.entries(at).flatMap(([step, one]) => below(one, [...path, step]));
    return at === null || String(at).includes('\n') ? [] : [path];
  };
  const parts = ['inputs', 'schedule', 'sensors', 'trigger_events', 'webhook', 'alerts', 'anomalies', 'configuration'];
  return isObject(root) ? parts.flatMap((part) => (Object.hasOwn(root, part) ? below(root[part]!, [part]) : [])) : [];
}

describe.each([...examples, ...NASTY])('%s', (_, text) => {
  const pipeline = readPipeline(text);
  const tasks = tasksOf(pipeline);

  it('is read', () => expect(pipeline.broken).toBeUndefined());

  it('a parameter more, and it is as before', () => {
    for (const task of tasks) {
      const next = attempt(() => setPart(text, [...task.path, 'parameters', 'added_here'], 'a: b'));
      if (next === undefined) continue;
      done++;
      sound(next);
      const before = (task.fields.parameters ?? {}) as Record<string, Tree>;
      expect(sameTree(tree(next), treeWith(tree(text), [...task.path, 'parameters'], { ...before, added_here: 'a: b' }))).toBe(true);
      expect(comments(next)).toEqual(comments(text));
      expect(lost(text, next).length).toBeLessThanOrEqual(1);
      const back = takePart(next, [...task.path, 'parameters', 'added_here'], task.path.length + 1);
      expect(sameTree(tree(back), treeWith(tree(text), [...task.path, 'parameters'], before)) || sameTree(tree(back), tree(text))).toBe(true);
      expect(comments(back)).toEqual(comments(text));
    }
  });

  it('a value changes and changes back, to the byte', () => {
    for (const task of tasks) {
      for (const [name, value] of Object.entries((task.fields.parameters ?? {}) as Record<string, Tree>)) {
        if (typeof value !== 'string' || value.includes('\n')) continue;
        const next = attempt(() => setPart(text, [...task.path, 'parameters', name], `${value}?`));
        if (next === undefined) continue;
        done++;
        expect(comments(next)).toEqual(comments(text));
        if (text.includes(`${name}: ${value}`)) expect(difference(text, next)!.to - difference(text, next)!.from).toBe(0);
        const back = setPart(next, [...task.path, 'parameters', name], value);
        expect(sameTree(tree(back), tree(text))).toBe(true);
      }
    }
  });

  it('a task more, and gone again, to the byte where others stand', () => {
    const groups = [undefined, ...pipeline.entries.filter((entry) => entry.kind === 'group').map((entry) => entry.id)];
    for (const group of groups) {
      const next = attempt(() => addTask(text, { id: 'one_more', name: 'One more', integration: 'HTTP', job: 'HTTP_REQUEST', parameters: { path: '/x' } }, group));
      if (next === undefined) continue;
      done++;
      sound(next);
      expect(comments(next)).toEqual(comments(text));
      expect(tasksOf(readPipeline(next))).toHaveLength(tasks.length + 1);
      const back = removeEntry(next, 'one_more');
      expect(sameTree(tree(back), tree(text)) || tasks.length === 0).toBe(true);
      const alone = group === undefined ? pipeline.entries.length === 0 : (find(pipeline, group) as { tasks: unknown[] }).tasks.length === 0;
      if (!alone && text.endsWith('\n')) expect(back).toBe(text);
    }
  });

  it('a task goes: nothing but its lines, and what waited for it', () => {
    for (const task of tasks) {
      const next = attempt(() => removeEntry(text, task.id));
      if (next === undefined) continue;
      done++;
      sound(next);
      const pieces = text.slice(task.place!.from, task.place!.to);
      const inside = comments(text).filter((comment) => !comments(next).includes(comment));
      for (const comment of inside) {
        const own = pieces.includes(comment) || text.slice(Math.max(0, task.place!.from - 400), task.place!.to + 200).includes(comment) || /depends_on/.test(text);
        expect(own).toBe(true);
      }
      expect(tasksOf(readPipeline(next)).map((one) => one.id)).toEqual(tasks.filter((one) => one.id !== task.id).map((one) => one.id));
      expect(tasksOf(readPipeline(next)).some((one) => one.group === task.group && one.dependsOn.includes(task.id))).toBe(false);
    }
  });

  it('another id and back, to the byte', () => {
    for (const task of tasks) {
      const next = attempt(() => renameEntry(text, task.id, 'a_new_id'));
      if (next === undefined) continue;
      done++;
      sound(next);
      expect(comments(next)).toEqual(comments(text));
      expect(next.split('\n')).toHaveLength(text.split('\n').length);
      expect(sameTree(tree(renameEntry(next, 'a_new_id', task.id)), tree(text))).toBe(true);
    }
  });

  it('an edge more and gone again', () => {
    for (const from of tasks) {
      for (const to of tasks) {
        const next = attempt(() => connect(text, from.id, to.id));
        if (next === undefined || next === text) continue;
        done++;
        sound(next);
        expect(comments(next)).toEqual(comments(text));
        expect(sameTree(tree(disconnect(next, from.id, to.id)), tree(text))).toBe(true);
      }
    }
  });

  it('a task moves, and its own lines come with it', () => {
    for (const task of tasks) {
      for (const group of [undefined, ...pipeline.entries.filter((entry) => entry.kind === 'group').map((entry) => entry.id)]) {
        const next = attempt(() => moveToGroup(text, task.id, group));
        if (next === undefined || next === text) continue;
        done++;
        sound(next);
        const { depends_on: _own, ...kept } = task.fields;
        const { depends_on: _now, ...found } = find(readPipeline(next), task.id)!.fields;
        expect(sameTree(found as Tree, kept as Tree)).toBe(true);
      }
    }
  });

  it('fields, retries and schedules come and go', () => {
    for (const task of tasks) {
      const next = attempt(() => setPart(setField(text, task.id, 'condition', '${{ True }}'), [...task.path, 'configuration', 'retries'], 3));
      if (next === undefined) continue;
      done++;
      sound(next);
      expect(comments(next)).toEqual(comments(text));
      expect(next.split('\n').length - text.split('\n').length).toBeLessThanOrEqual(3);
    }
  });

  it('an input, a sensor, an alert more, and gone again, to the byte', () => {
    for (const [path, value] of MORE) {
      for (const base of [[], ...tasks.map((task) => task.path)] as Path[]) {
        if (base.length > 0 && path[0] !== 'alerts') continue;
        const holder = fieldsAt(text, [...base, path[0]!]);
        const whole: Path = path[1] === undefined ? [...base, path[0]!, Array.isArray(holder) ? holder.length : 0] : [...base, ...path];
        const next = attempt(() => (path[1] === undefined ? addItem(text, [...base, path[0]!], value) : addNamed(text, [...base, path[0]!], String(path[1]), value)));
        if (next === undefined) continue;
        done++;
        sound(next);
        expect(comments(next)).toEqual(comments(text));
        expect(sameTree(fieldsAt(next, whole), value)).toBe(true);
        expect(lost(text, next).length).toBeLessThanOrEqual(1);
        const back = takePart(next, whole, base.length);
        expect(sameTree(tree(back), tree(text)) || isEmptyAt(text, [...base, path[0]!])).toBe(true);
        if (text.endsWith('\n') && !isEmptyAt(text, [...base, path[0]!])) expect(back).toBe(text);
      }
    }
  });

  it('each field of what starts it and of who is told changes, and changes back, to the byte; and each goes alone', () => {
    for (const path of leaves(tree(text))) {
      const value = fieldsAt(text, path);
      const other = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${String(value)}?`;
      const next = attempt(() => setPart(text, path, other));
      if (next === undefined) continue;
      done++;
      sound(next);
      expect(comments(next)).toEqual(comments(text));
      expect(sameTree(tree(next), treeWith(tree(text), path, other))).toBe(true);
      const back = setPart(next, path, value!);
      expect(sameTree(tree(back), tree(text))).toBe(true);
      expect(lost(text, back).length).toBeLessThanOrEqual(1);
      const without = attempt(() => takePart(text, path, path.length - 1));
      if (without === undefined) continue;
      sound(without);
      expect(sameTree(tree(without), treeWith(tree(text), path, undefined))).toBe(true);
    }
  });

  it('an input has another name, and has it back, to the byte', () => {
    for (const name of Object.keys(resolved(pipeline.fields.inputs))) {
      const next = attempt(() => renameInput(text, name, 'a_new_name'));
      if (next === undefined) continue;
      done++;
      sound(next);
      expect(next.split('\n')).toHaveLength(text.split('\n').length);
      expect(comments(next)).toEqual(comments(text));
      expect(next).not.toMatch(new RegExp(`inputs\\.${name}\\b`));
      expect(renameInput(next, 'a_new_name', name)).toBe(text);
    }
  });
});

it('edits were made, not only refused', () => {
  expect(examples.length).toBeGreaterThan(30);
  expect(done).toBeGreaterThan(600);
});
