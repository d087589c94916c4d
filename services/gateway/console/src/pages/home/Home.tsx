/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';

export function Home() {
  return <Page title={t('home.title')}>{null}</Page>;
}
