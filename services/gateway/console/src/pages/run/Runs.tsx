/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/states';

export function Runs() {
  return <Page title={t('run.title')}><Empty title={t('run.soon')} /></Page>;
}
