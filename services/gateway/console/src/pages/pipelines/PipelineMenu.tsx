/** What is done to a pipeline: start, pause and resume, edit, delete. Each asks first, and says what the server answered. */
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useDeniedOf } from '../../api/owners';
import { afterDelete, deletePipeline, pause, resume, type Pipeline } from '../../api/pipelines';
import { t } from '../../i18n';
import { Button, ButtonLink } from '../../parts/Button';
import { Confirm } from '../../parts/Dialog';
import { Menu } from '../../parts/Menu';
import { act } from '../../parts/toasts';
import { StartDialog } from './StartDialog';
import css from './Pipelines.module.css';

type Asked = 'start' | 'pause' | 'resume' | 'delete';

export function PipelineMenu({ of, small }: { of: Pipeline; small?: boolean }) {
  const [asked, setAsked] = useState<Asked>();
  const navigate = useNavigate();
  const mayRun = useDeniedOf('OPERATOR')(of.id);
  const mayEdit = useDeniedOf('EDITOR')(of.id);
  const close = () => setAsked(undefined);
  return (
    <span className={css.acts}>
      <Button small={small} kind={small ? 'plain' : 'primary'} icon="play" label={t('pipelines.start.of', { pipeline: of.name })} denied={mayRun} onClick={() => setAsked('start')}>
        {small ? undefined : t('pipelines.start')}
      </Button>
      {!small && (
        <ButtonLink icon="edit" to={`/pipelines/${of.id}/edit`}>
          {t('pipelines.edit')}
        </ButtonLink>
      )}
      <Menu
        small={small}
        icon="more"
        label={t('pipelines.actsOf', { pipeline: of.name })}
        acts={[
          of.paused
            ? { name: t('pipelines.resume'), icon: 'play', denied: mayRun, run: () => setAsked('resume') }
            : { name: t('pipelines.pause'), icon: 'pause', denied: mayRun, run: () => setAsked('pause') },
          { name: t('pipelines.edit'), icon: 'edit', run: () => void navigate(`/pipelines/${of.id}/edit`) },
          { name: t('pipelines.runs'), icon: 'runs', run: () => void navigate(`/pipelines/${of.id}?tab=runs`) },
          { name: t('pipelines.delete'), icon: 'trash', danger: true, denied: mayEdit, run: () => setAsked('delete') },
        ]}
      />
      {asked === 'start' && <StartDialog of={of} close={close} />}
      {asked === 'pause' && (
        <Confirm
          title={t('pipelines.pause.title', { pipeline: of.name })}
          act={t('pipelines.pause')}
          reason="audit"
          close={close}
          run={(reason) => act(t('pipelines.pause.pending'), () => pause(of.id, reason), () => ({ words: t('pipelines.pause.done', { pipeline: of.name }) }))}
        >
          <p>{t('pipelines.pause.more')}</p>
        </Confirm>
      )}
      {asked === 'resume' && (
        <Confirm
          title={t('pipelines.resume.title', { pipeline: of.name })}
          act={t('pipelines.resume')}
          reason="audit"
          close={close}
          run={(reason) => act(t('pipelines.resume.pending'), () => resume(of.id, reason), () => ({ words: t('pipelines.resume.done', { pipeline: of.name }) }))}
        >
          <p>{t('pipelines.resume.more')}</p>
        </Confirm>
      )}
      {asked === 'delete' && (
        <Confirm
          title={t('pipelines.delete.title', { pipeline: of.name })}
          act={t('pipelines.delete')}
          danger
          type={of.alias}
          reason="audit"
          close={close}
          run={async (reason) => {
            await act(t('pipelines.delete.pending'), () => deletePipeline(of.id, reason), () => ({ words: t('pipelines.delete.done', { pipeline: of.name }) }));
            if (!small) await navigate('/pipelines');
            await afterDelete();
          }}
        >
          <p>{t('pipelines.delete.more')}</p>
        </Confirm>
      )}
    </span>
  );
}
