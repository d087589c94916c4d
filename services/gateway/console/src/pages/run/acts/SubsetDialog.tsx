/** Chooses tasks and groups of a run that run again: these only, or these and what follows. */
import { useMemo, useState } from 'react';
import type { Run } from '../../../api/runs';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Check, Search } from '../../../parts/Field';
import { Reason } from '../../../parts/Reason';
import { Empty, Refused } from '../../../parts/states';
import { Choices } from '../../../parts/Tabs';
import { useDoing } from '../../../parts/useDoing';
import type { Group } from '../model/definition';
import type { RunTask } from '../model/tasks';
import { useRestart } from './dialogs';
import css from '../run.module.css';

/** What the server takes at once. */
const CHOSEN_MAX = 1_000;

interface Choice {
  id: string;
  name: string;
  group: boolean;
  within: boolean;
}

/** Groups with their tasks below them, then tasks that stand in none. Iterations are chosen by their task. */
export function choices(tasks: readonly RunTask[], groups: readonly Group[]): Choice[] {
  const names = new Map<string, string>();
  for (const task of tasks) {
    const plain = task.iteration === undefined ? task.taskName : task.taskName.replace(/\[[^[\]]*\]$/, '');
    if (!names.has(task.taskId)) names.set(task.taskId, plain);
  }
  const out: Choice[] = [];
  for (const group of groups) {
    const members = group.tasks.filter((id) => names.has(id));
    if (members.length === 0) continue;
    out.push({ id: group.id, name: group.label, group: true, within: false });
    for (const id of members) {
      out.push({ id, name: names.get(id)!, group: false, within: true });
      names.delete(id);
    }
  }
  for (const [id, name] of names) out.push({ id, name, group: false, within: false });
  return out;
}

export function SubsetDialog({ run, tasks, groups, close }: { run: Run; tasks: RunTask[]; groups: Group[]; close: () => void }) {
  const all = useMemo(() => choices(tasks, groups), [tasks, groups]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [from, setFrom] = useState<'only' | 'from'>('from');
  const [sought, setSought] = useState('');
  const [reason, setReason] = useState('');
  const { pending, error, run: act } = useDoing();
  const restart = useRestart(run);
  const text = sought.trim().toLowerCase();
  const shown = all.filter((choice) => choice.name.toLowerCase().includes(text) || choice.id.toLowerCase().includes(text)).slice(0, 300);
  const turn = (id: string) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const missing = chosen.size === 0 ? t('run.act.subset.none') : chosen.size > CHOSEN_MAX ? t('run.act.subset.many', { most: CHOSEN_MAX }) : undefined;
  const go = () => act(() => restart(from === 'only' ? 'RESTART_FROM_SELECTED' : 'RESTART_FROM_TASKS', [...chosen], reason), close);
  return (
    <Dialog
      title={t('run.act.subset.title')}
      close={close}
      foot={
        <>
          <Button onClick={close}>{t('parts.cancel')}</Button>
          <Button kind="primary" pending={pending} denied={missing} onClick={() => void go()}>
            {t('run.act.subset.go')}
          </Button>
        </>
      }
    >
      <div className={css.subset}>
        <Choices<'only' | 'from'>
          label={t('run.act.subset.how')}
          of={[
            { value: 'from', name: t('run.act.subset.from') },
            { value: 'only', name: t('run.act.subset.only') },
          ]}
          value={from}
          choose={setFrom}
        />
        {all.length > 12 && <Search value={sought} search={setSought} label={t('run.task.search')} />}
        <div className={css.choices} role="group" aria-label={t('run.tab.tasks')}>
          {shown.map((choice) => (
            <div key={`${choice.group ? 'group' : 'task'} ${choice.id}`} className={choice.within ? css.within : undefined}>
              <Check
                label={
                  <>
                    {choice.group ? <strong>{choice.name}</strong> : choice.name} <code className={css.faint}>{choice.id}</code>
                  </>
                }
                checked={chosen.has(choice.id)}
                onChange={() => turn(choice.id)}
              />
            </div>
          ))}
          {shown.length === 0 && <Empty title={t('run.task.none')} tight />}
        </div>
        <p>{t('run.act.subset.more', { count: chosen.size })}</p>
        <Reason kept="audit" value={reason} change={setReason} />
        {error && <Refused error={error} />}
      </div>
    </Dialog>
  );
}
