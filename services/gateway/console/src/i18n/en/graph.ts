/** What graphs say, in English. */
export const graph = {
  'graph.view': 'How it is shown',
  'graph.graph': 'Graph',
  'graph.list': 'List',
  'graph.search': 'Find in the graph',
  'graph.found': '{count, plural, =0 {nothing} other {# found}}',
  'graph.zoomIn': 'Zoom in (+)',
  'graph.zoomOut': 'Zoom out (−)',
  'graph.fit': 'Show all (0)',
  'graph.drawing': '{label}, drawn: arrow keys move, plus and minus zoom; the list says the same in words',
  'graph.legend': 'What the colours mean',
  'graph.name': 'Name',
  'graph.status': 'Status',
  'graph.follows': 'Follows',
  'graph.none': 'Nothing of that name is here',
  'graph.failed': 'The graph cannot be laid out in this browser. The list shows the same.',
} as const;
