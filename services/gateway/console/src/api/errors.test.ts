import { describe, expect, it } from 'vitest';
import { asApiError, fromAnswer, place } from './errors';

describe('the place of a mistake', () => {
  it.each([
    [['body', 'pipeline', 'tasks', 0, 'name'], 'pipeline.tasks[0].name'],
    [['query', 'page'], 'page'],
    [[], ''],
  ])('%j is %s', (loc, expected) => expect(place(loc)).toBe(expected));
});

describe('an answer that is no good', () => {
  it('says what the server says', () => {
    expect(fromAnswer(403, { detail: 'This key only reads' }).words).toBe('This key only reads');
  });
  it('names every place', () => {
    const error = fromAnswer(422, { detail: [{ loc: ['body', 'yaml'], msg: 'is missing', type: 'missing' }, { loc: [], msg: 'no', type: 'x' }] });
    expect(error.where).toEqual([{ place: 'yaml', words: 'is missing' }, { place: '', words: 'no' }]);
    expect(error.words).toBe('yaml: is missing\nno');
  });
  it('says the status where the server says nothing', () => {
    expect(fromAnswer(502, '<html>').words).toContain('502');
  });
  it('keeps when to come again', () => {
    expect(fromAnswer(429, { detail: 'too often' }, '7').after).toBe(7);
  });
  it('a network that is gone is told as such', () => {
    expect(asApiError(new TypeError('Failed to fetch'))).toMatchObject({ status: 0, words: 'The server cannot be reached.' });
  });
});
