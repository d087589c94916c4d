/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Empty } from '../../parts/states';

export function Builder() {
  return <Page title={t('builder.title')}><Empty title={t('builder.soon')} /></Page>;
}
