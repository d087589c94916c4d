/**
 * The file of a pipeline that is kept in git, committed from here: what changes first, then to which branch. Whether it may
 * be pushed is the server's to say; where not, the file and the commands that do it by hand are below.
 */
import { useState } from 'react';
import { asApiError, type ApiError } from '../../../api/errors';
import { commit, countingBranch, type Committed, type Committing, type Kept } from '../../../api/source';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Dialog } from '../../../parts/Dialog';
import { Diff } from '../../../parts/diff/Diff';
import { Field, Input } from '../../../parts/Field';
import { Refused } from '../../../parts/states';
import { act } from '../../../parts/toasts';
import { useDoing } from '../../../parts/useDoing';
import { aimed, newBranch, ownBranch, remember } from './branch';
import { ByHand } from './ByHand';
import { CommitDone } from './CommitDone';
import { Conflict } from './Conflict';
import type { DialogsProps } from './Dialogs';
import { RunDraft } from './RunDraft';
import css from './save.module.css';
import { onBranch, pushed } from './theirs';

export function Commit({ pipeline, ...props }: DialogsProps & { pipeline: Kept; close: () => void }) {
  const { draft, close } = props;
  const { alias } = pipeline;
  const counting = countingBranch(pipeline);
  const [message, setMessage] = useState(t('builder.commit.message', { name: alias }));
  const [apart, setApart] = useState(true);
  const [name, setName] = useState(() => ownBranch(alias) ?? newBranch(alias, crypto.randomUUID()));
  const { pending, error, run } = useDoing();
  const [merges, setMerges] = useState(false);
  const [committed, setCommitted] = useState<Committed>();
  const [running, setRunning] = useState(false);
  const branch = apart ? name.trim() : counting;
  const aim = aimed({ alias, apart, branch, baseText: draft.baseText });
  const before = aim.baseYaml;

  if (running && committed?.version) return <RunDraft {...props} committed={{ pipelineId: pipeline.id, version: committed.version, branch: committed.branch }} />;
  if (committed) return <CommitDone of={committed} path={pipeline.yamlPath} run={() => setRunning(true)} close={close} />;
  if (error && merges) {
    return (
      <Conflict
        draft={draft}
        before={before}
        of={[alias, branch, before]}
        load={(signal) => pushed(alias, branch, counting, signal)}
        says={
          <>
            <span lang={error.lang}>{error.words}</span>
            {'\n'}
            {t('builder.commit.conflict')}
          </>
        }
        take={({ text, counts }, merged) => {
          if (counts) return draft.rebase(draft.base, text, merged);
          remember(alias, branch, text);
          draft.edit(t('builder.undo.merged'), () => merged);
        }}
        close={close}
      />
    );
  }

  /** Whether what was refused is to be merged. A new branch that somebody made before needs another name instead. */
  const toMerge = async (refused: ApiError, of: Committing) => refused.status === 409 && !(of.newBranch && (await onBranch(alias, of.branch)) !== undefined);
  const save = async () => {
    const { text } = draft;
    const body = { ...aim, yaml: text, message };
    try {
      const done = await act(
        t('builder.commit.pending'),
        () => commit(pipeline.id, body),
        (answer) => ({ words: t(answer.changed ? 'builder.commit.done' : 'builder.commit.same', { branch: answer.branch, commit: answer.commit.slice(0, 8) }) }),
      );
      if (done.counts) draft.stored(Math.max(draft.base, done.version ?? 0), text);
      else {
        remember(alias, done.branch, text);
        if (done.version) draft.based(done.version);
      }
      setCommitted(done);
    } catch (thrown) {
      setMerges(await toMerge(asApiError(thrown), body).catch(() => false));
      throw thrown;
    }
  };
  const missing = message.trim() === '' ? t('builder.commit.noMessage') : branch === '' ? t('builder.commit.noBranch') : undefined;
  return (
    <Dialog
      title={t('builder.commit.title', { path: pipeline.yamlPath })}
      wide
      close={close}
      foot={
        <>
          <Button onClick={close}>{t('parts.cancel')}</Button>
          <Button kind="primary" icon="branch" pending={pending} denied={missing} onClick={() => void run(save)}>
            {t('builder.commit.act')}
          </Button>
        </>
      }
    >
      <div className={css.stack}>
        {error && <Refused error={error} />}
        <p>{t('builder.commit.more', { repository: pipeline.repository })}</p>
        <Diff before={before} after={draft.text} label={t('builder.showDiff')} />
        <fieldset className={css.choices}>
          <legend>{t('builder.commit.to')}</legend>
          {[true, false].map((one) => (
            <label key={String(one)}>
              <input type="radio" name="apart" checked={apart === one} onChange={() => setApart(one)} />
              <span>
                <b>{one ? t('builder.commit.apart') : t('builder.commit.counting', { branch: counting })}</b>
                {t(one ? 'builder.commit.apart.more' : 'builder.commit.counting.more')}
              </span>
            </label>
          ))}
        </fieldset>
        <div className={css.pair}>
          <Field label={t('builder.commit.says')}>{(id) => <Input id={id} value={message} maxLength={500} onChange={(event) => setMessage(event.target.value)} />}</Field>
          {apart && (
            <Field label={t('builder.commit.branch')}>{(id) => <Input id={id} value={name} maxLength={255} spellCheck={false} onChange={(event) => setName(event.target.value)} />}</Field>
          )}
        </div>
        <ByHand key={error?.words} pipeline={pipeline} text={draft.text} branch={name.trim()} message={message} open={error !== undefined} />
      </div>
    </Dialog>
  );
}
