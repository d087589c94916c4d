import { describe, expect, it, vi } from 'vitest';

vi.mock('./areas', () => ({ AREAS: [] }));
const { fit, search } = await import('./commands');

describe('the palette finds', () => {
  it.each([
    ['', 'Home', true],
    ['ho', 'Home', true],
    ['pl', 'Pipelines', true],
    ['sales eu', 'sales_daily_eu', true],
    ['xyz', 'Home', false],
  ])('%s in %s: %s', (text, name, found) => expect(fit(text, name) !== undefined).toBe(found));

  it('the beginning of a name first, then of a word, then letters in order', () => {
    const names = ['a big sale', 'resale', 'sales', 'some alert'];
    expect(search(names.map((name) => ({ id: name, name, group: 'x' })), 'sale').map((one) => one.name)).toEqual(['sales', 'a big sale', 'resale', 'some alert']);
  });
  it('by other words as well', () => {
    expect(search([{ id: '1', name: 'Settings', group: 'x', words: 'theme dark' }], 'dark')).toHaveLength(1);
  });
});
