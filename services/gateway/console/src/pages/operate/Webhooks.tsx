/** Addresses that start pipelines when others post to them. Address and secret are shown once. */
import { useState } from 'react';
import { useQueries } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { useDenied } from '../../api/me';
import { useDeniedOf } from '../../api/owners';
import { usePipelines } from '../../api/pipelines';
import { closeEndpoint, endpointsOf, openEndpoint, rotateEndpoint, type Endpoint } from '../../api/webhooks';
import { named, t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Dialog';
import { Field, Input, Select } from '../../parts/Field';
import { Needs } from '../../parts/Needs';
import { Card, Page } from '../../parts/Page';
import { Empty, Failed, Loading } from '../../parts/states';
import { Table } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { done } from '../../parts/toasts';
import css from './operate.module.css';
import { Shown, type Secret } from './Shown';

const SCHEMES = ['STANDARD_WEBHOOKS', 'GITHUB', 'NONE'];
/** So many pipelines are asked for their addresses, unless one is chosen. */
const MOST = 100;

export function Webhooks() {
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<Secret>();
  const editor = useDenied('EDITOR', 'anything');
  const make = <Button kind="primary" icon="plus" denied={editor} onClick={() => setMaking(true)}>{t('operate.webhooks.make')}</Button>;
  return (
    <Page title={t('shell.nav.webhooks')} about={t('operate.webhooks.about')} acts={make}>
      <Needs role="VIEWER" where="anything">{() => <List make={make} show={setSecret} />}</Needs>
      {making && <Make close={() => setMaking(false)} show={setSecret} />}
      {secret && <Shown secret={secret} close={() => setSecret(undefined)} />}
    </Page>
  );
}

function Make({ close, show }: { close: () => void; show: (secret: Secret) => void }) {
  const editor = useDeniedOf('EDITOR');
  const names = (usePipelines().data ?? []).filter((one) => editor(one.id) === undefined);
  const [query] = useSearchParams();
  const [pipeline, setPipeline] = useState(query.get('pipeline') ?? '');
  const [name, setName] = useState('default');
  const [scheme, setScheme] = useState('STANDARD_WEBHOOKS');
  const chosen = names.some((one) => one.id === pipeline) ? pipeline : names[0]?.id;
  const run = async (reason: string) => {
    if (!chosen) throw new Error(t('operate.backfills.pipeline.missing'));
    const { path, secret } = await openEndpoint(chosen, name, scheme, reason);
    show({ title: t('operate.webhooks.made', { name }), of: [{ name: t('operate.webhooks.address'), value: `${location.origin}${path}` }, ...(secret ? [{ name: t('operate.webhooks.secret'), value: secret }] : [])] });
  };
  return (
    <Confirm title={t('operate.webhooks.make')} act={t('operate.webhooks.make.do')} reason="audit" run={run} close={close}>
      <Field label={t('operate.pipeline')} hint={t('operate.webhooks.pipeline.hint')}>{(id, described) => <Select id={id} aria-describedby={described} value={chosen} choices={names.map((one) => ({ value: one.id, name: one.alias }))} choose={setPipeline} />}</Field>
      <Field label={t('operate.name')}>{(id) => <Input id={id} value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} />}</Field>
      <Field label={t('operate.webhooks.scheme')} hint={named('operate.webhooks.scheme.hint', scheme)}>{(id, described) => <Select id={id} aria-describedby={described} value={scheme} choices={SCHEMES.map((value) => ({ value, name: named('operate.webhooks.scheme', value) }))} choose={setScheme} />}</Field>
    </Confirm>
  );
}

