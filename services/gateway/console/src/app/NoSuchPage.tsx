/** What an address leads to that leads nowhere. */
import { t } from '../i18n';
import { ButtonLink } from '../parts/Button';
import { Page } from '../parts/Page';
import { Empty } from '../parts/states';

export function NoSuchPage() {
  return (
    <Page title={t('shell.nowhere')}>
      <Empty
        title={t('shell.nowhere.title')}
        icon="search"
        acts={
          <ButtonLink to="/" icon="home">
            {t('shell.nav.home')}
          </ButtonLink>
        }
      >
        {t('shell.nowhere.more')}
      </Empty>
    </Page>
  );
}
