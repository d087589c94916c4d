/** How a task came to stand as it does: what it waits for, its attempts, and every event about it in words. */
import { useMemo } from 'react';
import { useWhy } from '../../../api/runs';
import { named, t } from '../../../i18n';
import { Code } from '../../../parts/Code';
import { Pairs } from '../../../parts/Page';
import { Answer } from '../../../parts/states';
import { Status } from '../../../parts/Status';
import { ended } from '../../../parts/status';
import { Duration } from '../../../parts/Time';
import { clockTime, exactTime } from '../../../parts/values';
import { attemptsFor, attemptsOf } from '../model/attempts';
import type { RunTask } from '../model/tasks';
import { who } from '../trigger';
import type { RunView } from '../useRunView';
import { TaskGates } from '../WaitingTab';
import css from './task.module.css';

export function Overview({ view, task }: { view: RunView; task: RunTask }) {
  // Events change when the task does: its status and the number of its attempts say so.
  const why = useWhy(task.pipelineRunId, task.key, task.numberOfAttempts * 100 + task.status.length);
  const attempts = useMemo(() => attemptsFor(task, why.data && attemptsOf(why.data)), [task, why.data]);
  const own = why.data?.filter((event) => event.task === task.key || event.kind?.startsWith('GROUP_'));
  return (
    <div className={css.stack}>
      {!ended(task.status) && (
        <section>
          <h3>{t('run.waits')}</h3>
          <TaskGates run={view.run.id} task={task} />
        </section>
      )}
      <section>
        <h3>{t('run.task.attempts')}</h3>
        {attempts.length === 0 ? (
          <p className={css.faint}>{t('run.attempts.none')}</p>
        ) : (
          <ul className={css.attempts}>
            {attempts.map((attempt) => (
              <li key={attempt.number}>
                <span>{t('run.attempt', { number: attempt.number })}</span>
                <Status of={attempt.status} />
                <time dateTime={new Date(attempt.from).toISOString()} title={exactTime(attempt.from)}>
                  {clockTime(attempt.from)}
                </time>
                <Duration from={attempt.from} to={attempt.to} />
                {attempt.message && <span lang="en" className={css.words}>{attempt.message}</span>}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h3>{t('run.why')}</h3>
        <Answer of={why} tight>
          {() =>
            own && own.length > 0 ? (
              <ol className={css.events}>
                {own.map((event, at) => (
                  <li key={at}>
                    <time dateTime={event.at ?? ''} title={event.at ? exactTime(event.at) : ''}>
                      {event.at && clockTime(event.at)}
                    </time>
                    <span>
                      {event.text ? <span lang="en">{event.text}</span> : named('run.event', event.kind ?? '')}
                      {event.actor && <span className={css.faint}> · {who(event.actor)}</span>}
                    </span>
                  </li>
                ))}
              </ol>
            ) : (
              <p className={css.faint}>{t('run.why.none')}</p>
            )
          }
        </Answer>
      </section>
      <Pairs
        of={[
          [t('run.task'), <Code key="id">{task.key}</Code>],
          [t('run.task.run'), <Code key="run">{task.id}</Code>],
          [t('run.task.after'), task.dependsOn.length > 0 ? task.dependsOn.join(', ') : undefined],
          [t('run.task.externalId'), task.externalId ? <Code key="external">{task.externalId}</Code> : undefined],
        ]}
      />
    </div>
  );
}
