/** The files that the last attempt of a task left. They are downloaded, never opened here: what they hold is not ours. */
import { useArtifacts } from '../../../api/runs';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Answer, Empty } from '../../../parts/states';
import type { RunTask } from '../model/tasks';
import { download } from './download';
import css from './task.module.css';

export function Artifacts({ task }: { task: RunTask }) {
  const files = useArtifacts(task);
  return (
    <Answer of={files} tight>
      {(names) =>
        names.length === 0 ? (
          <Empty title={t('run.artifacts.none')} tight>
            {t('run.artifacts.none.more')}
          </Empty>
        ) : (
          <ul className={css.files} aria-label={t('run.part.artifacts')}>
            {names.map((name) => (
              <li key={name}>
                <code>{name}</code>
                <Button small icon="download" aria-label={`${t('run.download')} ${name}`} onClick={() => void download(task, name, 'artifacts')}>
                  {t('run.download')}
                </Button>
              </li>
            ))}
          </ul>
        )
      }
    </Answer>
  );
}
