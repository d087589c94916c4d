/** What graphs say, in Korean. */
import type { graph as en } from '../en/graph';

export const graph: Record<keyof typeof en, string> = {
  'graph.view': '보기 방식',
  'graph.graph': '그래프',
  'graph.list': '목록',
  'graph.search': '그래프에서 찾기',
  'graph.found': '{count, plural, =0 {결과 없음} other {#개 찾음}}',
  'graph.zoomIn': '확대 (+)',
  'graph.zoomOut': '축소 (−)',
  'graph.fit': '전체 보기 (0)',
  'graph.drawing': '{label} 그래프: 화살표 키로 이동하고 + 및 − 키로 확대·축소합니다. 같은 내용을 목록에서도 볼 수 있습니다',
  'graph.legend': '색상의 의미',
  'graph.name': '이름',
  'graph.status': '상태',
  'graph.follows': '선행 항목',
  'graph.none': '해당하는 항목이 없습니다',
  'graph.failed': '이 브라우저에서는 그래프를 배치할 수 없습니다. 목록에서 같은 내용을 확인할 수 있습니다.',
};
