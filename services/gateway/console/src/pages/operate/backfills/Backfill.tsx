/** One backfill: what became of each of its instants; to cancel it. */
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { cancelBackfill, useBackfill, type Backfill } from '../../../api/backfills';
import { useDeniedOf } from '../../../api/owners';
import { named, t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Card, Page, Pairs } from '../../../parts/Page';
import { Answer } from '../../../parts/states';
import { Status } from '../../../parts/Status';
import { MoreRows, Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import css from '../operate.module.css';
import { Far } from './Far';

function Cancel({ of, close }: { of: Backfill; close: () => void }) {
  return (
    <Confirm
      danger
      title={t('operate.backfills.cancel')}
      act={t('operate.backfills.cancel.do')}
      back={t('parts.goOn')}
      close={close}
      reason="log"
      run={async (reason) => {
        await cancelBackfill(of.id, reason);
        done(t('operate.backfills.cancelled'));
      }}
    >
      <p>{t('operate.backfills.cancel.more', { left: of.left, live: of.live })}</p>
    </Confirm>
  );
}

export function BackfillPage() {
  const { id = '' } = useParams();
  const answer = useBackfill(id);
  const operator = useDeniedOf('OPERATOR');
  const [cancelling, setCancelling] = useState(false);
  const of = answer.data?.backfill;
  const over = of?.completedAt ? t('operate.backfills.over') : undefined;
  return (
    <Page
      title={of ? t('operate.backfills.of', { pipeline: of.pipelineAlias }) : t('operate.backfills.one')}
      crumbs={[{ to: '/operate/backfills', name: t('shell.nav.backfills') }]}
      beside={of && <Status of={of.status} chip />}
      acts={<Button kind="danger" icon="stop" denied={of ? (operator(of.pipelineId) ?? over) : t('parts.loading')} onClick={() => setCancelling(true)}>{t('operate.backfills.cancel')}</Button>}
    >
      <Answer of={answer}>
        {({ backfill, instants, more }) => (
          <div className={css.stack}>
            <Card>
              <div className={css.stack}>
                <Far of={backfill} />
                <Pairs
                  of={[
                    [t('operate.pipeline'), <Link key="pipeline" to={`/pipelines/${backfill.pipelineId}`}>{backfill.pipelineAlias}</Link>],
                    [t('operate.schedule'), backfill.schedule],
                    [t('operate.backfills.span'), <span key="span"><Time at={backfill.from} as="short" /> – <Time at={backfill.to} as="short" /></span>],
                    [t('operate.backfills.active'), String(backfill.maxActive)],
                    [t('operate.by'), backfill.user],
                    [t('operate.made'), <Time key="made" at={backfill.createdAt} as="short" />],
                    [t('operate.ended'), backfill.completedAt ? <Time key="ended" at={backfill.completedAt} as="short" /> : undefined],
                    [t('operate.backfills.said'), backfill.message || undefined],
                  ]}
                />
              </div>
            </Card>
            <Card flush title={t('operate.backfills.instants')} count={backfill.total}>
              <Table
                label={t('operate.backfills.instants')}
                rows={instants}
                id={(one) => one.instant}
                sort="sort"
                columns={[
                  { id: 'instant', name: t('operate.backfills.instant'), by: (one) => one.instant, cell: (one) => <Time at={one.instant} as="short" /> },
                  { id: 'outcome', name: t('operate.backfills.outcome'), by: (one) => one.outcome, cell: (one) => <Status of={one.outcome} words={named('operate.outcome', one.outcome)} /> },
                  { id: 'reason', name: t('operate.reason'), wide: true, cell: (one) => one.reason || '–' },
                  { id: 'run', name: t('operate.run'), tight: true, cell: (one) => (one.runId ? <Link to={`/runs/${one.runId}`}>{one.runId.slice(0, 8)}</Link> : '–') },
                ]}
              />
              <MoreRows more={more} pending={answer.isFetchingNextPage} load={() => void answer.fetchNextPage()} />
            </Card>
          </div>
        )}
      </Answer>
      {cancelling && of && <Cancel of={of} close={() => setCancelling(false)} />}
    </Page>
  );
}
