/** The questions before a run is cancelled, released or begun again. Each says what will happen. */
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { cancelRun, releaseRun, restartRun, type RestartMode, type Run } from '../../../api/runs';
import { t } from '../../../i18n';
import { Confirm } from '../../../parts/Dialog';
import { ended } from '../../../parts/status';
import { act } from '../../../parts/toasts';
import type { RunTask } from '../model/tasks';
import type { Pending } from '../pending';

export function CancelDialog({ run, tasks, pending, close }: { run: Run; tasks: RunTask[]; pending: Pending; close: () => void }) {
  const running = tasks.filter((task) => task.status === 'RUNNING').length;
  const waiting = tasks.filter((task) => task.status === 'CREATED' || task.status === 'QUEUED').length;
  const send = (reason: string) => pending.send('cancel', () => cancelRun(run.id, reason), (live) => live.run !== undefined && (ended(live.run.runStatus) || live.run.runStatus === 'CANCELLING'));
  return (
    <Confirm title={t('run.act.cancel.title')} act={t('run.act.cancel')} back={t('parts.goOn')} danger reason="audit" run={send} close={close}>
      <p>{t('run.act.cancel.more', { running, waiting })}</p>
    </Confirm>
  );
}

export function ReleaseDialog({ run, pending, close }: { run: Run; pending: Pending; close: () => void }) {
  const send = (reason: string) => pending.send('release', () => releaseRun(run.id, reason), (live) => live.run !== undefined && live.run.runStatus !== 'QUEUED' && live.run.runStatus !== 'CREATED');
  return (
    <Confirm title={t('run.act.release.title')} act={t('run.act.release')} reason="audit" run={send} close={close}>
      <p>{t('run.act.release.more')}</p>
    </Confirm>
  );
}

/** Begins a new run, and goes there once the server has answered with it. */
export function useRestart(run: Run): (mode: RestartMode, taskIds: string[], reason: string) => Promise<void> {
  const navigate = useNavigate();
  return async (mode, taskIds, reason) => {
    const { runId } = await act(t('run.act.starting'), () => restartRun(run.id, mode, taskIds, reason), () => ({ words: t('run.act.started') }));
    if (runId) void navigate(`/runs/${runId}`);
  };
}

interface RestartProps {
  run: Run;
  mode: RestartMode;
  taskIds?: string[];
  title: string;
  act: string;
  close: () => void;
  children: ReactNode;
}

export function RestartDialog({ run, mode, taskIds = [], title, act: name, close, children }: RestartProps) {
  const restart = useRestart(run);
  return (
    <Confirm title={title} act={name} reason="audit" run={(reason) => restart(mode, taskIds, reason)} close={close}>
      <p>{children}</p>
    </Confirm>
  );
}
