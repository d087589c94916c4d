/** What the pages of the area run say, in Korean. */
import type { run as en } from '../en/run';

export const run: Record<keyof typeof en, string> = {
  'run.title': '실행',
  'run.soon': '준비 중인 페이지입니다.',
};
