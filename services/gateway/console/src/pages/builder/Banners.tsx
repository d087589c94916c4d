/** What must be known before anything is edited: where the text is kept, that edits were taken up, how the run stands. */
import { useState } from 'react';
import { inRepository, syncNow, useSync, type Kept, type Opened } from '../../api/source';
import { asApiError } from '../../api/errors';
import { rich, t } from '../../i18n';
import { Button, ButtonLink } from '../../parts/Button';
import { Mark, Status } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { done, failed } from '../../parts/toasts';
import type { Draft } from './state/useDraft';
import type { RunOf } from './Follow';
import css from './Workbench.module.css';

interface BannersProps {
  draft: Draft;
  opened?: Opened;
  denied?: string;
  runId?: string;
  run: RunOf;
  endRun: () => void;
}

export function Banners({ draft, opened, denied, runId, run, endRun }: BannersProps) {
  const [seen, setSeen] = useState(false);
  return (
    <>
      {denied && <div className={css.banner}>{t('builder.lookOnly', { why: denied })}</div>}
      {opened && inRepository(opened.pipeline) && <Repository pipeline={opened.pipeline} denied={denied} />}
      {draft.takenUp && draft.dirty && !seen && (
        <div className={css.banner} role="status">
          <span>{t('builder.takenUp')}</span>
          <span className={css.grow} />
          <Button small onClick={draft.reset}>
            {t('builder.takenUp.reset')}
          </Button>
          <Button small kind="quiet" icon="close" label={t('parts.close')} onClick={() => setSeen(true)} />
        </div>
      )}
      {runId && (
        <div className={css.banner} role="status">
          <span>{t('builder.run.of')}</span>
          {run.status ? <Status of={run.status} chip /> : <Mark>{t('parts.pending')}</Mark>}
          {run.lost && <Mark tone="warn">{t('builder.run.lost')}</Mark>}
          <span className={css.grow} />
          <ButtonLink small to={`/runs/${encodeURIComponent(runId)}`} icon="right">
            {t('builder.run.open')}
          </ButtonLink>
          <Button small kind="quiet" icon="close" label={t('parts.close')} onClick={endRun} />
        </div>
      )}
    </>
  );
}

const HOSTS: Record<string, string> = { GITHUB: 'GitHub', GITLAB: 'GitLab', BITBUCKET: 'Bitbucket', AZURE_DEVOPS: 'Azure DevOps', GIT: 'git' };

function Repository({ pipeline, denied }: { pipeline: Kept; denied?: string }) {
  const sync = useSync(pipeline.id, true);
  const [pending, setPending] = useState(false);
  const branch = pipeline.workingBranch || pipeline.defaultBranch || sync.data?.branch || '';
  const look = async () => {
    setPending(true);
    try {
      const answer = await syncNow(pipeline.id);
      done(answer.changed ? t('builder.git.synced', { version: String(answer.version ?? '') }) : t('builder.git.same'));
      await sync.refetch();
    } catch (thrown) {
      failed(thrown);
    } finally {
      setPending(false);
    }
  };
  return (
    <div className={css.banner}>
      <Mark icon="branch">{HOSTS[pipeline.storageProvider] ?? pipeline.storageProvider}</Mark>
      <span>
        {rich('builder.git.place', {
          path: <code>{pipeline.yamlPath}</code>,
          repository: <code>{pipeline.repository}</code>,
          branch: <code>{branch}</code>,
        })}
      </span>
      {sync.isError ? (
        <Mark tone="warn"><span lang={asApiError(sync.error).lang}>{asApiError(sync.error).words}</span></Mark>
      ) : sync.data?.failure ? (
        <Mark tone="bad" icon="warning">{rich('builder.git.failed', { words: <span lang="en">{sync.data.failure}</span> })}</Mark>
      ) : (
        sync.data?.lookedAt && (
          <span>
            <Mark tone="good" icon="check">{t('builder.git.inSync', { commit: (sync.data.commit ?? '').slice(0, 8) })}</Mark> <Time at={sync.data.lookedAt} />
          </span>
        )
      )}
      <span className={css.grow} />
      <Button small icon="retry" pending={pending} denied={denied} onClick={() => void look()}>
        {t('builder.git.sync')}
      </Button>
    </div>
  );
}
