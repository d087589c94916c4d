import { expect, it } from 'vitest';
import { roundUp } from './Bars';

it.each([
  [0, 1],
  [0.03, 0.05],
  [1, 1],
  [1.2, 2],
  [21, 25],
  [26, 50],
  [510, 1000],
])('the axis of %d ends at %d', (value, expected) => expect(roundUp(value)).toBeCloseTo(expected, 10));
