/** The versions of a pipeline, who made each, and what differs between any two; the choice stands in the URL. */
import { useSearchParams } from 'react-router';
import { useVersions, useYaml, type PipelineMore, type Version } from '../../api/pipelines';
import { t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { Select } from '../../parts/Field';
import { Diff, type DiffView } from '../../parts/diff/Diff';
import css from './Pipeline.module.css';

/** The two versions that are compared: those of the URL, else the newest and the one before it. */
export function compared(versions: Version[], from: string | null, to: string | null): { from: number | undefined; to: number | undefined } {
  const known = (text: string | null) => versions.find((one) => one.version === Number(text))?.version;
  const newer = known(to) ?? versions[0]?.version;
  const older = known(from) ?? versions.find((one) => one.version < (newer ?? 0))?.version;
  return { from: older, to: newer };
}

function Compared({ of, from, to }: { of: PipelineMore; from: number; to: number }) {
  const [query, setQuery] = useSearchParams();
  const before = useYaml(of.id, from);
  const after = useYaml(of.id, to);
  const title = t('pipelines.diff.title', { from: String(from), to: String(to) });
  const view: DiffView = query.get('diff') === 'beside' ? 'split' : 'unified';
  const choose = (wanted: DiffView) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (wanted === 'split') next.set('diff', 'beside');
        else next.delete('diff');
        return next;
      },
      { replace: true },
    );
  return (
    <Card title={title}>
      <Answer of={before}>
        {(old) => (
          <Answer of={after}>
            {(now) =>
              old === now ? (
                <Empty tight icon="check" title={t('pipelines.diff.none')} />
              ) : (
                <Diff before={old} after={now} label={`${title}: YAML`} layout={{ view, choose }} />
              )
            }
          </Answer>
        )}
      </Answer>
    </Card>
  );
}

export function Versions({ of }: { of: PipelineMore }) {
  const [query, setQuery] = useSearchParams();
  const versions = useVersions(of.id);
  const choose = (name: 'from' | 'to', version: number) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        next.set(name, String(version));
        return next;
      },
      { replace: true },
    );
  return (
    <Answer of={versions}>
      {(all) => {
        const { from, to } = compared(all, query.get('from'), query.get('to'));
        return (
          <div className={css.columns}>
            <Card title={t('pipelines.tab.versions')} count={all.length} flush>
              <ul className={css.versions}>
                {all.map((one) => (
                  <li key={one.version}>
                    <button type="button" aria-pressed={one.version === to} onClick={() => choose('to', one.version)}>
                      <b>{t('pipelines.version.old', { version: String(one.version) })}</b>
                      <span />
                      {one.current ? <Mark tone="good">{t('pipelines.current')}</Mark> : one.draft ? <Mark>{t('pipelines.draft')}</Mark> : <span />}
                      <small>
                        <Time at={one.createdAt} /> · {one.createdBy}
                      </small>
                    </button>
                  </li>
                ))}
              </ul>
            </Card>
            {from === undefined || to === undefined ? (
              <Card>
                <Empty icon="branch" title={t('pipelines.diff.only')}>
                  {t('pipelines.diff.only.more')}
                </Empty>
              </Card>
            ) : (
              <div>
                <div className={css.bar}>
                  <span className={css.muted}>{t('pipelines.diff.against')}</span>
                  <Select
                    aria-label={t('pipelines.diff.against')}
                    value={String(from)}
                    choices={all.filter((one) => one.version !== to).map((one) => ({ value: String(one.version), name: t('pipelines.version.old', { version: String(one.version) }) }))}
                    choose={(version) => choose('from', Number(version))}
                  />
                </div>
                <Compared of={of} from={from} to={to} />
              </div>
            )}
          </div>
        );
      }}
    </Answer>
  );
}
