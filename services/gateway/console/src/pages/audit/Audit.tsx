/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/states';

export function Audit() {
  return <Page title={t('audit.title')}><Empty title={t('audit.soon')} /></Page>;
}
