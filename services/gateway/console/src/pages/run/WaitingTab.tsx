/** Why the run, and tasks of it, wait now: what stands before them, in the words of the server. */
import { Link } from 'react-router';
import { useWaiting, type Gate } from '../../api/runs';
import { named, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';
import type { RunTask } from './model/tasks';
import type { RunView } from './useRunView';
import css from './run.module.css';

/** Tasks that are asked about one by one. */
const TASKS_MAX = 20;
const RUN_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

export function Gates({ gates }: { gates: Gate[] }) {
  return (
    <ul className={css.gates}>
      {gates.map((gate, at) => (
        <li key={at}>
          <strong>{named('run.gate', gate.kind ?? '')}</strong>
          <span lang="en">{gate.text}</span>
          {gate.since && (
            <span className={css.faint}>
              {t('run.waiting.since')} <Time at={gate.since} />
            </span>
          )}
          {(gate.ahead?.length ?? 0) > 0 && (
            <span className={css.faint}>
              {t('run.waiting.ahead')}:{' '}
              {gate.ahead!.slice(0, 5).map((id) => (
                <span key={id}>{RUN_ID.test(id) ? <Link to={`/runs/${id}`}>{id.slice(0, 8)}</Link> : id} </span>
              ))}
              {(gate.aheadCount ?? 0) > 5 && t('parts.more', { count: gate.aheadCount! - 5 })}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What holds one task. */
export function TaskGates({ run, task }: { run: string; task: RunTask }) {
  const gates = useWaiting(run, task.key, task.status);
  return (
    <Answer of={gates} tight lines={1}>
      {(list) => (list.length > 0 ? <Gates gates={list} /> : <p className={css.faint}>{t('run.waiting.none')}</p>)}
    </Answer>
  );
}

export function WaitingTab({ view, choose }: { view: RunView; choose: (key: string) => void }) {
  const { run, tasks } = view;
  const whole = useWaiting(run.id, undefined, run.runStatus);
  const waits = tasks.filter((task) => task.status === 'CREATED' || task.status === 'QUEUED' || (task.integration === 'ORCHESTRA' && task.status === 'RUNNING'));
  return (
    <div className={css.stack}>
      <Answer of={whole} tight>
        {(gates) =>
          gates.length > 0 ? (
            <Card title={t('run.waits')}>
              <Gates gates={gates} />
            </Card>
          ) : waits.length === 0 ? (
            <Empty title={t('run.waiting.none')}>{t('run.waiting.running')}</Empty>
          ) : null
        }
      </Answer>
      {waits.length > 0 && (
        <Card title={t('run.waiting.tasks')} count={waits.length}>
          <ul className={css.waits}>
            {waits.slice(0, TASKS_MAX).map((task) => (
              <li key={task.id}>
                <span className={css.waitName}>
                  <button type="button" className={css.link} onClick={() => choose(task.key)}>
                    {task.taskName}
                  </button>
                  <Status of={task.status} />
                </span>
                <TaskGates run={run.id} task={task} />
              </li>
            ))}
          </ul>
          {waits.length > TASKS_MAX && <p className={css.faint}>{t('run.waiting.more', { count: waits.length - TASKS_MAX })}</p>}
        </Card>
      )}
    </div>
  );
}
