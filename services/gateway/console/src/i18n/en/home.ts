/** What the pages of the area home say, in English. */
export const home = {
  'home.title': 'Home',
} as const;
