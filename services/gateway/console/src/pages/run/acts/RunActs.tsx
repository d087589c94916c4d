/** What can be done with a run. Everything is asked about first; what a role may not do, or makes no sense now, says why. */
import { useState } from 'react';
import { useDeniedOf } from '../../../api/owners';
import { useWaiting, type Run } from '../../../api/runs';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Menu } from '../../../parts/Menu';
import { ended } from '../../../parts/status';
import type { Group } from '../model/definition';
import type { RunTask } from '../model/tasks';
import type { Pending } from '../pending';
import { CancelDialog, ReleaseDialog, RestartDialog } from './dialogs';
import { SubsetDialog } from './SubsetDialog';

type Open = 'cancel' | 'retry' | 'again' | 'subset' | 'release';

export function RunActs({ run, tasks, groups, pending }: { run: Run; tasks: RunTask[]; groups: Group[]; pending: Pending }) {
  const [open, setOpen] = useState<Open>();
  const role = useDeniedOf('OPERATOR')(run.pipelineId);
  const over = ended(run.runStatus);
  const gates = useWaiting(run.id, undefined, run.runStatus).data;
  const held = !over && gates?.some((gate) => gate.kind === 'BUDGET') === true;
  const bad = tasks.filter((task) => task.status === 'FAILED' || task.status === 'CANCELLED').length;
  const goes = over ? undefined : t('run.act.goes');
  const retryDenied = role ?? goes ?? (bad === 0 ? t('run.act.retry.none') : undefined);
  const cancelling = pending.has('cancel') || run.runStatus === 'CANCELLING';
  const close = () => setOpen(undefined);
  return (
    <>
      {held && (
        <Button icon="play" denied={role} pending={pending.has('release')} onClick={() => setOpen('release')}>
          {t('run.act.release')}
        </Button>
      )}
      {over && bad > 0 && (
        <Button kind="primary" icon="retry" denied={retryDenied} onClick={() => setOpen('retry')}>
          {t('run.act.retry')}
        </Button>
      )}
      {over && bad === 0 && (
        <Button icon="play" denied={role} onClick={() => setOpen('again')}>
          {t('run.act.again')}
        </Button>
      )}
      {!over && (
        <Button icon="stop" denied={role} pending={cancelling} onClick={() => setOpen('cancel')}>
          {t('run.act.cancel')}
        </Button>
      )}
      <Menu
        icon="more"
        label={t('run.act')}
        acts={[
          { name: t('run.act.retry'), icon: 'retry', denied: retryDenied, run: () => setOpen('retry') },
          { name: t('run.act.again'), icon: 'play', denied: role ?? goes, run: () => setOpen('again') },
          { name: t('run.act.subset'), icon: 'list', denied: role ?? goes, run: () => setOpen('subset') },
          { name: t('run.act.release'), icon: 'lock', denied: role ?? (held ? undefined : t('run.act.release.none')), run: () => setOpen('release') },
          { name: t('run.act.cancel'), icon: 'stop', danger: true, denied: role ?? (over ? t('run.act.ended') : cancelling ? t('run.act.cancel.pending') : undefined), run: () => setOpen('cancel') },
        ]}
      />
      {open === 'cancel' && <CancelDialog run={run} tasks={tasks} pending={pending} close={close} />}
      {open === 'release' && <ReleaseDialog run={run} pending={pending} close={close} />}
      {open === 'retry' && (
        <RestartDialog run={run} mode="RESTART_FROM_FAILED" title={t('run.act.retry.title')} act={t('run.act.retry')} close={close}>
          {t('run.act.retry.more', { failed: bad })}
        </RestartDialog>
      )}
      {open === 'again' && (
        <RestartDialog run={run} mode="RESTART_ALL" title={t('run.act.again.title')} act={t('run.act.again')} close={close}>
          {t('run.act.again.more', { all: tasks.length })}
        </RestartDialog>
      )}
      {open === 'subset' && <SubsetDialog run={run} tasks={tasks} groups={groups} close={close} />}
    </>
  );
}
