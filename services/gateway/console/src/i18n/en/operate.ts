/** What the pages of the area operate say, in English. */
export const operate = {
  'operate.title': 'Operate',
  'operate.soon': 'This page is on its way.',
} as const;
