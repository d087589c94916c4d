import { expect, it } from 'vitest';
import { readable, sentences } from './words';

it('instants in a sentence are written for people', () => {
  expect(readable('version 2 was applied at 2026-11-28T22:05:00.140918Z by key:dev', () => 'noon')).toBe('Version 2 was applied at noon by key:dev');
  expect(readable('no instant: 2026-11-28', () => 'noon')).toBe('No instant: 2026-11-28');
});
it('sentences end with a full stop, once', () => {
  expect(sentences('3 attempts failed', 'Put it right.', '')).toBe('3 attempts failed. Put it right.');
});
