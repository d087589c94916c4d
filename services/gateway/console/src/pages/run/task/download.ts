/** Fetches a file of a task with the token, and hands it to the browser to keep. */
import { send } from '../../../api/client';
import { ofTask, type TaskRun } from '../../../api/runs';
import { t } from '../../../i18n';
import { act, failed } from '../../../parts/toasts';

/** The last part of a path: what a file is kept as. */
const plainName = (name: string) => name.split('/').at(-1) || 'file';

export async function download(task: TaskRun, filename: string, from: 'logs' | 'artifacts'): Promise<void> {
  const name = plainName(filename);
  try {
    await act(
      t('run.downloading', { name }),
      async () => {
        const answer = await send('GET', `${ofTask(task)}/${from}/download`, { query: { filename } });
        // Whatever it is, it is a file here and no page: nothing in it is opened.
        const address = URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: 'application/octet-stream' }));
        const link = document.createElement('a');
        link.href = address;
        link.download = from === 'logs' ? `${task.taskId}-${name}` : name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(address), 10_000);
      },
      () => ({ words: t('run.downloaded', { name }) }),
    );
  } catch (thrown) {
    failed(thrown);
  }
}
