/** What the pages of the area home say, in Korean. */
import type { home as en } from '../en/home';

export const home: Record<keyof typeof en, string> = {
  'home.title': '홈',
};
