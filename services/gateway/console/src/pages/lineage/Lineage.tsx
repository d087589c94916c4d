/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/states';

export function Lineage() {
  return <Page title={t('lineage.title')}><Empty title={t('lineage.soon')} /></Page>;
}
