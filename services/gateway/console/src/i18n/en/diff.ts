/** What the comparison of two texts says, in English. */
export const diff = {
  'diff.same': 'Nothing is different.',
  'diff.added': '{count, plural, one {# line added} other {# lines added}}',
  'diff.gone': '{count, plural, one {# line removed} other {# lines removed}}',
  'diff.view': 'Layout of the comparison',
  'diff.unified': 'Unified',
  'diff.split': 'Side by side',
  'diff.hidden': '{count, plural, one {# unchanged line} other {# unchanged lines}}',
  'diff.spoken.new': 'Added:',
  'diff.spoken.gone': 'Removed:',
} as const;
