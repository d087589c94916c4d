/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/states';

export function Asset() {
  return <Page title={t('assets.title')}><Empty title={t('assets.soon')} /></Page>;
}
