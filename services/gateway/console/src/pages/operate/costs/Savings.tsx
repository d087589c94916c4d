/** What could be saved, by fixed rules: what was found, what to do, how much it is a month. */
import { money, useSavings } from '../../../api/costs';
import { named, t } from '../../../i18n';
import { Card, Tag } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { durationText } from '../../../parts/values';
import css from '../operate.module.css';

export function Savings() {
  const savings = useSavings();
  return (
    <Answer of={savings} lines={5}>
      {({ savings: found, incomplete }) => (
        <Card flush title={t('operate.costs.savings')} count={found.length}>
          {incomplete.length > 0 && <p className={css.note}>{t('operate.savings.incomplete', { rules: incomplete.join(', ') })}</p>}
          <Table
            label={t('operate.costs.savings')}
            rows={found}
            id={(one) => `${one.rule}/${one.subject}/${one.what}`}
            sort="sort"
            columns={[
              { id: 'rule', name: t('operate.savings.rule'), tight: true, wide: true, by: (one) => one.rule, cell: (one) => <Tag>{named('operate.savings.rule', one.rule)}</Tag> },
              { id: 'what', name: t('operate.savings.what'), by: (one) => one.subject, cell: (one) => <span className={css.two}><b>{one.subject}</b><span lang="en">{one.what}</span><small lang="en">{one.advice}</small></span> },
              {
                id: 'saved', name: t('operate.savings.month'), number: true, by: (one) => Number(one.saved) || one.savedSeconds,
                cell: (one) => <span className={css.two}><b>{one.saved ? money(one.saved, one.currency) : one.savedSeconds > 0 ? durationText(one.savedSeconds * 1000) : '–'}</b></span>,
              },
              { id: 'estimate', name: t('operate.savings.estimate'), wide: true, cell: (one) => <span lang="en" className={css.faint}>{one.estimate}</span> },
            ]}
            empty={<Empty icon="check" title={t('operate.savings.none')}>{t('operate.savings.none.more')}</Empty>}
          />
        </Card>
      )}
    </Answer>
  );
}
