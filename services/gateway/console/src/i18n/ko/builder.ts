/** What the pages of the area builder say, in Korean. */
import type { builder as en } from '../en/builder';

export const builder: Record<keyof typeof en, string> = {
  'builder.title': '빌더',
  'builder.soon': '준비 중인 페이지입니다.',
};
