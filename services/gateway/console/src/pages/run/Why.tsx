/** Why the run stands as it does, in a sentence with a link to the task that it is about. */
import { useWaiting } from '../../api/runs';
import { rich, t } from '../../i18n';
import { because } from './model/sentence';
import type { RunView } from './useRunView';
import css from './run.module.css';

export function Why({ view, choose }: { view: RunView; choose: (key: string) => void }) {
  const waiting = useWaiting(view.run.id, undefined, view.run.runStatus);
  const why = because(view.run, view.tasks, view.events, waiting.data);
  const link = (task: { key: string; taskName: string }) => (
    <button type="button" className={css.link} onClick={() => choose(task.key)}>
      {task.taskName}
    </button>
  );
  switch (why.kind) {
    case 'failed':
      return (
        <>
          {why.words ? rich('run.because.failed', { task: link(why.task), words: <span lang="en">{why.words}</span> }) : rich('run.because.failedPlain', { task: link(why.task) })}
          {why.more > 0 && ` ${t('run.because.more', { count: why.more })}`}
        </>
      );
    case 'approval':
      return <>{rich('run.because.approval', { task: link(why.task) })}</>;
    case 'gate':
    case 'words':
      return <span lang="en">{why.words}</span>;
    case 'going':
      return <>{t('run.because.going', { done: why.done, all: why.all })}</>;
    case 'none':
      return null;
  }
}
