/** What was committed, where it is seen, and what comes next: a pull request, a run of it. */
import type { Committed } from '../../../api/source';
import { rich, t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import css from './save.module.css';

export function CommitDone({ of, path, run, close }: { of: Committed; path: string; run: () => void; close: () => void }) {
  const outside = (link: string | undefined, words: string) =>
    link && (
      <a href={link} target="_blank" rel="noreferrer noopener">
        {words}
      </a>
    );
  const version = String(of.version ?? '');
  return (
    <Dialog
      title={t('builder.commit.doneTitle', { path })}
      close={close}
      foot={
        <>
          <Button onClick={close}>{t('parts.close')}</Button>
          <Button kind="primary" icon="play" denied={of.version ? undefined : t('builder.commit.notStored')} onClick={run}>
            {t('builder.commit.run')}
          </Button>
        </>
      }
    >
      <div className={css.stack} role="status">
        <p>
          {rich(of.changed ? 'builder.commit.where' : 'builder.commit.whereSame', { branch: <code>{of.branch}</code>, commit: <code>{of.commit.slice(0, 12)}</code> })}{' '}
          {of.version === undefined ? t('builder.commit.notStored') : t(of.counts ? 'builder.commit.current' : 'builder.commit.draft', { version })}
        </p>
        {(of.commitLink ?? of.pullRequestLink) && (
          <p className={css.links}>
            {outside(of.commitLink, t('builder.commit.show'))}
            {outside(of.pullRequestLink, t('builder.commit.propose'))}
          </p>
        )}
        {of.warnings.length > 0 && (
          <ul className={css.since}>
            {of.warnings.map((words) => (
              <li key={words} lang="en">
                {words}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
