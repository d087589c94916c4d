/**
 * How answers are kept and asked for anew: one client of TanStack Query for all pages. What the server refuses is not
 * asked again; what did not come through is, twice. Knows no route.
 */
import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './errors';

/** Milliseconds between two looks at something, while the page is seen. */
export const POLL = { quick: 2_000, usual: 5_000, calm: 30_000 } as const;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 502),
      refetchOnWindowFocus: true,
      refetchIntervalInBackground: false,
    },
    mutations: { retry: false },
  },
});
