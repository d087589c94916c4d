/** Environments: the variables that runs read as `ENV.NAME`, and which of them counts where nobody names one. */
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useEnvironment, useEnvironments } from '../../../api/environments';
import { useDenied } from '../../../api/me';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Drawer } from '../../../parts/Dialog';
import { Needs } from '../../../parts/Needs';
import { Card, Page, Tag } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import css from '../operate.module.css';
import { Edit, Remove } from './Edit';
import { linesOf } from './values';

export function Environments() {
  const [query, setQuery] = useSearchParams();
  const [making, setMaking] = useState(false);
  const editor = useDenied('EDITOR', 'account');
  const open = (id: string) => setQuery(id ? { environment: id } : {}, { replace: true });
  const make = <Button kind="primary" icon="plus" denied={editor} onClick={() => setMaking(true)}>{t('operate.environments.make')}</Button>;
  return (
    <Page title={t('shell.nav.environments')} about={t('operate.environments.about')} acts={make}>
      <Needs role="VIEWER">
        {() => (
          <>
            <List open={open} make={make} />
            {query.get('environment') && <Detail key={query.get('environment')} id={query.get('environment')!} close={() => open('')} />}
          </>
        )}
      </Needs>
      {making && <Edit close={() => setMaking(false)} />}
    </Page>
  );
}

function List({ open, make }: { open: (id: string) => void; make: React.ReactNode }) {
  const environments = useEnvironments();
  return (
    <Answer of={environments}>
      {(all) => (
        <Card flush>
          <Table
            label={t('shell.nav.environments')}
            rows={all}
            id={(one) => one.environmentId}
            columns={[
              {
                id: 'name', name: t('operate.name'),
                cell: (one) => (
                  <span className={css.row}>
                    <Button small kind="quiet" onClick={() => open(one.environmentId)}>{one.name}</Button>
                    {one.defaultEnv && <Tag>{t('operate.environments.default')}</Tag>}
                  </span>
                ),
              },
              { id: 'open', name: t('parts.acts'), quiet: true, tight: true, cell: (one) => <Button small icon="right" label={t('operate.environments.open', { name: one.name })} onClick={() => open(one.environmentId)} /> },
            ]}
            empty={<Empty icon="environments" title={t('operate.environments.none')} acts={make}>{t('operate.environments.none.more')}</Empty>}
          />
        </Card>
      )}
    </Answer>
  );
}

function Detail({ id, close }: { id: string; close: () => void }) {
  const environment = useEnvironment(id);
  const editor = useDenied('EDITOR', 'account');
  const [act, setAct] = useState<'edit' | 'remove'>();
  const of = environment.data;
  const off = editor ?? (of ? undefined : t('parts.loading'));
  return (
    <Drawer
      title={of?.name ?? t('shell.nav.environments')}
      close={close}
      foot={
        <>
          <Button kind="danger" icon="trash" denied={off} onClick={() => setAct('remove')}>{t('operate.remove.do')}</Button>
          <Button kind="primary" icon="edit" denied={off} onClick={() => setAct('edit')}>{t('operate.change')}</Button>
        </>
      }
    >
      <Answer of={environment}>
        {(shown) => (
          <div className={css.stack}>
            <p className={css.row}>
              {shown.defaultEnv && <Tag>{t('operate.environments.default')}</Tag>}
              <span className={css.faint}>
                {t('operate.changed')} <Time at={shown.updatedAt} />
              </span>
            </p>
            <Table
              label={t('operate.environments.variables')}
              rows={linesOf(shown.values)}
              id={(line) => line.name}
              columns={[
                { id: 'name', name: t('operate.name'), cell: (line) => <code>{line.name}</code> },
                { id: 'type', name: t('operate.type'), tight: true, cell: (line) => line.type },
                { id: 'value', name: t('operate.value'), cell: (line) => <code>{line.text}</code> },
              ]}
              empty={<Empty tight title={t('operate.environments.empty')} />}
            />
          </div>
        )}
      </Answer>
      {act === 'edit' && of && <Edit of={of} close={() => setAct(undefined)} />}
      {act === 'remove' && of && <Remove of={of} close={() => setAct(undefined)} gone={close} />}
    </Drawer>
  );
}
