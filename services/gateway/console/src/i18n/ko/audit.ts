/** What the pages of the area audit say, in Korean. */
import type { audit as en } from '../en/audit';

export const audit: Record<keyof typeof en, string> = {
  'audit.title': '감사 기록',
  'audit.soon': '준비 중인 페이지입니다.',
};
