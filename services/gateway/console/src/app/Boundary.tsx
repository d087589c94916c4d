/** Catches what a page throws while it is drawn, so that the navigation stays: says what happened and what to do. */
import { Component, type ReactNode } from 'react';
import { t } from '../i18n';
import { Button } from '../parts/Button';
import { Empty } from '../parts/states';

/** A new version was put in place, and a page of the old one is gone: the browser says so in words of its own. */
const outdated = (error: Error) => /dynamically imported module|Importing a module script failed|Failed to fetch/i.test(error.message);

export class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const old = outdated(error);
    return (
      <Empty
        icon="warning"
        title={t(old ? 'shell.boundary.outdated' : 'shell.boundary.broke')}
        acts={
          <>
            <Button kind="primary" icon="retry" onClick={() => location.reload()}>
              {t('shell.boundary.reload')}
            </Button>
            {!old && <Button onClick={() => this.setState({ error: undefined })}>{t('parts.again')}</Button>}
          </>
        }
      >
        {old ? t('shell.boundary.outdated.more') : error.message}
      </Empty>
    );
  }
}
