/** What runs cost: sums by whom and by what, what could be saved, budgets, prices. */
import { t } from '../../../i18n';
import { Needs } from '../../../parts/Needs';
import { Page } from '../../../parts/Page';
import { Tabs } from '../../../parts/Tabs';
import { Budgets } from './Budgets';
import { Prices } from './Prices';
import { Savings } from './Savings';
import { Sums } from './Sums';

export function Costs() {
  return (
    <Page title={t('shell.nav.costs')} about={t('operate.costs.about')}>
      <Needs role="VIEWER">
        {() => (
          <Tabs
            label={t('shell.nav.costs')}
            tabs={[
              { id: 'sums', name: t('operate.costs.sums'), panel: () => <Sums /> },
              { id: 'savings', name: t('operate.costs.savings'), panel: () => <Savings /> },
              { id: 'budgets', name: t('operate.costs.budgets'), panel: () => <Budgets /> },
              { id: 'prices', name: t('operate.costs.prices'), panel: () => <Prices /> },
            ]}
          />
        )}
      </Needs>
    </Page>
  );
}
