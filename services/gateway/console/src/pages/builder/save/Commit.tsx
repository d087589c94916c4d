/** The file of a pipeline that is kept in git: what changes, the file itself, and the commands that commit it. */
import { useState } from 'react';
import type { Kept } from '../../../api/source';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { CodeBlock } from '../../../parts/Code';
import { Dialog } from '../../../parts/Dialog';
import { Diff } from '../../../parts/diff/Diff';
import { Field, Input } from '../../../parts/Field';
import type { Draft } from '../state/useDraft';
import { branchOf, commands, fileName, offerFile } from './file';
import css from './save.module.css';

export function Commit({ draft, pipeline, close }: { draft: Draft; pipeline: Kept; close: () => void }) {
  const [message, setMessage] = useState(t('builder.commit.message', { name: pipeline.alias }));
  const [branch, setBranch] = useState<string>();
  const [copied, setCopied] = useState(false);
  const name = branch ?? branchOf(message);
  const copy = async () => {
    await navigator.clipboard.writeText(draft.text);
    setCopied(true);
  };
  return (
    <Dialog title={t('builder.commit.title', { path: pipeline.yamlPath })} wide close={close} foot={<Button onClick={close}>{t('parts.close')}</Button>}>
      <div className={css.stack}>
        <p>{t('builder.commit.more', { repository: pipeline.repository })}</p>
        <Diff before={draft.baseText} after={draft.text} label={t('builder.showDiff')} />
        <div className={css.acts}>
          <Button icon="download" onClick={() => offerFile(fileName(pipeline.yamlPath, pipeline.alias), draft.text)}>
            {t('builder.download')}
          </Button>
          <Button icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
            {t(copied ? 'parts.copied' : 'builder.commit.copy')}
          </Button>
        </div>
        <div className={css.pair}>
          <Field label={t('builder.commit.says')}>{(id) => <Input id={id} value={message} onChange={(event) => setMessage(event.target.value)} />}</Field>
          <Field label={t('builder.commit.branch')}>{(id) => <Input id={id} value={name} spellCheck={false} onChange={(event) => setBranch(event.target.value)} />}</Field>
        </div>
        <CodeBlock label={t('builder.commit.commands')}>{commands(pipeline, pipeline.workingBranch || pipeline.defaultBranch, name, message)}</CodeBlock>
        <p className={css.faint}>{t('builder.commit.then')}</p>
      </div>
    </Dialog>
  );
}
