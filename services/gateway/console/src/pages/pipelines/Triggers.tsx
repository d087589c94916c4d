/** What starts a pipeline: schedules with their next firings in the chosen zone, sensors, addresses, and what others tell. */
import { useSearchParams } from 'react-router';
import { useSchedules, type Firing, type PipelineMore, type SchedulePreview } from '../../api/pipelines';
import { useSettings, zoneName } from '../../app/settings';
import { named, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { planned } from '../../parts/planned';
import { Mark } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import { Choices } from '../../parts/Tabs';
import { Time } from '../../parts/Time';
import { shortTime } from '../../parts/values';
import { Addresses } from './Addresses';
import type { Definition } from './definition';
import { OtherTriggers } from './OtherTriggers';
import { Sensors } from './Sensors';
import css from './Pipeline.module.css';

const COUNTS = ['5', '10', '25'] as const;

function firingColumns({ schedule }: SchedulePreview): Column<Firing>[] {
  const zone = schedule.timezone || 'UTC';
  return [
    { id: 'here', name: zoneName(), cell: (row) => shortTime(row.instant) },
    ...(zone === zoneName() ? [] : [{ id: 'there', name: t('pipelines.triggers.clock', { zone }), cell: (row: Firing) => row.local.replace('T', ' ').slice(0, 16) }]),
    { id: 'in', name: t('pipelines.triggers.in'), wide: true, cell: (row) => <Time at={row.instant} /> },
    {
      id: 'effect',
      name: t('pipelines.triggers.notes'),
      quiet: true,
      cell: (row) => (
        <>
          {row.effect && <Mark tone="warn" icon="clock">{named('pipelines.effect', row.effect)}</Mark>}
          {row.due !== row.instant && <span className={css.muted}>{t('pipelines.triggers.due', { at: shortTime(row.due) })}</span>}
        </>
      ),
    },
  ];
}

function Schedule({ of }: { of: SchedulePreview }) {
  const { schedule } = of;
  return (
    <Card title={schedule.name || schedule.cron} flush acts={of.paused ? <Mark tone="warn" icon="pause">{t('pipelines.paused')}</Mark> : undefined}>
      <div className={css.inside}>
        <p className={css.muted}>
          <code>{schedule.cron}</code> · {schedule.timezone || 'UTC'}
          {schedule.environment && ` · ${schedule.environment}`}
          {schedule.exclude.length > 0 && ` · ${t('pipelines.triggers.exclude', { days: schedule.exclude.join(', ') })}`}
        </p>
      </div>
      <Table
        label={t('pipelines.triggers.next', { schedule: schedule.name || schedule.cron })}
        rows={of.firings}
        columns={firingColumns(of)}
        id={(row) => `${row.instant} ${row.due}`}
        empty={<Empty tight icon="schedules" title={t('pipelines.triggers.never')} />}
      />
    </Card>
  );
}

export function Triggers({ of, definition }: { of: PipelineMore; definition: Definition | undefined }) {
  const [query, setQuery] = useSearchParams();
  useSettings();
  const count = COUNTS.find((one) => one === query.get('firings')) ?? '10';
  const schedules = useSchedules(of.id, Number(count));
  return (
    <div className={css.stack}>
      <div className={css.bar} style={{ marginBottom: 0 }}>
        <span className={css.muted}>{t('pipelines.triggers.zone', { zone: zoneName() })}</span>
        <span className={css.grow} />
        <span className={css.muted} aria-hidden="true">{t('pipelines.triggers.count')}</span>
        <Choices
          label={t('pipelines.triggers.count')}
          of={COUNTS.map((value) => ({ value, name: value }))}
          value={count}
          choose={(chosen) =>
            setQuery(
              (old) => {
                const next = new URLSearchParams(old);
                next.set('firings', chosen);
                return next;
              },
              { replace: true },
            )
          }
        />
      </div>
      <Answer of={schedules}>
        {(all) => {
          const own = all.filter(({ schedule }) => planned(schedule.name, definition?.schedules).kind === 'schedule');
          return (
            <>
              {own.length === 0 ? (
                <Card>
                  <Empty icon="schedules" title={t('pipelines.noSchedule')}>
                    {t('pipelines.noSchedule.more')}
                  </Empty>
                </Card>
              ) : (
                <div className={css.cards}>
                  {own.map((one) => (
                    <Schedule key={`${one.schedule.name} ${one.schedule.cron}`} of={one} />
                  ))}
                </div>
              )}
              <Sensors pipeline={of.id} windows={all.filter(({ schedule }) => planned(schedule.name, definition?.schedules).kind === 'sensor')} />
            </>
          );
        }}
      </Answer>
      <Addresses pipeline={of.id} on={definition?.webhook ?? true} />
      {definition && definition.triggers.length > 0 && <OtherTriggers of={definition.triggers} />}
    </div>
  );
}
