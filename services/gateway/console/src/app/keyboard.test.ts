import { describe, expect, it } from 'vitest';
import { keyReader } from './keyboard';

const press = (key: string, timeStamp = 0, some = {}) => ({ key, timeStamp, ctrlKey: false, metaKey: false, altKey: false, ...some });

describe('keys are read', () => {
  it('one', () => expect(keyReader()(press('?'), false)).toEqual(['?']));
  it('two in a row', () => {
    const read = keyReader();
    read(press('g'), false);
    expect(read(press('h', 400), false)).toEqual(['g h', 'h']);
  });
  it('not after a long while', () => {
    const read = keyReader();
    read(press('g'), false);
    expect(read(press('h', 5000), false)).toEqual(['h']);
  });
  it('nothing while somebody types, but with Ctrl or Cmd', () => {
    expect(keyReader()(press('g'), true)).toEqual([]);
    expect(keyReader()(press('K', 0, { metaKey: true }), true)).toEqual(['Mod-k']);
  });
  it('keys without a letter are left to the page', () => expect(keyReader()(press('Tab'), false)).toEqual([]));
});
