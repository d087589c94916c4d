import { describe, expect, it } from 'vitest';
import { fieldsOf, isSecret, storeOf, valuesOf } from './fields';

describe('what is sent of what was typed', () => {
  it.each([
    ['texts as they are', { host: 'db', username: ' r ' }, { host: 'db', username: ' r ' }],
    ['empty fields are left out', { host: 'db', password: '', '': 'x' }, { host: 'db' }],
    ['ports are numbers', { port: '5432' }, { port: 5432 }],
    ['a port that is none stays as it is', { port: 'abc' }, { port: 'abc' }],
    ['what is JSON is JSON', { headers: '{"a": "b"}' }, { headers: { a: 'b' } }],
    ['what only begins like it is text', { note: '{not' }, { note: '{not' }],
    ['the key of an account stays a text', { service_account: '{"type":"x"}' }, { service_account: '{"type":"x"}' }],
  ])('%s', (_, typed, expected) => expect(valuesOf(typed)).toEqual(expected));
});

it.each([
  ['POSTGRES', 'password', true],
  ['POSTGRES', 'host', false],
  ['FIVETRAN', 'api_key', true],
  ['FIVETRAN', 'region', false],
])('%s: %s is a credential: %s', (integration, name, expected) => expect(isSecret(integration, name)).toBe(expected));

it.each([
  ['vault:kv/db#password', 'vault'],
  ['env:SHOP', 'env'],
  ['environment', undefined],
])('%s refers to %s', (text, expected) => expect(storeOf(text)).toBe(expected));

it('an integration that no table knows has no fields of its own', () => expect(fieldsOf('FIVETRAN')).toEqual([]));
