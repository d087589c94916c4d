/** What is offered where: a text with the cursor at `|`. */
import { describe, expect, it } from 'vitest';
import type { Integration } from '../../../api/catalogue';
import { readPipeline } from '../edit/pipeline';
import { cursorAt } from './cursor';
import type { Known } from './known';
import { aboutAt, suggestionsAt } from './suggest';

const parameter = (name: string, required: boolean, some: object = {}) => ({ name, type: 'string' as const, required, templated: true, default: null, note: null, ...some });
const HTTP: Integration = {
  integration: 'HTTP',
  displayName: 'HTTP',
  group: 'general',
  jobs: [{ integration: 'HTTP', integrationJob: 'HTTP_REQUEST', displayName: 'Send a request', parameters: [parameter('method', true, { type: 'enum', enum: ['GET', 'POST'] }), parameter('path', true), parameter('body', false)] }],
  sensorChecks: [],
};
const TASK = '    a:\n      integration: HTTP\n      integration_job: HTTP_REQUEST\n';
const PIPELINE = `version: v1\nname: x\ninputs:\n  day: {type: string}\npipeline:\n g:\n   tasks:\n${TASK}      parameters:\n        path: /x\n    b:\n      integration: HTTP\n`;

function offered(text: string): string[] {
  const at = text.indexOf('|');
  const clean = text.slice(0, at) + text.slice(at + 1);
  const known: Known = {
    catalogue: [HTTP],
    connections: [{ integration: 'HTTP', connectionName: 'web_10001' }, { integration: 'SLACK', connectionName: 'slack_10002' }],
    environments: ['production'],
    pipelines: [],
    pipeline: readPipeline(clean.replace(/\[$/gm, '')),
  };
  return suggestionsAt(clean, at, known)?.options.map((one) => one.label) ?? [];
}

describe('what is offered', () => {
  it.each<[string, string, string[], string[]]>([
    ['keys of the root, without those that are there', `${PIPELINE}|`, ['schedule', 'alerts', 'sensors'], ['name', 'retries', 'pipeline']],
    ['keys of a task', `${PIPELINE}      |`, ['condition', 'integration_job', 'treat_failure_as_warning'], ['integration', 'matrix', 'cron']],
    ['keys of a group', `${PIPELINE}   |`, ['matrix', 'condition'], ['integration', 'tasks']],
    ['keys of its configuration', `${PIPELINE}      configuration:\n        |`, ['retries', 'timeout'], ['condition']],
    ['parameters of the job', `${PIPELINE.replace('path: /x', 'path: /x\n        |')}`, ['method', 'body'], ['path']],
    ['words of a parameter', `${PIPELINE.replace('path: /x', 'method: |')}`, ['GET', 'POST'], []],
    ['integrations', `${PIPELINE.replace('    b:\n      integration: HTTP', '    b:\n      integration: |')}`, ['HTTP'], []],
    ['jobs of the integration', `${PIPELINE}      integration_job: |`, ['HTTP_REQUEST'], []],
    ['connections of the integration', `${PIPELINE}      connection: |`, ['web_10001'], ['slack_10002']],
    ['neighbours, in one line', `${PIPELINE}      depends_on: [|`, ['a'], ['b', 'g']],
    ['neighbours, in lines of their own', `${PIPELINE}      depends_on:\n        - |`, ['a'], ['b', 'g']],
    ['keys of a schedule', 'name: x\nschedule:\n  - |', ['cron', 'timezone', 'environment'], ['retries']],
    ['keys beside the first of a schedule', 'name: x\nschedule:\n  - cron: 0 8 ? * * *\n    |', ['timezone', 'environment'], ['cron']],
    ['environments', 'name: x\nschedule:\n  - environment: |', ['production'], []],
    ['time zones', 'name: x\nschedule:\n  - timezone: |', ['Asia/Seoul', 'Europe/Berlin'], []],
    ['true and false', `${PIPELINE}      paused: |`, ['true', 'false'], []],
    ['names in an expression', `${PIPELINE}      name: at \${{ |`, ["tasks['a'].status", 'inputs.day', "task_groups['g'].all().status", 'ENV.'], []],
    ['names in a condition without braces', `${PIPELINE}      condition: |`, ["tasks['a'].status"], []],
    ['statuses', `${PIPELINE}      condition: tasks['a'].status == |`, ["'FAILED'", "'SUCCEEDED'"], ['inputs.day']],
  ])('%s', (_, text, some, none) => {
    const found = offered(text);
    expect(some.filter((one) => !found.includes(one)), `of ${found.join(', ')}`).toEqual([]);
    expect(none.filter((one) => found.includes(one))).toEqual([]);
  });

  it('nothing inside a text of lines', () => expect(offered('pipeline:\n  a:\n    parameters:\n      code: |\n        x\n'.replace('        x', '        $').replace('|', '>').replace('$', '|'))).toEqual([]));
});

it('the cursor knows its map, whatever the lists around it', () => {
  const text = 'schedule:\n- name: x\n  cron: y\n  ';
  expect(cursorAt(text, text.length)).toMatchObject({ path: ['schedule', '[]'], siblings: ['cron', 'name'] });
});

describe('what a field is about', () => {
  const known: Known = { catalogue: [HTTP], connections: [], environments: [], pipelines: [], pipeline: readPipeline(PIPELINE) };
  it('a key of the language', () => expect(aboutAt(`${PIPELINE}      condition: x`, PIPELINE.length + 8, known)).toMatchObject({ name: 'condition' }));
  it('a job, with what it needs', () => expect(aboutAt(PIPELINE, PIPELINE.indexOf('HTTP_REQUEST') + 2, known)).toEqual({ name: 'Send a request', words: ['Needs method, path'] }));
  it('nothing for what nobody knows', () => expect(aboutAt('foo: bar', 1, known)).toBeUndefined());
});
