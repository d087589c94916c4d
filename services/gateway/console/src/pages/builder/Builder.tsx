/** The builder: of a pipeline that is there (`/builder/ALIAS?version=N`), of a new one (`?new=TEMPLATE`), or the choice. */
import { useParams, useSearchParams } from 'react-router';
import { useOpened } from '../../api/source';
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Answer } from '../../parts/states';
import { Start } from './Start';
import { newPlace } from './state/kept';
import { TEMPLATES } from './templates';
import { Workbench } from './Workbench';

export function Builder() {
  const { alias } = useParams();
  const [query] = useSearchParams();
  const version = Number(query.get('version')) || undefined;
  const template = query.get('new');
  const opened = useOpened(alias, version);
  if (alias === undefined) {
    if (template === null) return <Start />;
    return <Workbench key={template} where={newPlace(template)} template={TEMPLATES.find((one) => one.id === template)?.text ?? ''} />;
  }
  if (!opened.data) {
    return (
      <Page title={alias} crumbs={[{ to: '/builder', name: t('builder.title') }]}>
        <Answer of={opened} lines={8}>
          {() => null}
        </Answer>
      </Page>
    );
  }
  return <Workbench key={`${alias} ${version ?? ''}`} where={opened.data.pipeline.alias} opened={opened.data} alias={opened.data.pipeline.alias} />;
}
