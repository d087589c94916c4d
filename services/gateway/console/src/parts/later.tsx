/**
 * Parts of the console whose program is fetched when they are drawn first, or before. What was fetched before is drawn
 * at once: React keeps whatever it waited for with a word on the screen from being seen for 300 ms, so that nothing
 * flickers, and nobody should have to wait for what is there. Knows nothing about pages.
 */
import { lazy, useState, type ComponentProps, type ComponentType, type FunctionComponent } from 'react';

// As React's own `lazy` is declared: a part may have any properties.
type Any = ComponentType<any>;

export type Later<Made extends Any> = FunctionComponent<ComponentProps<Made>> & {
  /** Fetches it; ends when it is there. What cannot be fetched says so where it is drawn. */
  fetch: () => Promise<unknown>;
};

/** To be drawn within a `Suspense`. */
export function later<Made extends Any>(load: () => Promise<{ default: Made }>): Later<Made> {
  let there: Any | undefined;
  const fetched = async () => {
    const made = await load();
    there = made.default;
    return made;
  };
  const Waited: Any = lazy(fetched);
  // Which of the two it is stays as it was when it was drawn first: another one would be a new part, without its state.
  const choose = () => there ?? Waited;
  function Part(props: ComponentProps<Made>) {
    const [Chosen] = useState(choose);
    return <Chosen {...props} />;
  }
  return Object.assign(Part, { fetch: () => fetched().catch(() => undefined) });
}
