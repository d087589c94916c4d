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
  sensorChecks: [{ integration: 'HTTP', sensorType: 'HTTP_REQUEST', displayName: 'Answer', parameters: [parameter('url', true), parameter('expected_status', false)] }],
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
    pipelines: [{ id: '11111111-1111-4111-8111-111111111111', name: 'Load', alias: 'load' }],
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
    ['keys of an input', 'inputs:\n  day:\n    |', ['type', 'default', 'optional', 'options'], ['cron']],
    ['options only of texts', 'inputs:\n  day:\n    type: number\n    |', ['default', 'optional'], ['options', 'type']],
    ['types of an input', 'inputs:\n  day:\n    type: |', ['string', 'list'], []],
    ['true and false for the default of a truth', 'inputs:\n  full:\n    type: boolean\n    default: |', ['true', 'false'], []],
    ['keys of a sensor', 'sensors:\n  s:\n    |', ['cron', 'checks', 'timeout_mins', 'alerts'], ['integration']],
    ['keys of a check', 'sensors:\n  s:\n    checks:\n      c:\n        |', ['integration', 'sensor_type', 'map_outputs'], ['cron']],
    ['sensors of the integration', 'sensors:\n  s:\n    checks:\n      c:\n        integration: HTTP\n        sensor_type: |', ['HTTP_REQUEST'], []],
    ['parameters of the check', 'sensors:\n  s:\n    checks:\n      c:\n        sensor_type: HTTP_REQUEST\n        parameters:\n          |', ['url', 'expected_status'], []],
    ['inputs that a check gives', `inputs:\n  day: {type: string}\nsensors:\n  s:\n    checks:\n      c:\n        map_outputs:\n          |`, ['day'], []],
    ['inputs that a schedule gives', `inputs:\n  day: {type: string}\nschedule:\n  - cron: x\n    run_inputs:\n      |`, ['day'], []],
    ['keys of an alert', 'alerts:\n  - |', ['name', 'statuses', 'destinations', 'custom_message'], ['cron']],
    ['statuses of an alert', 'alerts:\n  - statuses: [FAILED, |', ['WARNING', 'ANY_COMPLETED'], ['FAILED', 'RUNNING']],
    ['channels of an alert', 'alerts:\n  - name: x\n    destinations:\n      - integration: |', ['SLACK', 'EMAIL'], ['HTTP']],
    ['keys of an alert of a task', `${PIPELINE}      alerts:\n        - |`, ['name', 'statuses'], []],
    ['kinds of unusual durations of a task', `${PIPELINE}      anomalies:\n        - type: |`, ['operation_duration_above_baseline'], ['pipeline_duration_above_baseline']],
    ['keys of the webhook', 'webhook:\n  |', ['enabled', 'run_inputs'], []],
    ['other pipelines', 'trigger_events:\n  - type: pipeline\n    pipeline_id: |', ['*', '11111111-1111-4111-8111-111111111111'], []],
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
