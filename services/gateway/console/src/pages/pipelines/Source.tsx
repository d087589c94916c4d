/** The text of a pipeline as it stands: of the version that runs, or of any other. */
import { useSearchParams } from 'react-router';
import { useVersions, useYaml, type PipelineMore } from '../../api/pipelines';
import { t } from '../../i18n';
import { Button, ButtonLink } from '../../parts/Button';
import { Copy } from '../../parts/Code';
import { Select } from '../../parts/Field';
import { Card } from '../../parts/Page';
import { Answer } from '../../parts/states';
import { Yaml } from './Yaml';
import css from './Pipeline.module.css';

/** Hands a text to the browser as a file. */
function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

export function Source({ of }: { of: PipelineMore }) {
  const [query, setQuery] = useSearchParams();
  const versions = useVersions(of.id);
  const current = of.publishedVersionNumber ?? of.latestVersionNumber;
  const version = Number(query.get('version')) || current;
  const yaml = useYaml(of.id, version);
  const known = versions.data ?? [{ version: current, draft: false, current: true, createdAt: null, createdBy: '' }];
  return (
    <>
      <div className={css.bar}>
        <Select
          aria-label={t('pipelines.version')}
          value={String(version)}
          choices={known.map((one) => ({ value: String(one.version), name: t(one.current ? 'pipelines.version.current' : one.draft ? 'pipelines.version.draft' : 'pipelines.version.old', { version: String(one.version) }) }))}
          choose={(chosen) =>
            setQuery(
              (old) => {
                const next = new URLSearchParams(old);
                if (Number(chosen) === current) next.delete('version');
                else next.set('version', chosen);
                return next;
              },
              { replace: true },
            )
          }
        />
        <span className={css.grow} />
        {yaml.data && (
          <>
            <Copy text={yaml.data} />
            <Button small icon="download" onClick={() => download(`${of.alias}.yml`, yaml.data)}>
              {t('pipelines.download')}
            </Button>
          </>
        )}
        <ButtonLink small icon="edit" to={`/pipelines/${of.id}/edit`}>
          {t('pipelines.edit')}
        </ButtonLink>
      </div>
      <Card flush>
        <Answer of={yaml} lines={10}>
          {(text) => <Yaml text={text} label="YAML" />}
        </Answer>
      </Card>
    </>
  );
}
