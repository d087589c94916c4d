/** What the pages of the area lineage say, in Korean. */
import type { lineage as en } from '../en/lineage';

export const lineage: Record<keyof typeof en, string> = {
  'lineage.title': '리니지',
  'lineage.soon': '준비 중인 페이지입니다.',
};
