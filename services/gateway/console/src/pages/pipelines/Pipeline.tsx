/** A first page of the area. */
import { t } from '../../i18n';
import { Page } from '../../parts/Page';

export function Pipeline() {
  return <Page title={t('pipelines.title')}>{null}</Page>;
}
