/** Edits, one by one: what stood there, what is asked for, what must stand there then. */
import { describe, expect, it } from 'vitest';
import { set, setWords, unset } from './change';
import { moveToGroup } from './groups';
import { connect, disconnect } from './links';
import { Refusal } from './refusal';
import { addGroup, addTask, removeEntry, renameEntry, setConfiguration, setField, setMatrix, setParameter, setRoot } from './tasks';
import { addSchedule, removeSchedule, setSchedule } from './triggers';

const t = (strings: TemplateStringsArray) => {
  const text = strings.raw[0]!.replace(/^\n/, '');
  const margin = /^ */.exec(text)![0];
  return text.replace(new RegExp(`^${margin}`, 'gm'), '').replace(/ +$/, '');
};
type Case = [name: string, before: string, edit: (text: string) => string, after: string];
const check = (cases: Case[]) => it.each(cases)('%s', (_, before, edit, after) => expect(edit(before)).toBe(after));
const refused = (edit: () => string) => {
  try {
    edit();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.why;
    throw thrown;
  }
  return 'done';
};

describe('a value is set', () => {
  check([
    ['a plain one in its place', 'a: 1 # one\nb: 2\n', (s) => set(s, ['a'], 7), 'a: 7 # one\nb: 2\n'],
    ['quotes stay', "v: '3.11'\n", (s) => set(s, ['v'], '3.12'), "v: '3.12'\n"],
    ['double quotes stay', 'v: "x"\n', (s) => set(s, ['v'], 'a"b'), 'v: "a\\"b"\n'],
    ['quotes come where they are needed', 'v: x\n', (s) => set(s, ['v'], 'yes'), "v: 'yes'\n"],
    ['nothing was there', 'v: # why\nw: 1\n', (s) => set(s, ['v'], 'x'), 'v: x # why\nw: 1\n'],
    ['nothing was there, at the end', 'v:', (s) => set(s, ['v'], 'x'), 'v: x'],
    ['a map where nothing was', 'v: # why\nw: 1\n', (s) => set(s, ['v', 'k'], 1), 'v: # why\n  k: 1\nw: 1\n'],
    ['a map where an empty one was', 'v: {} # why\nw: 1\n', (s) => set(s, ['v', 'k'], 1), 'v: # why\n  k: 1\nw: 1\n'],
    ['a list where an empty one was', 'v: []\nw: 1\n', (s) => set(s, ['v'], [{ a: 1 }]), 'v:\n  - a: 1\nw: 1\n'],
    ['a new key goes last', 'a:\n  b: 1 # x\n\n# of c\nc: 2\n', (s) => set(s, ['a', 'd'], 2), 'a:\n  b: 1 # x\n  d: 2\n\n# of c\nc: 2\n'],
    ['a new key at the end without a line break', 'a:\n  b: 1', (s) => set(s, ['a', 'd'], 2), 'a:\n  b: 1\n  d: 2'],
    ['a new key by its order', 'a: 1\n# of c\nc: 3\n', (s) => set(s, ['b'], 2, ['a', 'b', 'c']), 'a: 1\nb: 2\n# of c\nc: 3\n'],
    ['a new key before all others', '# of c\nc: 3\n', (s) => set(s, ['b'], 2, ['a', 'b', 'c']), 'b: 2\n# of c\nc: 3\n'],
    ['inside braces', 'a: {b: 1, c: [x]} # q\n', (s) => set(s, ['a', 'd'], 'w'), 'a: {b: 1, c: [x], d: w} # q\n'],
    ['inside braces over lines', 'a: {\n  b: 1,\n  c: 2,\n}\n', (s) => set(s, ['a', 'd'], 3), 'a: {\n  b: 1,\n  c: 2,\n  d: 3,\n}\n'],
    ['inside empty braces inside braces', 'a: {b: {}}\n', (s) => set(s, ['a', 'b', 'c'], 3), 'a: {b: {c: 3}}\n'],
    ['a text of lines', 'a: x\nb: 1\n', (s) => set(s, ['a'], 'one\ntwo\n'), 'a: |\n  one\n  two\nb: 1\n'],
    ['a text of lines becomes one', 'a: |\n  one\n  two\n\n# c\nb: 1\n', (s) => set(s, ['a'], 'x'), 'a: x\n\n# c\nb: 1\n'],
    ['a text of lines stays one', 'a: | # code\n  one\n\nb: 1\n', (s) => set(s, ['a'], 'x\n\n  y\n'), 'a: | # code\n  x\n\n    y\n\nb: 1\n'],
    ['carriage returns', 'a: 1\r\nb:\r\n  c: 2\r\n', (s) => set(s, ['b', 'd'], 'x\ny'), 'a: 1\r\nb:\r\n  c: 2\r\n  d: |-\r\n    x\r\n    y\r\n'],
    ['four spaces', 'a:\n    b: 1\n', (s) => set(s, ['a', 'c', 'd'], 1), 'a:\n    b: 1\n    c:\n        d: 1\n'],
    ['lists at the column of their key', 'a:\n- x\n', (s) => set(s, ['b'], [{ c: 1 }]), 'a:\n- x\nb:\n- c: 1\n'],
    ['an item of a list', 'a:\n  - x # 1\n  - y\n', (s) => set(s, ['a', 0], 'z'), 'a:\n  - z # 1\n  - y\n'],
    ['one more item', 'a:\n  - x\n  # end\nb: 1\n', (s) => set(s, ['a', 1], 'z'), 'a:\n  - x\n  - z\n  # end\nb: 1\n'],
    ['a key that merges bring', 'x: &x {a: 1}\ny:\n  <<: *x\n', (s) => set(s, ['y', 'a'], 2), 'x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n'],
    ['the same again', 'a: "x"  # why\n', (s) => set(s, ['a'], 'x'), 'a: "x"  # why\n'],
    ['a key that YAML takes for a truth', 'on: 1\n', (s) => set(s, ['on'], 2), 'on: 2\n'],
    ['words of a list', 'a: [x, y, z] # q\n', (s) => setWords(s, ['a'], ['z', 'x', 'w']), 'a: [x, z, w] # q\n'],
  ]);
});

