/** What the pages of the area pipelines say, in English. */
export const pipelines = {
  'pipelines.title': 'Pipelines',
} as const;