function List({ make, show }: { make: React.ReactNode; show: (secret: Secret) => void }) {
  const [query, setQuery] = useSearchParams();
  const chosen = query.get('pipeline') ?? '';
  const names = usePipelines();
  // An address that is there belongs to the account, whichever pipeline it starts.
  const editor = useDenied('EDITOR', 'account');
  const asked = (names.data ?? []).filter((one) => !chosen || one.id === chosen).slice(0, MOST);
  const answers = useQueries({ queries: asked.map((one) => endpointsOf(one.id)) });
  const [act, setAct] = useState<{ what: 'rotate' | 'close'; of: Endpoint }>();
  if (names.isError) return <Failed error={names.error} again={() => void names.refetch()} />;
  if (!names.data || answers.some((one) => one.isPending)) return <Loading />;
  const bad = answers.find((one) => one.isError);
  if (bad) return <Failed error={bad.error} again={() => void bad.refetch()} />;
  const rows = answers.flatMap((one) => one.data ?? []);
  return (
    <>
      <div className={css.between}>
        <Select aria-label={t('operate.pipeline')} value={chosen} choices={[{ value: '', name: t('operate.pipelines.all') }, ...names.data.map((one) => ({ value: one.id, name: one.alias }))]} choose={(id) => setQuery(id ? { pipeline: id } : {}, { replace: true })} />
      </div>
      <Card flush>
        {!chosen && names.data.length > MOST && <p className={css.note}>{t('operate.webhooks.cut', { count: MOST })}</p>}
        <Table
          label={t('shell.nav.webhooks')}
          rows={rows}
          id={(one) => one.id}
          sort="sort"
          columns={[
            { id: 'pipeline', name: t('operate.pipeline'), by: (one) => one.pipelineAlias, cell: (one) => <Link to={`/pipelines/${one.pipelineId}`}>{one.pipelineAlias}</Link> },
            { id: 'name', name: t('operate.name'), by: (one) => one.name, cell: (one) => one.name },
            { id: 'scheme', name: t('operate.webhooks.scheme'), cell: (one) => named('operate.webhooks.scheme', one.scheme) },
            { id: 'secrets', name: t('operate.webhooks.secrets'), wide: true, cell: (one) => (one.secret ? `#${one.secret}${one.oldSecrets.length > 0 ? ` (${t('operate.webhooks.old', { count: one.oldSecrets.length })})` : ''}` : '–') },
            { id: 'by', name: t('operate.by'), wide: true, cell: (one) => one.createdBy },
            { id: 'at', name: t('operate.made'), tight: true, wide: true, by: (one) => one.createdAt ?? undefined, cell: (one) => <Time at={one.createdAt} /> },
            {
              id: 'acts', name: t('parts.acts'), quiet: true, tight: true,
              cell: (one) => (
                <span className={css.row}>
                  <Button small icon="retry" denied={editor ?? (one.scheme === 'NONE' ? t('operate.webhooks.unsigned') : undefined)} onClick={() => setAct({ what: 'rotate', of: one })}>{t('operate.webhooks.rotate')}</Button>
                  <Button small kind="danger" denied={editor} onClick={() => setAct({ what: 'close', of: one })}>{t('operate.webhooks.close')}</Button>
                </span>
              ),
            },
          ]}
          empty={<Empty icon="link" title={t('operate.webhooks.none')} acts={make}>{t('operate.webhooks.none.more')}</Empty>}
        />
      </Card>
      {act?.what === 'rotate' && (
        <Confirm
          title={t('operate.webhooks.rotate.of', { name: act.of.name })}
          act={t('operate.webhooks.rotate')}
          close={() => setAct(undefined)}
          reason="audit"
          run={async (reason) => {
            const { secret } = await rotateEndpoint(act.of.id, 86_400, reason);
            show({ title: t('operate.webhooks.rotated', { name: act.of.name }), of: [{ name: t('operate.webhooks.secret'), value: secret }] });
          }}
        >
          <p>{t('operate.webhooks.rotate.more')}</p>
        </Confirm>
      )}
      {act?.what === 'close' && (
        <Confirm
          danger
          title={t('operate.webhooks.close.of', { name: act.of.name })}
          act={t('operate.webhooks.close')}
          close={() => setAct(undefined)}
          reason="audit"
          run={async (reason) => {
            await closeEndpoint(act.of.id, reason);
            done(t('operate.webhooks.closed', { name: act.of.name }));
          }}
        >
          <p>{t('operate.webhooks.close.more')}</p>
        </Confirm>
      )}
    </>
  );
}