describe('a value is taken away', () => {
  check([
    ['with the comments above it', 'a: 1\n\n# of b\nb: 2 # b\n# of c\nc: 3\n', (s) => unset(s, ['b']), 'a: 1\n\n# of c\nc: 3\n'],
    ['the last of a map', 'a: # why\n  b: 1\nc: 2\n', (s) => unset(s, ['a', 'b']), 'a: {} # why\nc: 2\n'],
    ['the first of an item', 'a:\n  - b: 1\n    c: 2\n', (s) => unset(s, ['a', 0, 'b']), 'a:\n  - c: 2\n'],
    ['an item', 'a:\n  - b\n  # of c\n  - c\n', (s) => unset(s, ['a', 1]), 'a:\n  - b\n'],
    ['inside braces: the first', 'a: {b: 1, c: 2}\n', (s) => unset(s, ['a', 'b']), 'a: {c: 2}\n'],
    ['inside braces: the last', 'a: {b: 1, c: 2}\n', (s) => unset(s, ['a', 'c']), 'a: {b: 1}\n'],
    ['inside braces: the only one', 'a: {b: 1}\n', (s) => unset(s, ['a', 'b']), 'a: {}\n'],
    ['what is not there', 'a: 1\n', (s) => unset(s, ['b']), 'a: 1\n'],
    ['a text of lines', 'a: |\n  x\n\n\nb: 1\n', (s) => unset(s, ['a']), '\n\nb: 1\n'],
  ]);
});

const TWO = t`
  name: Two
  pipeline:
    g: # the group
      name: G
      tasks:
        a:
          integration: HTTP
          integration_job: HTTP_REQUEST
          parameters: {method: GET, path: /x}
        # b reads a
        b:
          depends_on: [a] # yes
          condition: tasks['a'].status == 'SUCCEEDED'
          integration: HTTP
          integration_job: HTTP_REQUEST
          parameters:
            method: POST
            path: "/x/\${{ tasks[\"a\"].outputs.id }}"
    h:
      depends_on:
        - g # first
      condition: \${{ task_groups['G'].all().status == 'SUCCEEDED' }}
      tasks: {}
  `.replaceAll('\\$', '$').replaceAll('\\"', '\\"');

