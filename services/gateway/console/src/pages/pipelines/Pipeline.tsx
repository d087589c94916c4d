/** One pipeline: what it is, its tasks, text, versions, what starts it, its runs, costs and promises. The tab stands in the URL. */
import { useParams } from 'react-router';
import { usePipeline, type PipelineMore } from '../../api/pipelines';
import { useCommands } from '../../app/commands';
import { t } from '../../i18n';
import { Page, Tag } from '../../parts/Page';
import { Answer } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Tabs } from '../../parts/Tabs';
import { Costs } from './Costs';
import { useDefinition } from './useDefinition';
import { Overview } from './Overview';
import { PipelineMenu } from './PipelineMenu';
import { Promises } from './Promises';
import { Runs } from './Runs';
import { Source } from './Source';
import { TaskGraph } from './TaskGraph';
import { Triggers } from './Triggers';
import { Versions } from './Versions';
import css from './Pipeline.module.css';

const CRUMBS = () => [{ to: '/pipelines', name: t('pipelines.title') }];

function Whole({ of }: { of: PipelineMore }) {
  const definition = useDefinition(of);
  useCommands([{ id: 'edit-pipeline', name: t('pipelines.edit.of', { pipeline: of.name }), group: t('shell.palette.acts'), icon: 'edit', to: `/pipelines/${of.id}/edit` }]);
  return (
    <Page
      title={of.name}
      crumbs={CRUMBS()}
      beside={
        <>
          {of.paused && <Mark tone="warn" icon="pause">{t('pipelines.paused')}</Mark>}
          {of.publishedVersionNumber == null && <Mark>{t('pipelines.draft')}</Mark>}
        </>
      }
      about={
        <span className={css.about}>
          <code>{of.alias}</code>
          {definition.data?.owner && <span>{t('pipelines.ownedBy', { owner: definition.data.owner })}</span>}
          {definition.data?.labels.map((label) => <Tag key={label}>{label}</Tag>)}
        </span>
      }
      acts={<PipelineMenu of={of} />}
    >
      {of.syncFailure && <p className={css.warning}>{t('pipelines.syncFails.more', { words: of.syncFailure })}</p>}
      <Tabs
        label={of.name}
        tabs={[
          { id: 'overview', name: t('pipelines.tab.overview'), panel: () => <Overview of={of} definition={definition.data} /> },
          { id: 'graph', name: t('pipelines.tab.graph'), count: of.numTasks, panel: () => <TaskGraph of={of} definition={definition} /> },
          { id: 'yaml', name: 'YAML', panel: () => <Source of={of} /> },
          { id: 'versions', name: t('pipelines.tab.versions'), count: of.latestVersionNumber, panel: () => <Versions of={of} /> },
          { id: 'triggers', name: t('pipelines.tab.triggers'), panel: () => <Triggers of={of} definition={definition.data} /> },
          { id: 'runs', name: t('pipelines.tab.runs'), panel: () => <Runs of={of} /> },
          { id: 'cost', name: t('pipelines.tab.cost'), panel: () => <Costs of={of} /> },
          { id: 'promises', name: t('pipelines.tab.promises'), panel: () => <Promises of={of} definition={definition.data} /> },
        ]}
      />
    </Page>
  );
}

export function Pipeline() {
  const { id = '' } = useParams();
  const pipeline = usePipeline(id);
  if (pipeline.data) return <Whole key={id} of={pipeline.data} />;
  return (
    <Page title={t('pipelines.one')} crumbs={CRUMBS()}>
      <Answer of={pipeline}>{() => null}</Answer>
    </Page>
  );
}
