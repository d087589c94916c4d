/** The sensors of a pipeline: whether a window is open, when the next one opens, and what each check found last. */
import { useSensors, type Sensor, type SensorCheck } from '../../api/sensors';
import type { SchedulePreview } from '../../api/pipelines';
import { named, t } from '../../i18n';
import { Card, Pairs } from '../../parts/Page';
import { Answer } from '../../parts/states';
import { Mark, Status } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { shortTime } from '../../parts/values';
import css from './Pipeline.module.css';

const CHECKS = (open: boolean): Column<SensorCheck>[] => [
  {
    id: 'check',
    name: t('pipelines.sensor.check'),
    cell: (row) => (
      <span className={css.two}>
        <span>{row.id}</span>
        <small>{named('sensorType', row.sensorType)}</small>
      </span>
    ),
  },
  {
    id: 'state',
    name: t('pipelines.sensor.found'),
    cell: (row) =>
      row.state === '' || !open ? (
        <span className={css.muted}>{t(open ? 'pipelines.sensor.nothing' : 'pipelines.sensor.closed')}</span>
      ) : (
        <span className={css.two}>
          <Status of={row.state} words={named('pipelines.sensor.state', row.state)} />
          {row.message && <small lang="en">{row.message}</small>}
        </span>
      ),
  },
];

function One({ of, next }: { of: Sensor; next?: string }) {
  const { window } = of;
  return (
    <Card title={of.name || of.id} flush acts={window ? <Mark tone="live" icon="search">{t('pipelines.sensor.looks')}</Mark> : undefined}>
      <div className={css.inside}>
        <p className={css.muted}>
          <code>{of.cron}</code> · {of.timezone || 'UTC'}
        </p>
        <Pairs
          of={[
            [t('pipelines.sensor.opened'), window ? <Time key="opened" at={window.openedAt} /> : undefined],
            [t('pipelines.sensor.again'), window ? window.nextPollAt ? <Time key="again" at={window.nextPollAt} /> : t('pipelines.sensor.now') : undefined],
            [t('pipelines.sensor.closes'), window ? <Time key="closes" at={window.closesAt} /> : undefined],
            [t('pipelines.sensor.next'), next ? <span key="next"><Time at={next} /> · {shortTime(next)}</span> : t('pipelines.triggers.never')],
          ]}
        />
      </div>
      <Table label={t('pipelines.sensor.checks', { sensor: of.name || of.id })} rows={of.checks} columns={CHECKS(window !== null)} id={(row) => row.id} />
    </Card>
  );
}

/** `windows` are previews of their windows; nothing is shown of a pipeline that has no sensor. */
export function Sensors({ pipeline, windows }: { pipeline: string; windows: SchedulePreview[] }) {
  return (
    <Answer of={useSensors(pipeline)}>
      {(all) =>
        all.length === 0 ? null : (
          <section aria-label={t('pipelines.sensors')} className={css.stack}>
            <h2>{t('pipelines.sensors')}</h2>
            <div className={css.cards}>
              {all.map((one) => (
                <One key={one.id} of={one} next={windows.find(({ schedule }) => schedule.name === `sensor:${one.id}`)?.firings[0]?.instant} />
              ))}
            </div>
          </section>
        )
      }
    </Answer>
  );
}
