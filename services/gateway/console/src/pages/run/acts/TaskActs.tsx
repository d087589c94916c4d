/** What people decide about a task: approve, reject, mark, run again from here. */
import { useState } from 'react';
import { useDeniedOf } from '../../../api/owners';
import { decideTask, markTask, type Run, type TaskMark } from '../../../api/runs';
import type { LiveRun } from '../../../api/run-live';
import { named, t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Field, Select } from '../../../parts/Field';
import { ended } from '../../../parts/status';
import type { RunTask } from '../model/tasks';
import type { Pending } from '../pending';
import { RestartDialog } from './dialogs';
import css from '../run.module.css';

type Open = 'approve' | 'reject' | 'mark' | 'from';
const MARKS: TaskMark[] = ['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED'];

export function TaskActs({ run, task, pending }: { run: Run; task: RunTask; pending: Pending }) {
  const [open, setOpen] = useState<Open>();
  const [mark, setMark] = useState<TaskMark>('SUCCEEDED');
  const role = useDeniedOf('OPERATOR')(run.pipelineId);
  const asks = task.integrationJob === 'APPROVAL' && task.status === 'RUNNING';
  const over = ended(task.status);
  const sent = pending.has(task.id);
  const close = () => setOpen(undefined);
  // The status that it has now is the one that must change.
  const changed = (live: LiveRun) => live.tasks.find((one) => one.id === task.id)?.status !== task.status;
  const decide = (approved: boolean, reason: string) => pending.send(task.id, () => decideTask(task, approved, reason), changed);
  return (
    <>
      {sent && (
        <span className={css.note} role="status">
          {t('run.act.sent')}
        </span>
      )}
      {ended(run.runStatus) && (
        <Button icon="retry" denied={role} onClick={() => setOpen('from')}>
          {t('run.act.fromHere')}
        </Button>
      )}
      <Button
        denied={role ?? (over ? t('run.act.mark.ended') : task.matrixParent && task.iteration === undefined ? t('run.act.mark.stands') : undefined)}
        pending={sent}
        onClick={() => setOpen('mark')}
      >
        {t('run.act.mark')}
      </Button>
      {asks && (
        <>
          <Button kind="danger" icon="cross" denied={role} pending={sent} onClick={() => setOpen('reject')}>
            {t('run.act.reject')}
          </Button>
          <Button kind="primary" icon="check" denied={role} pending={sent} onClick={() => setOpen('approve')}>
            {t('run.act.approve')}
          </Button>
        </>
      )}
      {open === 'approve' && (
        <Confirm title={t('run.act.approve.title', { task: task.taskName })} act={t('run.act.approve')} reason="log" run={(reason) => decide(true, reason)} close={close}>
          <p>{t('run.act.approve.more')}</p>
        </Confirm>
      )}
      {open === 'reject' && (
        <Confirm title={t('run.act.reject.title', { task: task.taskName })} act={t('run.act.reject')} danger reason="log" run={(reason) => decide(false, reason)} close={close}>
          <p>{t('run.act.reject.more')}</p>
        </Confirm>
      )}
      {open === 'mark' && (
        <Confirm
          title={t('run.act.mark.title', { task: task.taskName })}
          act={t('run.act.mark.go')}
          reason="log"
          run={(reason) => pending.send(task.id, () => markTask(task, mark, reason), changed)}
          close={close}
        >
          <p>{t('run.act.mark.more')}</p>
          <Field label={t('run.act.mark.as')}>
            {(id) => <Select id={id} value={mark} choices={MARKS.map((value) => ({ value, name: named('parts.status', value) }))} choose={(value) => setMark(value as TaskMark)} />}
          </Field>
        </Confirm>
      )}
      {open === 'from' && (
        <RestartDialog run={run} mode="RESTART_FROM_TASKS" taskIds={[task.taskId]} title={t('run.act.fromHere.title', { task: task.taskName })} act={t('run.act.fromHere')} close={close}>
          {t('run.act.fromHere.more')}
        </RestartDialog>
      )}
    </>
  );
}
