/** What the pages of the area builder say, in English. */
export const builder = {
  'builder.title': 'Builder',
  'builder.soon': 'This page is on its way.',
} as const;
