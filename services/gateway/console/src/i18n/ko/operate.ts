/** What the pages of the area operate say, in Korean. */
import type { operate as en } from '../en/operate';

export const operate: Record<keyof typeof en, string> = {
  'operate.title': '운영',
  'operate.soon': '준비 중인 페이지입니다.',
};
