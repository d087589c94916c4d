/** What the pages of the area assets say, in Korean. */
import type { assets as en } from '../en/assets';

export const assets: Record<keyof typeof en, string> = {
  'assets.title': '자산',
  'assets.soon': '준비 중인 페이지입니다.',
};
