/** What can be done about a cause with one press: after a confirmation that says what will happen. */
import { useState, type ReactNode } from 'react';
import type { BrokenGroup } from '../../api/answers';
import { useDeniedOf } from '../../api/owners';
import { pause, retryFromFailed, usePipelines } from '../../api/pipelines';
import { t } from '../../i18n';
import { Button, ButtonLink } from '../../parts/Button';
import { Confirm } from '../../parts/Dialog';
import { act } from '../../parts/toasts';
import css from './Home.module.css';

type Asked = 'retry' | 'pause';

/** Where somebody looks at what is no failed run. */
function place(group: BrokenGroup): { to: string; name: string } | undefined {
  if (group.kind === 'ALERT') return { to: '/operate/alerts', name: t('shell.nav.alerts') };
  if (group.kind === 'BUDGET') return { to: '/operate/costs', name: t('shell.nav.costs') };
  const asset = group.what?.evidence.find((one) => one.kind === 'ASSET');
  if (asset) return { to: `/assets/${encodeURIComponent(asset.id)}`, name: t('home.act.asset') };
  return undefined;
}

export function Remedies({ of }: { of: BrokenGroup }) {
  const [asked, setAsked] = useState<Asked>();
  const pipeline = usePipelines().data?.find((one) => one.alias === of.pipelineAlias);
  const denied = useDeniedOf('OPERATOR')(pipeline?.id);
  const failure = of.kind === 'FAILURE' && of.runId !== '';
  const elsewhere = place(of);
  const task = of.task ? `?task=${encodeURIComponent(of.task)}` : '';

  const dialogs: Record<Asked, ReactNode> = {
    retry: (
      <Confirm
        title={t('home.retry.title', { pipeline: of.pipelineAlias })}
        act={t('home.act.retry')}
        close={() => setAsked(undefined)}
        reason="audit"
        run={(reason) =>
          act(t('home.retry.pending'), () => retryFromFailed(of.runId, reason), (run) => ({ words: t('home.retry.done'), link: { to: `/runs/${run}`, name: t('home.retry.watch') } }))
        }
      >
        <p>{t('home.retry.more', { task: of.task || of.pipelineAlias })}</p>
      </Confirm>
    ),
    pause: (
      <Confirm
        title={t('home.pause.title', { pipeline: of.pipelineAlias })}
        act={t('home.act.pause')}
        close={() => setAsked(undefined)}
        reason="audit"
        run={(reason) => act(t('home.pause.pending'), () => pause(pipeline!.id, reason), () => ({ words: t('home.pause.done', { pipeline: of.pipelineAlias }) }))}
      >
        <p>{t('home.pause.more')}</p>
      </Confirm>
    ),
  };
  return (
    <div className={css.acts}>
      {failure && (
        <>
          <Button small kind="primary" icon="retry" denied={denied} onClick={() => setAsked('retry')}>
            {t('home.act.retry')}
          </Button>
          <ButtonLink small icon="list" to={`/runs/${of.runId}${task}`}>
            {t('home.act.log')}
          </ButtonLink>
        </>
      )}
      {pipeline && of.task && (
        <ButtonLink small icon="edit" to={`/pipelines/${pipeline.id}/edit${task}`}>
          {t('home.act.fix')}
        </ButtonLink>
      )}
      {pipeline && !pipeline.paused && (
        <Button small icon="pause" denied={denied} onClick={() => setAsked('pause')}>
          {t('home.act.pause')}
        </Button>
      )}
      {elsewhere && (
        <ButtonLink small to={elsewhere.to}>
          {elsewhere.name}
        </ButtonLink>
      )}
      {asked && dialogs[asked]}
    </div>
  );
}
