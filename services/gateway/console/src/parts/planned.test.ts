import { describe, expect, it } from 'vitest';
import { planned, plannedText } from './planned';

describe('what the clock does next', () => {
  it.each([
    ['every morning', { kind: 'schedule', name: 'every morning' }],
    ['sensor:landed@production', { kind: 'sensor', name: 'landed@production' }],
    ['deadline:by: nine', { kind: 'deadline', name: 'by: nine' }],
    ['sensor:', { kind: 'schedule', name: 'sensor:' }],
    ['my sensor:x', { kind: 'schedule', name: 'my sensor:x' }],
    ['', { kind: 'schedule', name: '' }],
  ])('%j', (name, expected) => expect(planned(name)).toEqual(expected));
  it('a schedule of such a name is one', () => expect([planned('sensor:x', ['sensor:x']).kind, planned('sensor:x', ['x']).kind, plannedText('deadline:x', ['deadline:x'])]).toEqual(['schedule', 'sensor', 'deadline:x']));
  it('is called what people call it', () => expect([plannedText('daily'), plannedText('sensor:landed')]).toEqual(['daily', 'Sensor landed']));
});
