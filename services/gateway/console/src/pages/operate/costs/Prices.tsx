/** The prices that count: one set of all, replaced as a whole. What was entered before does not change. */
import { useState } from 'react';
import { money, setPrices, usePrices, type Price } from '../../../api/costs';
import { useDenied } from '../../../api/me';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Field, Input } from '../../../parts/Field';
import { Card, Tag } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import { numberText } from '../../../parts/values';
import css from '../operate.module.css';
import { amountOf, goodCurrency, microsOf } from './amounts';

function Edit({ prices, at, close }: { prices: Price[]; at: number; close: () => void }) {
  const was = prices[at];
  const [unit, setUnit] = useState(was?.unit ?? '');
  const [amount, setAmount] = useState(was ? amountOf(was.micros) : '');
  const [currency, setCurrency] = useState(was?.currency ?? prices[0]?.currency ?? 'EUR');
  const [per, setPer] = useState(String(was?.per || 1));
  const [integration, setIntegration] = useState(was?.integration ?? '');
  const [connection, setConnection] = useState(was?.connection ?? '');
  const [name, setName] = useState(was?.name ?? '');
  const [attributes, setAttributes] = useState(Object.entries(was?.attributes ?? {}).map(([key, value]) => `${key}=${value}`).join(', '));
  const run = async (reason: string) => {
    const micros = microsOf(amount);
    if (unit.trim() === '') throw new Error(t('operate.prices.unit.missing'));
    if (micros === undefined) throw new Error(t('operate.amount.wrong'));
    if (!goodCurrency(currency)) throw new Error(t('operate.currency.wrong'));
    if (!/^[1-9]\d*$/.test(per)) throw new Error(t('operate.prices.per.wrong'));
    const pairs = attributes.split(',').map((one) => one.trim()).filter(Boolean).map((one) => one.split('=').map((word) => word.trim()));
    if (pairs.some((pair) => pair.length !== 2 || !pair[0] || !pair[1])) throw new Error(t('operate.prices.attributes.wrong'));
    const price: Price = { name, unit: unit.trim(), attributes: Object.fromEntries(pairs), integration: integration.trim(), connection: connection.trim(), micros, currency, per: Number(per) };
    await setPrices(was ? prices.map((one, place) => (place === at ? price : one)) : [...prices, price], reason);
    done(t('operate.prices.set'));
  };
  const input = (label: string, value: string, set: (text: string) => void, hint?: string, optional = false) => (
    <Field label={label} hint={hint} optional={optional}>{(id, described) => <Input id={id} aria-describedby={described} value={value} onChange={(event) => set(event.target.value)} spellCheck={false} autoComplete="off" />}</Field>
  );
  return (
    <Confirm title={t(was ? 'operate.prices.change' : 'operate.prices.make')} act={t('operate.change.do')} reason="audit" run={run} close={close}>
      <div className={css.pairs}>
        {input(t('operate.prices.unit'), unit, setUnit, 'worker_seconds, credits, input_tokens')}
        {input(t('operate.prices.per'), per, setPer, t('operate.prices.per.hint'))}
        {input(t('operate.amount'), amount, setAmount)}
        {input(t('operate.currency'), currency, (text) => setCurrency(text.toUpperCase()))}
        {input(t('operate.integration'), integration, setIntegration, t('operate.prices.only'), true)}
        {input(t('operate.connection'), connection, setConnection, t('operate.prices.only'), true)}
        {input(t('operate.prices.attributes'), attributes, setAttributes, 'model=claude-*, job=x', true)}
        {input(t('operate.name'), name, setName, undefined, true)}
      </div>
      <p className={css.faint}>{t('operate.prices.counts')}</p>
    </Confirm>
  );
}

export function Prices() {
  const answer = usePrices();
  const admin = useDenied('ADMIN', 'account');
  const [editing, setEditing] = useState<number>();
  const [removing, setRemoving] = useState<number>();
  return (
    <Answer of={answer}>
      {({ prices: set }) => {
        const prices = set?.prices ?? [];
        const make = <Button icon="plus" denied={admin} onClick={() => setEditing(prices.length)}>{t('operate.prices.make')}</Button>;
        return (
          <Card flush title={t('operate.costs.prices')} count={prices.length} acts={prices.length > 0 && <>{set?.at && <span className={css.faint}>{t('operate.changed')} <Time at={set.at} /></span>}{make}</>}>
            <Table
              label={t('operate.costs.prices')}
              rows={prices.map((price, at) => ({ ...price, at }))}
              id={(price) => String(price.at)}
              columns={[
                { id: 'unit', name: t('operate.prices.unit'), cell: (price) => <span className={css.two}><code>{price.unit}</code>{price.name && <small>{price.name}</small>}</span> },
                { id: 'price', name: t('operate.prices.price'), number: true, cell: (price) => <b>{money(price.micros, price.currency)}</b> },
                { id: 'per', name: t('operate.prices.per'), number: true, cell: (price) => numberText(price.per || 1) },
                { id: 'only', name: t('operate.prices.where'), wide: true, cell: (price) => <span className={css.row}>{[price.integration, price.connection, ...Object.entries(price.attributes).map(([key, value]) => `${key}=${value}`)].filter(Boolean).map((one) => <Tag key={one}>{one}</Tag>)}</span> },
                {
                  id: 'acts', name: t('parts.acts'), quiet: true, tight: true,
                  cell: (price) => (
                    <span className={css.row}>
                      <Button small icon="edit" label={t('operate.change')} denied={admin} onClick={() => setEditing(price.at)} />
                      <Button small kind="danger" icon="trash" label={t('operate.remove.do')} denied={admin} onClick={() => setRemoving(price.at)} />
                    </span>
                  ),
                },
              ]}
              empty={<Empty icon="costs" title={t('operate.prices.none')} acts={make}>{t('operate.prices.none.more')}</Empty>}
            />
            {editing !== undefined && <Edit prices={prices} at={editing} close={() => setEditing(undefined)} />}
            {removing !== undefined && (
              <Confirm
                danger
                title={t('operate.prices.remove', { unit: prices[removing]?.unit ?? '' })}
                act={t('operate.remove.do')}
                close={() => setRemoving(undefined)}
                reason="audit"
                run={async (reason) => {
                  await setPrices(prices.filter((_, at) => at !== removing), reason);
                  done(t('operate.prices.set'));
                }}
              >
                <p>{t('operate.prices.counts')}</p>
              </Confirm>
            )}
          </Card>
        );
      }}
    </Answer>
  );
}
