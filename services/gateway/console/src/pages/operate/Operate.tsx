/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/states';

export function Operate() {
  return <Page title={t('operate.title')}><Empty title={t('operate.soon')} /></Page>;
}
