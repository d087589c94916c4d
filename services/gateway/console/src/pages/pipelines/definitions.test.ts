import { expect, it } from 'vitest';
import { eachOf } from './definitions';

it('all are done, a few at a time, and what fails takes no other along', async () => {
  let now = 0;
  let most = 0;
  const done = await eachOf([1, 2, 3, 4, 5, 6, 7], async (one) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
    if (one === 4) throw new Error('gone');
    return one * 10;
  }, 2);
  expect(new Map(done)).toEqual(new Map([[1, 10], [2, 20], [3, 30], [5, 50], [6, 60], [7, 70]]));
  expect(most).toBe(2);
});
