/** The dialogs of the builder, of which one is open at most. */
import { useEffect } from 'react';
import type { Opened } from '../../../api/source';
import { t } from '../../../i18n';
import { Confirm, Dialog } from '../../../parts/Dialog';
import { Diff } from '../../../parts/diff/Diff';
import type { EntryOf } from '../edit/pipeline';
import type { Draft } from '../state/useDraft';
import { Commit } from './Commit';
import { fileName, offerFile } from './file';
import { RunDraft } from './RunDraft';
import { Save } from './Save';

export type Asked = 'save' | 'commit' | 'run' | 'diff' | 'download' | 'discard' | undefined;

export interface DialogsProps {
  asked: Asked;
  ask: (what: Asked) => void;
  draft: Draft;
  /** Where unsaved edits are kept. */
  where: string;
  opened?: Opened;
  alias?: string;
  chosen?: EntryOf;
  ran: (runId: string) => void;
}

export function Dialogs(props: DialogsProps) {
  const { asked, ask, draft, opened, alias } = props;
  const close = () => ask(undefined);
  useEffect(() => {
    if (asked !== 'download') return;
    offerFile(fileName(opened?.pipeline.yamlPath, alias ?? draft.pipeline.name), draft.text);
    ask(undefined);
  }, [asked]);
  switch (asked) {
    case 'save':
      return <Save {...props} close={close} />;
    case 'commit':
      return opened ? <Commit {...props} pipeline={opened.pipeline} close={close} /> : null;
    case 'run':
      return <RunDraft {...props} close={close} />;
    case 'diff':
      return (
        <Dialog title={t('builder.showDiff')} wide close={close}>
          <Diff before={draft.baseText} after={draft.text} label={t('builder.showDiff')} />
        </Dialog>
      );
    case 'discard':
      return (
        <Confirm title={t('builder.discard')} act={t('builder.discard.act')} danger close={close} run={async () => draft.reset()}>
          <p>{t('builder.discard.more')}</p>
        </Confirm>
      );
    default:
      return null;
  }
}
