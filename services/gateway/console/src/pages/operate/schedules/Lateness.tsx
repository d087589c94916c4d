/** How each schedule does: how late its runs begin, and which instants got none and why. */
import { Link } from 'react-router';
import type { ScheduleTrend } from '../../../api/health';
import { named, t } from '../../../i18n';
import { Card } from '../../../parts/Page';
import { Empty } from '../../../parts/states';
import { Mark, Status } from '../../../parts/Status';
import { plannedText } from '../../../parts/planned';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { durationText, numberText } from '../../../parts/values';
import css from '../operate.module.css';

const took = (micros: number | undefined) => (micros === undefined ? '–' : durationText(micros / 1000));

export function Lateness({ of }: { of: ScheduleTrend[] }) {
  return (
    <Card flush title={t('operate.schedules.lateness')} count={of.length}>
      <Table
        label={t('operate.schedules.lateness')}
        rows={of}
        id={(one) => `${one.pipelineId}/${one.schedule}`}
        sort="sort"
        columns={[
          { id: 'name', name: t('operate.schedule'), by: (one) => `${one.pipeline} ${one.schedule}`, cell: (one) => <span className={css.two}><Link to={`/pipelines/${one.pipelineId}`}>{one.pipeline}</Link><small>{plannedText(one.schedule)}{!one.declared && ` · ${t('operate.schedules.gone')}`}</small></span> },
          { id: 'fired', name: t('operate.schedules.fired'), number: true, by: (one) => one.fired, cell: (one) => numberText(one.fired) },
          { id: 'median', name: t('operate.schedules.median'), number: true, by: (one) => one.startedLate?.median, cell: (one) => took(one.startedLate?.median) },
          { id: 'p95', name: t('operate.schedules.p95'), number: true, wide: true, by: (one) => one.startedLate?.p95, cell: (one) => took(one.startedLate?.p95) },
          { id: 'max', name: t('operate.schedules.max'), number: true, wide: true, by: (one) => one.startedLate?.max, cell: (one) => took(one.startedLate?.max) },
          {
            id: 'passed', name: t('operate.schedules.passed'), wide: true,
            cell: (one) => (one.passed.length === 0 ? '–' : <span className={css.row}>{one.passed.map((passed) => <Mark key={passed.reason} tone="warn">{`${named('operate.passed', passed.reason)} ×${passed.count}`}</Mark>)}</span>),
          },
          { id: 'last', name: t('operate.schedules.last'), tight: true, by: (one) => one.lastInstant ?? undefined, cell: (one) => (one.lastRunId ? <Link to={`/runs/${one.lastRunId}`} className={css.two}><Status of={one.lastStatus} /> <Time at={one.lastInstant} /></Link> : '–') },
        ]}
        empty={<Empty tight icon="clock" title={t('operate.schedules.never')} />}
      />
    </Card>
  );
}
