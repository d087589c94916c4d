/** What the pages of the area lineage say, in English. */
export const lineage = {
  'lineage.title': 'Lineage',
  'lineage.soon': 'This page is on its way.',
} as const;
