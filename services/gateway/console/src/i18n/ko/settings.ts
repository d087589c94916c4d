/** What the page of settings says, in Korean. */
import type { settings as en } from '../en/settings';

export const settings: Record<keyof typeof en, string> = {
  'settings.title': '설정',
  'settings.about': '이 브라우저에 저장됩니다.',
  'settings.look': '화면',
  'settings.theme': '테마',
  'settings.theme.system': '시스템 설정',
  'settings.theme.light': '라이트',
  'settings.theme.dark': '다크',
  'settings.language': '언어',
  'settings.zone': '시간대',
  'settings.zone.local': '이 컴퓨터 ({zone})',
  'settings.zone.hint': '모든 시각이 이 시간대로 표시됩니다. 스케줄은 파이프라인에 지정된 시간대를 따릅니다.',
  'settings.zone.now': '현재 시각: {time}',
  'settings.you': '내 정보',
  'settings.you.name': '이름',
  'settings.you.kind': '로그인 방식',
  'settings.you.key': 'API 키',
  'settings.you.login': '로그인',
  'settings.you.role': '역할',
  'settings.you.labels': '라벨',
  'settings.you.whole': '계정 전체',
  'settings.you.expires': '만료',
  'settings.you.account': '계정',
};
