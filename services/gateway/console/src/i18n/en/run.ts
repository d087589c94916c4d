/** What the pages of the area run say, in English. */
export const run = {
  'run.title': 'Runs',
  'run.soon': 'This page is on its way.',
} as const;
