import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../api/audit';
import { csvHead, csvLine, field, fits, jsonLine } from './export';

const entry: AuditEntry = {
  sequence: 7, ordinal: 0, recordHash: 'h', at: '2026-03-01T00:00:00Z', actor: 'key:ci', actorKind: 'KEY', originAddress: '10.0.0.1', originClient: 'curl', reason: 'because, "so"', commandId: '',
  command: 'START_RUN', targets: [{ kind: 'run', id: 'r1', name: '' }, { kind: 'pipeline', id: 'p1', name: 'shop' }], outcome: 'ACCEPTED', code: '', message: '', summary: 'started', before: '', after: '{"a":1}', more: 0, since: null,
};

describe('a field of CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
  ])('%j is %j', (value, expected) => expect(field(value)).toBe(expected));
});

it('a line has as many fields as the head', () => {
  expect(csvHead().split(',')).toHaveLength(20);
  expect(csvLine(entry)).toContain('2026-03-01T00:00:00Z,key:ci,KEY,START_RUN,ACCEPTED,run r1; pipeline shop,started,"because, ""so""",');
});
it('a line of JSON is the entry', () => expect(JSON.parse(jsonLine(entry))).toEqual(entry));
it.each([
  ['ci shop', true],
  ['START_run', true],
  ['ada', false],
  ['', true],
])('%j fits: %s', (text, expected) => expect(fits(entry, text)).toBe(expected));
