/** Where building begins: a new pipeline from a template, or one that is there. */
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useDenied } from '../../api/me';
import { inRepository, usePipelineNames } from '../../api/source';
import { t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Search } from '../../parts/Field';
import { Card, Page } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { readPipeline, tasksOf } from './edit/pipeline';
import { newPlace, unsaved } from './state/kept';
import { TEMPLATES } from './templates';
import css from './Start.module.css';

export function Start() {
  const denied = useDenied('EDITOR', 'account');
  const pipelines = usePipelineNames();
  const [sought, setSought] = useState('');
  const [kept] = useState(() => TEMPLATES.flatMap(({ id }) => (unsaved(newPlace(id)) ? [{ id, ...unsaved(newPlace(id))! }] : [])));
  return (
    <Page title={t('builder.title')} about={t('builder.start.about')}>
      {kept.map(({ id, text }) => (
        <div key={id} className={css.kept}>
          <span>{t('builder.start.kept', { name: readPipeline(text).name || t('builder.new') })}</span>
          <ButtonLink to={`/builder?new=${id}`} icon="edit">
            {t('builder.start.goOn')}
          </ButtonLink>
        </div>
      ))}
      <h2 className={css.head}>{t('builder.start.new')}</h2>
      {denied && <p className={css.denied}>{denied}</p>}
      <div className={css.templates}>
        {TEMPLATES.map((template) => (
          <Link key={template.id} to={`/builder?new=${template.id}`} className={css.template}>
            <h3>{t(`builder.template.${template.id}`)}</h3>
            <p>{t(`builder.template.${template.id}.more`)}</p>
            <Sketch text={template.text} />
          </Link>
        ))}
      </div>
      <Card title={t('builder.start.open')} acts={<Search value={sought} search={setSought} label={t('builder.start.search')} />} flush>
        <Answer of={pipelines}>
          {(list) => {
            const shown = list.filter((one) => `${one.name} ${one.alias}`.toLowerCase().includes(sought.toLowerCase()));
            if (shown.length === 0) return <Empty title={t(list.length === 0 ? 'builder.start.none' : 'builder.start.noneFits')} tight />;
            return (
              <ul className={css.list}>
                {shown.map((one) => (
                  <li key={one.id}>
                    <Link to={`/builder/${encodeURIComponent(one.alias)}`}>
                      <b>{one.name}</b>
                      <code>{one.alias}</code>
                      {inRepository(one) && <Mark icon="branch">{one.repository}</Mark>}
                      {unsaved(one.alias) && <Mark tone="warn">{t('builder.unsaved')}</Mark>}
                      <em>{one.publishedVersionNumber ? t('builder.start.version', { version: String(one.publishedVersionNumber) }) : t('builder.start.draftsOnly')}</em>
                    </Link>
                  </li>
                ))}
              </ul>
            );
          }}
        </Answer>
      </Card>
    </Page>
  );
}

/** The groups of a template, and what is in them. */
function Sketch({ text }: { text: string }) {
  const pipeline = useMemo(() => readPipeline(text), [text]);
  return (
    <span className={css.sketch} aria-hidden="true">
      {tasksOf(pipeline).map((task) => (
        <span key={task.id}>{task.name || task.id}</span>
      ))}
    </span>
  );
}
