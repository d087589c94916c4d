/** Edits, one by one: what stood there, what is asked for, what must stand there then. */
import { describe, expect, it } from 'vitest';
import { set, setWords, unset } from './change';
import { moveToGroup } from './groups';
import { connect, disconnect } from './links';
import { addItem, addNamed, freeName, inputNamedBy, renameInput, renamePart, setPart, setPartWords, takePart } from './parts';
import { find, readPipeline } from './pipeline';
import { Refusal } from './refusal';
import { addGroup, addTask, removeEntry, renameEntry, setField, setMatrix } from './tasks';
import type { Path, Step } from './tree';

const t = (strings: TemplateStringsArray) => {
  const text = strings.raw[0]!.replace(/^\n/, '');
  const margin = /^ */.exec(text)![0];
  return text.replace(new RegExp(`^${margin}`, 'gm'), '').replace(/ +$/, '');
};
/** Where something of a task or group stands. */
const of = (text: string, id: string, ...steps: Step[]): Path => [...find(readPipeline(text), id)!.path, ...steps];
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
    ['a parameter in braces', TWO, (s) => setPart(s, of(s, 'a', 'parameters', 'path'), '/y'), after('path: /x}', 'path: /y}')],
    ['a name goes where names stand', TWO, (s) => setField(s, 'b', 'name', 'B'), after('        depends_on: [a]', '        name: B\n        depends_on: [a]')],
    ['retries', TWO, (s) => setPart(s, of(s, 'a', 'configuration', 'retries'), 2), after('path: /x}\n', 'path: /x}\n        configuration:\n          retries: 2\n')],
    ['retries and back', TWO, (s) => takePart(setPart(s, of(s, 'a', 'configuration', 'retries'), 2), of(s, 'a', 'configuration', 'retries'), 4), TWO],
    ['a matrix', TWO, (s) => setMatrix(s, 'g', { name: 'day', values: ['mon', 'tue'], max_parallel: 2 }),
      after('    name: G\n', '    name: G\n    matrix:\n      inputs:\n        day: [mon, tue]\n      max_parallel: 2\n')],
    ['a matrix and back', TWO, (s) => setMatrix(setMatrix(s, 'g', { name: 'day', values: ['mon'] }), 'g', undefined), TWO],
    ['a schedule', TWO, (s) => addItem(s, ['schedule'], { cron: '0 8 ? * * *', timezone: 'Asia/Seoul' }), after('pipeline:\n', "schedule:\n  - cron: 0 8 ? * * *\n    timezone: Asia/Seoul\npipeline:\n")],
    ['a schedule and back', TWO, (s) => takePart(setPart(addItem(s, ['schedule'], { cron: '0 8 ? * * *' }), ['schedule', 0, 'name'], 'x'), ['schedule', 0]), TWO],
    ['the name', TWO, (s) => setPart(s, ['name'], 'Three: it'), after('name: Two', "name: 'Three: it'")],
    ['a task leaves its group', TWO, (s) => moveToGroup(s, 'b'),
      TWO.replace(/ {6}# b reads a[\s\S]*?id \}\}"\n/, '').replace('    tasks: {}\n', `    tasks: {}\n  # b reads a\n${/ {6}b:[\s\S]*?id \}\}"\n/.exec(TWO)![0].replace(/^ {4}/gm, '').replace('    depends_on: [a] # yes\n', '')}`)],
  ]);
});

const FULL = t`
  version: v1
  name: Full
  # What a run takes.
  inputs:
    day: {type: string} # the day
    # How many.
    count:
      type: number # whole
      default: 3
  schedule:
    - cron: 0 8 ? * * * # at eight
      run_inputs: {Day: '\${{ ORCHESTRA.CURRENT_TIME }}'}
  sensors:
    # When it is there.
    landed:
      name: Landed
      cron: 0 6 ? * * *
      timezone: UTC
      timeout_mins: 60
      checks:
        rows: # any
          integration: POSTGRES
          sensor_type: POSTGRES_QUERY
          parameters: {query: select 1} # cheap
          map_outputs: {day: results}
  alerts:
    # The team.
    - name: oops
      statuses: [FAILED] # only
      destinations:
        - {integration: SLACK, destination: '#data'} # all read it
  pipeline:
    a:
      integration: HTTP
      integration_job: HTTP_REQUEST
      condition: inputs.count > 1 and 'inputs.day' != Inputs['day']
      parameters:
        path: "/x/\${{ inputs.day }}?n=\${{ inputs.days }}&m=\${{ inputs[\"day\"] }}"
        run_inputs: {day: of another pipeline}
  `.replaceAll('\\$', '$');

