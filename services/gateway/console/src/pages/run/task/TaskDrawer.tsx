/** One task of a run in a drawer: log, attempts and why, parameters and outputs, operations, files; what can be done. */
import { useSearchParams } from 'react-router';
import { named, t } from '../../../i18n';
import { Drawer } from '../../../parts/Dialog';
import { Select } from '../../../parts/Field';
import { Icon } from '../../../parts/Icon';
import { Empty } from '../../../parts/states';
import { Status } from '../../../parts/Status';
import { Tabs, type Tab } from '../../../parts/Tabs';
import { Duration, Time } from '../../../parts/Time';
import { TaskActs } from '../acts/TaskActs';
import { safeLink } from '../model/sentence';
import type { RunTask } from '../model/tasks';
import type { Pending } from '../pending';
import type { RunView } from '../useRunView';
import { Artifacts } from './Artifacts';
import { Data } from './Data';
import { LogView } from './LogView';
import { Operations } from './Operations';
import { Overview } from './Overview';
import css from './task.module.css';

interface DrawerProps {
  view: RunView;
  /** Key of the task. */
  task: string;
  close: () => void;
  pending: Pending;
}

export function TaskDrawer({ view, task: key, close, pending }: DrawerProps) {
  const task = view.tasks.find((one) => one.key === key || one.id === key);
  if (!task) {
    return (
      <Drawer title={key} close={close}>
        <Empty title={t('run.task.gone', { task: key })} />
      </Drawer>
    );
  }
  const link = safeLink(task.platformLink);
  return (
    <Drawer title={task.taskName} close={close} beside={<Status of={task.status} chip />} foot={<TaskActs key={task.id} run={view.run} task={task} pending={pending} />}>
      <p className={css.line}>
        <span>
          {task.integration} · {named('run.job', task.integrationJob)}
        </span>
        <span>
          {t('run.started')} <Time at={task.startedAt} />
        </span>
        <span>
          <Duration from={task.startedAt} to={task.completedAt} />
        </span>
        {link && (
          <a href={link} target="_blank" rel="noreferrer noopener">
            {t('run.task.external')} <Icon name="external" size={13} />
          </a>
        )}
      </p>
      {task.message && <p lang="en" className={`${css.message} ${task.status === 'FAILED' ? css.bad : ''}`}>{task.message}</p>}
      <Parts view={view} task={task} />
    </Drawer>
  );
}

function Parts({ view, task }: { view: RunView; task: RunTask }) {
  const worked = task.numberOfAttempts > 0 && task.integration !== 'ORCHESTRA';
  const log: Tab = { id: 'log', name: t('run.part.log'), panel: () => <Logs task={task} /> };
  const overview: Tab = { id: 'overview', name: t('run.part.overview'), panel: () => <Overview view={view} task={task} /> };
  return (
    <Tabs
      param="part"
      label={t('run.part')}
      tabs={[
        // What has a log is read for it; of anything else, how it stands is asked first.
        ...(worked ? [log, overview] : [overview, log]),
        { id: 'data', name: t('run.part.data'), panel: () => <Data task={task} /> },
        { id: 'operations', name: t('run.part.operations'), panel: () => <Operations task={task} /> },
        { id: 'artifacts', name: t('run.part.artifacts'), panel: () => <Artifacts task={task} /> },
      ]}
    />
  );
}

function Logs({ task }: { task: RunTask }) {
  const [query, setQuery] = useSearchParams();
  const wanted = Number(query.get('attempt'));
  const attempts = task.numberOfAttempts;
  if (attempts === 0) return <Empty title={t('run.log.noAttempt')} icon="list" tight />;
  const attempt = Number.isInteger(wanted) && wanted >= 1 && wanted <= attempts ? wanted : attempts;
  return (
    <>
      {attempts > 1 && (
        <span className={css.attempt}>
          <Select
            aria-label={t('run.task.attempts')}
            value={String(attempt)}
            choices={Array.from({ length: attempts }, (_, at) => ({ value: String(at + 1), name: t('run.attempt', { number: at + 1 }) }))}
            choose={(value) =>
              setQuery(
                (old) => {
                  const next = new URLSearchParams(old);
                  next.set('attempt', value);
                  return next;
                },
                { replace: true },
              )
            }
          />
        </span>
      )}
      <LogView key={`${task.id} ${attempt}`} task={task} attempt={attempt} />
    </>
  );
}
