/** Sealed connections: which there are, whether they work, and who uses them. */
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useConnections, type Connection } from '../../../api/connections';
import { useDenied } from '../../../api/me';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Search } from '../../../parts/Field';
import { Needs } from '../../../parts/Needs';
import { Card, Page, Tag } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import css from '../operate.module.css';
import { Detail } from './Detail';
import { Make } from './Make';
import { Tested, useTry } from './Tested';

function Try({ of }: { of: Connection }) {
  const { pending, run } = useTry(of);
  return (
    <Button small icon="play" pending={pending} denied={useDenied('EDITOR', 'account')} onClick={run}>
      {t('operate.connections.try')}
    </Button>
  );
}

export function Connections() {
  const [query, setQuery] = useSearchParams();
  const [making, setMaking] = useState(false);
  const admin = useDenied('ADMIN', 'account');
  const put = (name: string, value: string) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  return (
    <Page title={t('shell.nav.connections')} about={t('operate.connections.about')} acts={<Button kind="primary" icon="plus" denied={admin} onClick={() => setMaking(true)}>{t('operate.connections.make')}</Button>}>
      <Needs role="VIEWER">{() => <List text={query.get('text') ?? ''} chosen={query.get('connection') ?? ''} put={put} make={<Button icon="plus" denied={admin} onClick={() => setMaking(true)}>{t('operate.connections.make')}</Button>} />}</Needs>
      {making && <Make close={() => setMaking(false)} />}
    </Page>
  );
}

function List({ text, chosen, put, make }: { text: string; chosen: string; put: (name: string, value: string) => void; make: React.ReactNode }) {
  const connections = useConnections();
  const shown = (connections.data ?? []).filter((one) => `${one.connectionName} ${one.integration}`.toLowerCase().includes(text.toLowerCase()));
  const open = connections.data?.find((one) => one.connectionId === chosen || one.connectionName === chosen);
  return (
    <>
      <div className={css.between}>
        <Search value={text} search={(typed) => put('text', typed)} label={t('operate.connections.search')} />
      </div>
      <Answer of={connections}>
        {(all) => (
          <Card flush>
            <Table
              label={t('shell.nav.connections')}
              rows={shown}
              id={(one) => one.connectionId}
              chosen={open?.connectionId}
              sort="sort"
              columns={[
                {
                  id: 'name', name: t('operate.name'), by: (one) => one.connectionName,
                  cell: (one) => (
                    <span className={css.row}>
                      <Button kind="quiet" small onClick={() => put('connection', one.connectionName)}>{one.connectionName}</Button>
                      {one.isDefault && <Tag>{t('operate.connections.default')}</Tag>}
                    </span>
                  ),
                },
                { id: 'integration', name: t('operate.integration'), by: (one) => one.integration, cell: (one) => one.integration },
                { id: 'state', name: t('operate.connections.state'), tight: true, by: (one) => one.authStatus, cell: (one) => <Tested of={one} /> },
                { id: 'changed', name: t('operate.changed'), tight: true, wide: true, by: (one) => one.updatedAt ?? undefined, cell: (one) => <Time at={one.updatedAt} /> },
                { id: 'try', name: t('parts.acts'), quiet: true, tight: true, cell: (one) => <Try of={one} /> },
              ]}
              empty={
                all.length === 0 ? (
                  <Empty icon="connections" title={t('operate.connections.none')} acts={make}>{t('operate.connections.none.more')}</Empty>
                ) : (
                  <Empty tight icon="search" title={t('operate.none.found')} />
                )
              }
            />
          </Card>
        )}
      </Answer>
      {open && <Detail key={open.connectionId} of={open} close={() => put('connection', '')} />}
    </>
  );
}