describe('inputs, triggers and alerts', () => {
  const after = (from: string, to: string) => FULL.replace(from, () => to);
  check([
    ['an input more', FULL, (s) => addNamed(s, ['inputs'], 'full', { type: 'boolean' }), after('    default: 3\n', '    default: 3\n  full:\n    type: boolean\n')],
    ['the first input', TWO, (s) => addNamed(s, ['inputs'], 'day', { type: 'string' }), TWO.replace('pipeline:\n', 'inputs:\n  day:\n    type: string\npipeline:\n')],
    ['the last input takes the map with it', TWO, (s) => takePart(addNamed(s, ['inputs'], 'day', { type: 'string' }), ['inputs', 'day']), TWO],
    ['a field of an input in braces', FULL, (s) => setPart(s, ['inputs', 'day', 'optional'], true), after('{type: string}', '{type: string, optional: true}')],
    ['a field of an input goes where fields stand', FULL, (s) => setPart(s, ['inputs', 'count', 'optional'], false), after('    default: 3\n', '    default: 3\n    optional: false\n')],
    ['a field of an input goes', FULL, (s) => takePart(s, ['inputs', 'count', 'default'], 2), after('    default: 3\n', '')],
    ['an input goes, with what is about it', FULL, (s) => takePart(s, ['inputs', 'count']), after('  # How many.\n  count:\n    type: number # whole\n    default: 3\n', '')],
    ['a sensor more', FULL, (s) => addNamed(s, ['sensors'], 'files', { name: 'Files', cron: '0 6 ? * * *', checks: { file: { integration: 'SFTP', sensor_type: 'SFTP_FILE', parameters: {} } } }),
      after('alerts:\n', '  files:\n    name: Files\n    cron: 0 6 ? * * *\n    checks:\n      file:\n        integration: SFTP\n        sensor_type: SFTP_FILE\n        parameters: {}\nalerts:\n')],
    ['the first sensor goes where triggers stand', TWO, (s) => setPart(addNamed(s, ['sensors'], 'x', { name: 'X' }), ['webhook', 'enabled'], true), TWO.replace('pipeline:\n', 'sensors:\n  x:\n    name: X\nwebhook:\n  enabled: true\npipeline:\n')],
    ['the query of a check', FULL, (s) => setPart(s, ['sensors', 'landed', 'checks', 'rows', 'parameters', 'query'], 'select 2'), after('{query: select 1}', '{query: select 2}')],
    ['a query of lines', FULL, (s) => setPart(s, ['sensors', 'landed', 'condition'], 'inputs.day\n== 1'), after("        map_outputs: {day: results}\n", "        map_outputs: {day: results}\n    condition: |-\n      inputs.day\n      == 1\n")],
    ['a sensor has another id', FULL, (s) => renamePart(s, ['sensors', 'landed'], 'there now'), after('  landed:\n', '  there now:\n')],
    ['the last check goes, its map stays: it must be there', FULL, (s) => takePart(s, ['sensors', 'landed', 'checks', 'rows'], 3),
      FULL.replace(/ {4}checks:\n[\s\S]*?results\}\n/, '    checks: {}\n')],
    ['an alert more', FULL, (s) => addItem(s, ['alerts'], { name: 'more', statuses: ['WARNING'], destinations: [{ integration: 'EMAIL', destination: 'a@b.c' }] }),
      after('pipeline:\n', '  - name: more\n    statuses: [WARNING]\n    destinations:\n      - integration: EMAIL\n        destination: a@b.c\npipeline:\n')],
    ['statuses of an alert: what is there stays where it is', FULL, (s) => setPartWords(s, ['alerts', 0, 'statuses'], ['CANCELLED', 'FAILED'], 3), after('[FAILED]', '[FAILED, CANCELLED]')],
    ['a destination more', FULL, (s) => addItem(s, ['alerts', 0, 'destinations'], { integration: 'EMAIL' }), after("'#data'} # all read it\n", "'#data'} # all read it\n      - integration: EMAIL\n")],
    ['an alert of a task', TWO, (s) => addItem(s, of(s, 'a', 'alerts'), { name: 'x', statuses: ['FAILED'], destinations: [] }),
      TWO.replace('path: /x}\n', 'path: /x}\n        alerts:\n          - name: x\n            statuses: [FAILED]\n            destinations: []\n')],
    ['words where there were none', TWO, (s) => setPartWords(s, of(s, 'a', 'tags'), ['x', 'z'], 4), TWO.replace('      a:\n', '      a:\n        tags: [x, z]\n')],
    ['one text where a list may stand', 'sensors:\n  a:\n    environments: prod # here\n', (s) => setPartWords(s, ['sensors', 'a', 'environments'], ['prod', 'test'], 2), 'sensors:\n  a:\n    environments: [prod, test] # here\n'],
    ['what is left empty goes, up to what must stay', 'configuration:\n  concurrency:\n    max_active: 1\nname: x\n', (s) => takePart(s, ['configuration', 'concurrency', 'max_active']), 'name: x\n'],
    ['a map that an anchor brings becomes one of its own', 'meta: &m\n  configuration: {retries: 1, timeout: 5}\npipeline:\n  a:\n    <<: *m\n    parameters: {}\n', (s) => setPart(s, ['pipeline', 'a', 'configuration', 'retries'], 2),
      'meta: &m\n  configuration: {retries: 1, timeout: 5}\npipeline:\n  a:\n    <<: *m\n    parameters: {}\n    configuration:\n      retries: 2\n      timeout: 5\n'],
    ['an input has another name, and who reads or gives it follows', FULL, (s) => renameInput(s, 'day', 'date'),
      FULL.replace('  day: {', '  date: {').replace('{Day:', '{date:').replace('map_outputs: {day:', 'map_outputs: {date:').replace("Inputs['day']", "Inputs['date']").replace('inputs.day }}?', 'inputs.date }}?').replace('inputs[\\"day\\"]', 'inputs[\\"date\\"]')],
    ['an input in a quoted condition', "inputs:\n  a: {type: string}\npipeline:\n  t:\n    condition: 'inputs.a == 1'\n", (s) => renameInput(s, 'a', 'b'), "inputs:\n  b: {type: string}\npipeline:\n  t:\n    condition: 'inputs.b == 1'\n"],
    ['an input in what is no text', String.raw`inputs:
  a: {type: string}
x: ${'$'}{{ 'see inputs.a' }}${'$'}{{ "inputs['a']" + inputs.a }}
y: '${'$'}{{ ''inputs.a'' + inputs.a + ''it\''s inputs.a'' + inputs[''a''] }}'
z: "${'$'}{{ \"inputs.a\" + inputs.a + 'inputs.a' + inputs[\"a\"] + 'it\\'s inputs.a' + inputs.a }}"
`, (s) => renameInput(s, 'a', 'b'), String.raw`inputs:
  b: {type: string}
x: ${'$'}{{ 'see inputs.a' }}${'$'}{{ "inputs['a']" + inputs.b }}
y: '${'$'}{{ ''inputs.a'' + inputs.b + ''it\''s inputs.a'' + inputs[''b''] }}'
z: "${'$'}{{ \"inputs.a\" + inputs.b + 'inputs.a' + inputs[\"b\"] + 'it\\'s inputs.a' + inputs.b }}"
`],
    ['an input, and what others keep under the same words stays', 'inputs:\n  a: {type: string}\nmeta:\n  theirs: {run_inputs: {a: 1}}\n  downbeat: {triggers: [{nats: x, run_inputs: {a: 1}}]}\n', (s) => renameInput(s, 'a', 'b'),
      'inputs:\n  b: {type: string}\nmeta:\n  theirs: {run_inputs: {a: 1}}\n  downbeat: {triggers: [{nats: x, run_inputs: {b: 1}}]}\n'],
    ['an input in other letters', 'inputs:\n  day: {type: string}\n', (s) => renameInput(s, 'day', 'Day'), 'inputs:\n  Day: {type: string}\n'],
  ]);
  it('how many places name an input', () => expect([inputNamedBy(FULL, 'day'), inputNamedBy(FULL, 'count'), inputNamedBy(FULL, 'none')]).toEqual([5, 1, 0]));
  it('a name that is free', () => expect([freeName(['x'], 'a'), freeName(['a', 'A_2'], 'a')]).toEqual(['a', 'a_3']));
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
    ['an input that is there', FULL, (s) => addNamed(s, ['inputs'], 'day', {}), 'taken'],
    ['an input by the name of another', FULL, (s) => renameInput(s, 'day', 'count'), 'taken'],
    ['an input by the name of another, in other letters', FULL, (s) => renameInput(s, 'day', 'Count'), 'taken'],
    ['an input that is there, in other letters', FULL, (s) => addNamed(s, ['inputs'], 'DAY', {}), 'taken'],
    ['a name that no expression can read', FULL, (s) => renameInput(s, 'day', 'the day'), 'word'],
    ['a sensor without a name', FULL, (s) => renamePart(s, ['sensors', 'landed'], ' '), 'id'],
    ['alerts that an alias brings', 'meta: {x: &x [{name: a}]}\nalerts: *x\n', (s) => addItem(s, ['alerts'], { name: 'b' }), 'shared'],
    ['an alert of a merge key', 'meta: {x: &x {alerts: [{name: a}]}}\npipeline:\n  t:\n    <<: *x\n', (s) => takePart(s, ['pipeline', 't', 'alerts'], 2), 'shared'],
    ['a group in a group', TWO, (s) => moveToGroup(s, 'h', 'g'), 'nested'],
  ])('%s', (_, text, edit, why) => expect(refused(() => edit(text))).toBe(why));

  it('tasks of different groups: their groups are connected', () => {
    const text = 'pipeline:\n  g:\n    tasks: {a: {parameters: {}}}\n  h:\n    tasks: {b: {parameters: {}}}\n';
    expect(connect(text, 'a', 'b')).toBe('pipeline:\n  g:\n    tasks: {a: {parameters: {}}}\n  h:\n    depends_on: [g]\n    tasks: {b: {parameters: {}}}\n');
  });
});
