/** What the pages of the area assets say, in English. */
export const assets = {
  'assets.title': 'Assets',
  'assets.soon': 'This page is on its way.',
} as const;
