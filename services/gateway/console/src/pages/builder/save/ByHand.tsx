/** How a file is committed where Downbeat may not push: the file itself, and the commands. */
import { useState } from 'react';
import { countingBranch, type Kept } from '../../../api/source';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { CodeBlock } from '../../../parts/Code';
import { commands, fileName, offerFile } from './file';
import css from './save.module.css';

interface ByHandProps {
  pipeline: Kept;
  text: string;
  branch: string;
  message: string;
  open: boolean;
}

export function ByHand({ pipeline, text, branch, message, open }: ByHandProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <details className={css.byHand} open={open}>
      <summary>{t('builder.commit.byHand')}</summary>
      <div className={css.stack}>
        <p className={css.faint}>{t('builder.commit.byHand.more')}</p>
        <div className={css.acts}>
          <Button icon="download" onClick={() => offerFile(fileName(pipeline.yamlPath, pipeline.alias), text)}>
            {t('builder.download')}
          </Button>
          <Button icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
            {t(copied ? 'parts.copied' : 'builder.commit.copy')}
          </Button>
        </div>
        <CodeBlock label={t('builder.commit.commands')}>{commands(pipeline, countingBranch(pipeline), branch, message)}</CodeBlock>
      </div>
    </details>
  );
}
