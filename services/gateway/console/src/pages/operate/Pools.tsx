/** Pools: how many slots tasks of all pipelines share, how many are taken, and how many tasks wait for one. */
import { useState } from 'react';
import { useDenied } from '../../api/me';
import { setPool, usePools, type Pool } from '../../api/pools';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Dialog';
import { Field, Input } from '../../parts/Field';
import { Needs } from '../../parts/Needs';
import { Card, Page, Progress } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Table } from '../../parts/Table';
import { done } from '../../parts/toasts';
import { numberText } from '../../parts/values';
import css from './operate.module.css';

export function Pools() {
  const admin = useDenied('ADMIN', 'account');
  const [making, setMaking] = useState(false);
  const make = <Button kind="primary" icon="plus" denied={admin} onClick={() => setMaking(true)}>{t('operate.pools.make')}</Button>;
  return (
    <Page title={t('shell.nav.pools')} about={t('operate.pools.about')} acts={make}>
      <Needs role="VIEWER">{() => <List make={make} />}</Needs>
      {making && <Size close={() => setMaking(false)} />}
    </Page>
  );
}

function Size({ of, close }: { of?: Pool; close: () => void }) {
  const [name, setName] = useState(of?.name ?? '');
  const [slots, setSlots] = useState(String(of?.slots || 1));
  const run = async (reason: string) => {
    if (!/^\d+$/.test(slots.trim())) throw new Error(t('operate.pools.slots.wrong'));
    await setPool(name.trim(), Number(slots), reason);
    done(t('operate.pools.set', { name, count: Number(slots) }));
  };
  return (
    <Confirm title={of ? t('operate.pools.size.of', { name: of.name }) : t('operate.pools.make')} act={t('operate.change.do')} reason="audit" run={run} close={close}>
      {!of && <Field label={t('operate.name')}>{(id) => <Input id={id} autoFocus value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} />}</Field>}
      <Field label={t('operate.pools.slots')} hint={t('operate.pools.slots.hint')}>
        {(id, described) => <Input id={id} aria-describedby={described} inputMode="numeric" value={slots} onChange={(event) => setSlots(event.target.value)} />}
      </Field>
    </Confirm>
  );
}

function List({ make }: { make: React.ReactNode }) {
  const pools = usePools();
  const admin = useDenied('ADMIN', 'account');
  const [sizing, setSizing] = useState<Pool>();
  const [removing, setRemoving] = useState<Pool>();
  return (
    <Answer of={pools}>
      {(all) => (
        <Card flush>
          <Table
            label={t('shell.nav.pools')}
            rows={all}
            id={(pool) => pool.name}
            sort="sort"
            columns={[
              { id: 'name', name: t('operate.name'), by: (pool) => pool.name, cell: (pool) => <span className={css.row}><b>{pool.name}</b>{!pool.exists && <Mark tone="bad" icon="warning">{t('operate.pools.missing')}</Mark>}</span> },
              {
                id: 'use', name: t('operate.pools.taken'), by: (pool) => pool.used,
                cell: (pool) => (
                  <span className={css.row}>
                    <span className={css.bar}>
                      <Progress whole={pool.slots} parts={[{ count: pool.used, colour: pool.used >= pool.slots ? 'var(--warn-fill)' : 'var(--live-fill)' }]} label={t('operate.pools.taken.of', { used: pool.used, slots: pool.slots })} />
                    </span>
                    {t('operate.pools.taken.of', { used: pool.used, slots: pool.slots })}
                  </span>
                ),
              },
              { id: 'waiting', name: t('operate.pools.waiting'), number: true, by: (pool) => pool.waiting, cell: (pool) => numberText(pool.waiting) },
              {
                id: 'acts', name: t('parts.acts'), quiet: true, tight: true,
                cell: (pool) => (
                  <span className={css.row}>
                    <Button small icon="edit" denied={admin} onClick={() => setSizing(pool)}>{t('operate.pools.size')}</Button>
                    {pool.exists && <Button small kind="danger" icon="trash" label={t('operate.pools.remove', { name: pool.name })} denied={admin} onClick={() => setRemoving(pool)} />}
                  </span>
                ),
              },
            ]}
            empty={<Empty icon="list" title={t('operate.pools.none')} acts={make}>{t('operate.pools.none.more')}</Empty>}
          />
          {sizing && <Size of={sizing} close={() => setSizing(undefined)} />}
          {removing && (
            <Confirm
              danger
              title={t('operate.pools.remove', { name: removing.name })}
              act={t('operate.remove.do')}
              close={() => setRemoving(undefined)}
              reason="audit"
              run={async (reason) => {
                await setPool(removing.name, undefined, reason);
                done(t('operate.pools.removed', { name: removing.name }));
              }}
            >
              <p>{t('operate.pools.remove.more')}</p>
            </Confirm>
          )}
        </Card>
      )}
    </Answer>
  );
}