describe('tasks and groups', () => {
  const after = (from: string, to: string) => TWO.replace(from, () => to);
  check([
    ['a task is added to a group', TWO, (s) => addTask(s, { id: 'c', name: 'C', integration: 'PYTHON', job: 'PYTHON_EXECUTE_SCRIPT', dependsOn: ['b'], parameters: { command: 'python x.py' } }, 'g'),
      after('  h:\n', '      c:\n        name: C\n        depends_on: [b]\n        integration: PYTHON\n        integration_job: PYTHON_EXECUTE_SCRIPT\n        parameters:\n          command: python x.py\n  h:\n')],
    ['to an empty group', TWO, (s) => addTask(s, { id: 'c', integration: 'HTTP', job: 'HTTP_REQUEST' }, 'h'),
      after('tasks: {}', 'tasks:\n      c:\n        integration: HTTP\n        integration_job: HTTP_REQUEST\n        parameters: {}')],
    ['a group is added', 'pipeline:\n', (s) => addGroup(s, 'g', 'G'), 'pipeline:\n  g:\n    name: G\n    tasks: {}\n'],
    ['an edge is added', TWO, (s) => connect(disconnect(s, 'g', 'h'), 'g', 'h'), after('depends_on:\n      - g # first\n', 'depends_on: [g]\n')],
    ['a task goes, and who waited for it no longer does', TWO, (s) => removeEntry(s, 'a'),
      after("      a:\n        integration: HTTP\n        integration_job: HTTP_REQUEST\n        parameters: {method: GET, path: /x}\n", '').replace('        depends_on: [a] # yes\n', '')],
    ['a task has another id', TWO, (s) => renameEntry(s, 'a', 'fetch it'),
      TWO.replace('      a:\n', "      fetch it:\n").replace('[a] # yes', '[fetch it] # yes').replace("tasks['a']", "tasks['fetch it']").replace('tasks[\\"a\\"]', 'tasks[\\"fetch it\\"]')],
    ['a group has another id', TWO, (s) => renameEntry(s, 'g', 'ingest'),
      TWO.replace('  g: #', '  ingest: #').replace('- g # first', '- ingest # first').replace("task_groups['G']", "task_groups['ingest']")],
    ['a parameter in braces', TWO, (s) => setParameter(s, 'a', 'path', '/y'), after('path: /x}', 'path: /y}')],
    ['a name goes where names stand', TWO, (s) => setField(s, 'b', 'name', 'B'), after('        depends_on: [a]', '        name: B\n        depends_on: [a]')],
    ['retries', TWO, (s) => setConfiguration(s, 'a', 'retries', 2), after('path: /x}\n', 'path: /x}\n        configuration:\n          retries: 2\n')],
    ['retries and back', TWO, (s) => setConfiguration(setConfiguration(s, 'a', 'retries', 2), 'a', 'retries', undefined), TWO],
    ['a matrix', TWO, (s) => setMatrix(s, 'g', { name: 'day', values: ['mon', 'tue'], max_parallel: 2 }),
      after('    name: G\n', '    name: G\n    matrix:\n      inputs:\n        day: [mon, tue]\n      max_parallel: 2\n')],
    ['a matrix and back', TWO, (s) => setMatrix(setMatrix(s, 'g', { name: 'day', values: ['mon'] }), 'g', undefined), TWO],
    ['a schedule', TWO, (s) => addSchedule(s, '0 8 ? * * *', 'Asia/Seoul'), after('pipeline:\n', "schedule:\n  - cron: 0 8 ? * * *\n    timezone: Asia/Seoul\npipeline:\n")],
    ['a schedule and back', TWO, (s) => removeSchedule(setSchedule(addSchedule(s, '0 8 ? * * *'), 0, 'name', 'x'), 0), TWO],
    ['the name', TWO, (s) => setRoot(s, 'name', 'Three: it'), after('name: Two', "name: 'Three: it'")],
    ['a task leaves its group', TWO, (s) => moveToGroup(s, 'b'),
      TWO.replace(/ {6}# b reads a[\s\S]*?id \}\}"\n/, '').replace('    tasks: {}\n', `    tasks: {}\n  # b reads a\n${/ {6}b:[\s\S]*?id \}\}"\n/.exec(TWO)![0].replace(/^ {4}/gm, '').replace('    depends_on: [a] # yes\n', '')}`)],
  ]);
});

describe('what cannot be done in place is refused, and says why', () => {
  it.each<[string, string, (text: string) => string, string]>([
    ['a text that is no YAML', 'a: [', (s) => set(s, ['a'], 1), 'broken'],
    ['what others mean as well', 'x: &x {a: 1}\ny: *x\n', (s) => set(s, ['x', 'a'], 2), 'shared'],
    ['what an alias brings', 'x: &x {a: 1}\ny: *x\n', (s) => set(s, ['y', 'a'], 2), 'shared'],
    ['what a merge brings', 'pipeline:\n  x: &x {a: 1}\n  y:\n    <<: *x\n', (s) => unset(s, ['pipeline', 'x']), 'shared'],
    ['a circle', TWO, (s) => connect(s, 'h', 'g'), 'circle'],
    ['an edge to itself', TWO, (s) => connect(s, 'a', 'a'), 'circle'],
    ['an edge from a group into itself', TWO, (s) => connect(s, 'g', 'a'), 'scope'],
    ['an id that is taken', TWO, (s) => renameEntry(s, 'a', 'B'), 'taken'],
    ['no id', TWO, (s) => addTask(s, { id: ' ', integration: 'HTTP', job: 'HTTP_REQUEST' }), 'id'],
    ['a task that is not there', TWO, (s) => removeEntry(s, 'z'), 'missing'],
    ['a group in a group', TWO, (s) => moveToGroup(s, 'h', 'g'), 'nested'],
  ])('%s', (_, text, edit, why) => expect(refused(() => edit(text))).toBe(why));

  it('tasks of different groups: their groups are connected', () => {
    const text = 'pipeline:\n  g:\n    tasks: {a: {parameters: {}}}\n  h:\n    tasks: {b: {parameters: {}}}\n';
    expect(connect(text, 'a', 'b')).toBe('pipeline:\n  g:\n    tasks: {a: {parameters: {}}}\n  h:\n    depends_on: [g]\n    tasks: {b: {parameters: {}}}\n');
  });
});
