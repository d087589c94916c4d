import { Suspense } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, it, vi } from 'vitest';
import { later } from './later';

const Greeting = ({ name }: { name: string }) => <p>hello {name}</p>;
const drawn = (Part: typeof Greeting) =>
  renderToString(
    <Suspense fallback="loading">
      <Part name="x" />
    </Suspense>,
  );

it('what is not there yet is waited for', () => {
  const Part = later(() => Promise.resolve({ default: Greeting }));
  expect(drawn(Part as typeof Greeting)).toContain('loading');
});

it('what was fetched before is drawn at once', async () => {
  const Part = later(() => Promise.resolve({ default: Greeting }));
  await Part.fetch();
  const text = drawn(Part as typeof Greeting);
  expect(text).toContain('hello');
  expect(text).not.toContain('loading');
});

it('what cannot be fetched before is asked for again where it is drawn', async () => {
  const load = vi.fn(() => Promise.reject<{ default: typeof Greeting }>(new Error('no network')));
  const Part = later(load);
  await Part.fetch();
  expect(drawn(Part as typeof Greeting)).toContain('loading');
  expect(load).toHaveBeenCalledTimes(2);
});
