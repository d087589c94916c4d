/** What the pages of the area audit say, in English. */
export const audit = {
  'audit.title': 'Audit',
  'audit.soon': 'This page is on its way.',
} as const;
