/** What the comparison of two texts says, in Korean. */
import type { diff as en } from '../en/diff';

export const diff: Record<keyof typeof en, string> = {
  'diff.same': '차이가 없습니다.',
  'diff.added': '{count}줄 추가',
  'diff.gone': '{count}줄 삭제',
  'diff.view': '비교 방식',
  'diff.unified': '통합 보기',
  'diff.split': '나란히 보기',
  'diff.hidden': '변경되지 않은 {count}줄',
  'diff.spoken.new': '추가:',
  'diff.spoken.gone': '삭제:',
};
