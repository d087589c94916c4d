/** What is done with the whole text: undo and redo, how it is shown, run it, store it. */
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Menu } from '../../parts/Menu';
import { Choices } from '../../parts/Tabs';
import type { Asked } from './save/Dialogs';
import type { Draft } from './state/useDraft';
import type { Mode } from './Workbench';

interface BarProps {
  draft: Draft;
  mode: Mode;
  setMode: (mode: Mode) => void;
  wide: boolean;
  git: boolean;
  denied?: string;
  /** Why it can be neither run nor stored at the moment. */
  notNow?: string;
  ask: (what: Asked) => void;
}

export function Bar({ draft, mode, setMode, wide, git, denied, notNow, ask }: BarProps) {
  const { undo, redo } = draft;
  const modes: { value: Mode; name: string }[] = [
    ...(wide ? [{ value: 'both' as const, name: t('builder.mode.both') }] : []),
    { value: 'graph', name: t('builder.mode.graph') },
    { value: 'yaml', name: t('builder.mode.yaml') },
  ];
  const unchanged = notNow ?? (draft.changed ? undefined : t('builder.unchanged'));
  return (
    <>
      <Button kind="quiet" icon="backfills" label={undo ? t('builder.undo.of', { what: undo.label }) : t('builder.undo')} disabled={!undo} onClick={undo?.run} />
      <Button kind="quiet" icon="retry" label={redo ? t('builder.redo.of', { what: redo.label }) : t('builder.redo')} disabled={!redo} onClick={redo?.run} />
      <Choices label={t('builder.mode')} value={mode} choose={setMode} of={modes} />
      <Button icon="play" denied={notNow} onClick={() => ask('run')}>
        {t('builder.run')}
      </Button>
      <Button kind="primary" denied={unchanged} onClick={() => ask(git ? 'commit' : 'save')}>
        {t(git ? 'builder.commit' : 'builder.save')}
      </Button>
      <Menu
        icon="more"
        kind="quiet"
        label={t('parts.actions')}
        acts={[
          { name: t('builder.showDiff'), icon: 'list', run: () => ask('diff') },
          { name: t('builder.download'), icon: 'download', run: () => ask('download') },
          { name: t('builder.discard'), icon: 'trash', danger: true, denied: denied ?? (draft.dirty ? undefined : t('builder.unchanged')), run: () => ask('discard') },
        ]}
      />
    </>
  );
}
