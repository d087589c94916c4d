/** Alerts: who was told of what, what did not arrive and why; to try one again. */
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { retryAlert, useAlerts, type Alert } from '../../api/alerts';
import { useDenied } from '../../api/me';
import { usePipelines } from '../../api/pipelines';
import { named, t } from '../../i18n';
import { Button } from '../../parts/Button';
import { CodeBlock } from '../../parts/Code';
import { Confirm, Drawer } from '../../parts/Dialog';
import { Select } from '../../parts/Field';
import { Needs } from '../../parts/Needs';
import { Card, Page, Pairs } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark, Status } from '../../parts/Status';
import { MoreRows, Table } from '../../parts/Table';
import { Choices } from '../../parts/Tabs';
import { Time } from '../../parts/Time';
import { done } from '../../parts/toasts';
import css from './operate.module.css';

const STATES = ['', 'DEAD', 'PENDING', 'DELIVERED'] as const;
type State = (typeof STATES)[number];

function Delivery({ of }: { of: Alert }) {
  const tone = of.state === 'DELIVERED' ? 'good' : of.state === 'DEAD' ? 'bad' : of.failures > 0 ? 'warn' : 'live';
  return <Mark tone={tone} icon={tone === 'good' ? 'check' : tone === 'bad' ? 'cross' : 'clock'}>{named('operate.alerts.state', of.state)}</Mark>;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function Alerts() {
  return (
    <Page title={t('shell.nav.alerts')} about={t('operate.alerts.about')}>
      <Needs role="VIEWER">{() => <List />}</Needs>
    </Page>
  );
}

function List() {
  const [query, setQuery] = useSearchParams();
  const state = (STATES.find((one) => one === query.get('state')) ?? '') as State;
  const pipeline = query.get('pipeline') ?? '';
  const alerts = useAlerts(state, pipeline);
  const names = usePipelines().data ?? [];
  const operator = useDenied('OPERATOR', 'account');
  const [trying, setTrying] = useState<Alert>();
  const put = (name: string, value: string) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  const open = alerts.data?.rows.find((one) => one.alertId === query.get('alert'));
  const again = (of: Alert) => (
    <Button small icon="retry" denied={of.state === 'DEAD' ? operator : t('operate.alerts.retry.not')} onClick={() => setTrying(of)}>
      {t('operate.alerts.retry')}
    </Button>
  );
  return (
    <>
      <div className={css.between}>
        <Choices<State> label={t('operate.alerts.state')} value={state} choose={(one) => put('state', one)} of={STATES.map((value) => ({ value, name: value ? named('operate.alerts.state', value) : t('parts.all') }))} />
        <Select aria-label={t('operate.pipeline')} value={pipeline} choices={[{ value: '', name: t('operate.pipelines.all') }, ...names.map((one) => ({ value: one.id, name: one.alias }))]} choose={(one) => put('pipeline', one)} />
      </div>
      <Answer of={alerts}>
        {({ rows, more }) => (
          <Card flush>
            <Table
              label={t('shell.nav.alerts')}
              rows={rows}
              id={(one) => one.alertId}
              chosen={open?.alertId}
              columns={[
                { id: 'state', name: t('operate.alerts.state'), tight: true, cell: (one) => <Delivery of={one} /> },
                {
                  id: 'what', name: t('operate.alerts.what'),
                  cell: (one) => (
                    <span className={css.two}>
                      <span className={css.row}>
                        <Status of={one.status} /> <Link to={`/pipelines/${one.pipelineId}`}>{one.pipelineAlias}</Link>
                        {one.taskId && <span>/ {one.taskId}</span>}
                      </span>
                      {one.message && one.state !== 'DELIVERED' && <small lang="en">{one.message}</small>}
                    </span>
                  ),
                },
                { id: 'to', name: t('operate.alerts.to'), cell: (one) => <span className={css.two}><span>{one.destination || '–'}</span><small>{[one.integration, one.connection].filter(Boolean).join(' · ')}</small></span> },
                { id: 'name', name: t('operate.alerts.name'), wide: true, cell: (one) => one.name },
                { id: 'raised', name: t('operate.alerts.raised'), tight: true, cell: (one) => <Time at={one.raisedAt} /> },
                { id: 'next', name: t('operate.alerts.next'), tight: true, wide: true, cell: (one) => (one.state === 'DELIVERED' ? <Time at={one.deliveredAt} /> : <Time at={one.retryAt} />) },
                { id: 'acts', name: t('parts.acts'), quiet: true, tight: true, cell: (one) => <span className={css.row}>{one.state === 'DEAD' && again(one)}<Button small kind="quiet" icon="info" label={t('operate.alerts.open')} onClick={() => put('alert', one.alertId)} /></span> },
              ]}
              empty={<Empty icon="alerts" title={t(state || pipeline ? 'operate.none.found' : 'operate.alerts.none')}>{t('operate.alerts.none.more')}</Empty>}
            />
            <MoreRows more={more} pending={alerts.isFetchingNextPage} load={() => void alerts.fetchNextPage()} />
          </Card>
        )}
      </Answer>
      {open && (
        <Drawer title={open.name} close={() => put('alert', '')} foot={again(open)}>
          <div className={css.stack}>
            <Pairs
              of={[
                [t('operate.alerts.state'), <Delivery key="state" of={open} />],
                [t('operate.alerts.what'), named('operate.event', open.eventType)],
                [t('operate.pipeline'), <Link key="pipeline" to={`/pipelines/${open.pipelineId}`}>{open.pipelineAlias}</Link>],
                [t('operate.run'), open.runId ? <Link key="run" to={`/runs/${open.runId}`}>{open.runId}</Link> : undefined],
                [t('operate.alerts.to'), `${open.destination} (${open.integration}${open.connection ? `, ${open.connection}` : ''})`],
                [t('operate.alerts.raised'), <Time key="raised" at={open.raisedAt} as="short" />],
                [t('operate.alerts.delivered'), open.deliveredAt ? <Time key="at" at={open.deliveredAt} as="short" /> : undefined],
                [t('operate.alerts.failures'), open.failures > 0 ? String(open.failures) : undefined],
                [t('operate.alerts.said'), open.message || undefined],
              ]}
            />
            <h3>{t('operate.alerts.content')}</h3>
            <CodeBlock label={t('operate.alerts.content')}>{pretty(open.content)}</CodeBlock>
          </div>
        </Drawer>
      )}
      {trying && (
        <Confirm
          title={t('operate.alerts.retry.of', { name: trying.name })}
          act={t('operate.alerts.retry')}
          close={() => setTrying(undefined)}
          reason="audit"
          run={async (reason) => {
            await retryAlert(trying.alertId, reason);
            done(t('operate.alerts.retried'));
          }}
        >
          <p>{t('operate.alerts.retry.more', { to: trying.destination })}</p>
        </Confirm>
      )}
    </>
  );
}
