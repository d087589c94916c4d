/** The range of time and the owner of what a page shows; both stand in the URL. */
import { t } from '../i18n';
import { Select } from '../parts/Field';
import { Choices } from '../parts/Tabs';
import { shortTime } from '../parts/values';
import { RANGES, type Range, type Scope } from './scope';

export function ScopeBar({ scope, owners, ranges = Object.keys(RANGES) as Range[] }: { scope: Scope; owners?: string[]; ranges?: Range[] }) {
  const known = [...new Set([...(owners ?? []), scope.owner].filter(Boolean))].sort();
  return (
    <>
      {scope.range === undefined && (
        <span>
          {shortTime(scope.from)} – {shortTime(scope.to)}
        </span>
      )}
      {owners && (
        <span>
          <Select
            aria-label={t('shell.scope.owner')}
            value={scope.owner}
            choices={[{ value: '', name: t('shell.scope.everybody') }, ...known.map((owner) => ({ value: owner, name: owner }))]}
            choose={(owner) => scope.set({ owner })}
          />
        </span>
      )}
      <Choices<Range | ''>
        label={t('shell.scope.range')}
        of={ranges.map((range) => ({ value: range, name: t(`shell.range.${range}`) }))}
        value={scope.range ?? ''}
        choose={(range) => range && scope.set({ range })}
      />
    </>
  );
}
