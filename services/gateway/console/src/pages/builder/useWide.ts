/** Whether the window has room for graph and text beside each other. */
import { useSyncExternalStore } from 'react';

const WIDE = '(min-width: 1000px)';

export const useWide = (): boolean =>
  useSyncExternalStore(
    (tell) => {
      const media = matchMedia(WIDE);
      media.addEventListener('change', tell);
      return () => media.removeEventListener('change', tell);
    },
    () => matchMedia(WIDE).matches,
  );
