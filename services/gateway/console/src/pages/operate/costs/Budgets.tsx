/** Budgets of owners and pipelines: what is spent of each, and when that was told; those of owners can be set here. */
import { useState } from 'react';
import { Link } from 'react-router';
import { money, setBudget, useBudgets, type BudgetStatus } from '../../../api/costs';
import { useDenied } from '../../../api/me';
import { zoneName } from '../../../app/settings';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Check, Field, Input, Select } from '../../../parts/Field';
import { Card, Progress, Tag } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Mark } from '../../../parts/Status';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { done } from '../../../parts/toasts';
import { percentText } from '../../../parts/values';
import css from '../operate.module.css';
import { amountOf, goodCurrency, microsOf, percentsOf } from './amounts';

const PERIODS = ['DAY', 'WEEK', 'MONTH'] as const;
const periodOf = (text: string | undefined) => PERIODS.find((one) => text === `BUDGET_PERIOD_${one}`) ?? 'MONTH';
const part = (one: BudgetStatus) => (one.budget && one.budget.micros > 0 ? Number(one.spent || 0) / one.budget.micros : 0);

function Edit({ of, close }: { of?: BudgetStatus; close: () => void }) {
  const was = of?.budget;
  const [owner, setOwner] = useState(of?.owner ?? '');
  const [amount, setAmount] = useState(was ? amountOf(was.micros) : '');
  const [currency, setCurrency] = useState(was?.currency ?? 'EUR');
  const [period, setPeriod] = useState<string>(periodOf(was?.period));
  const [zone, setZone] = useState(was?.timezone || zoneName());
  const [alertAt, setAlertAt] = useState((was?.alertAt ?? [80, 100]).join(', '));
  const [enforce, setEnforce] = useState(was?.enforce ?? false);
  const run = async (reason: string) => {
    const micros = microsOf(amount);
    const percents = percentsOf(alertAt);
    if (owner.trim() === '') throw new Error(t('operate.budgets.owner.missing'));
    if (!micros) throw new Error(t('operate.amount.wrong'));
    if (!goodCurrency(currency)) throw new Error(t('operate.currency.wrong'));
    if (!percents) throw new Error(t('operate.budgets.alert.wrong'));
    await setBudget(owner.trim(), { micros, currency, period: `BUDGET_PERIOD_${period}`, timezone: zone, alertAt: percents, enforce }, reason);
    done(t('operate.budgets.set', { owner }));
  };
  return (
    <Confirm title={of ? t('operate.budgets.change', { owner: of.owner }) : t('operate.budgets.make')} act={t('operate.change.do')} reason="audit" run={run} close={close}>
      {!of && <Field label={t('operate.owner')}>{(id) => <Input id={id} autoFocus value={owner} onChange={(event) => setOwner(event.target.value)} />}</Field>}
      <div className={css.pairs}>
        <Field label={t('operate.amount')}>{(id) => <Input id={id} inputMode="decimal" placeholder="500.00" value={amount} onChange={(event) => setAmount(event.target.value)} />}</Field>
        <Field label={t('operate.currency')}>{(id) => <Input id={id} maxLength={3} value={currency} onChange={(event) => setCurrency(event.target.value.toUpperCase())} />}</Field>
        <Field label={t('operate.budgets.period')}>{(id) => <Select id={id} value={period} choices={PERIODS.map((value) => ({ value, name: t(`operate.period.${value}`) }))} choose={setPeriod} />}</Field>
        <Field label={t('operate.zone')}>{(id) => <Input id={id} value={zone} onChange={(event) => setZone(event.target.value)} spellCheck={false} />}</Field>
        <Field label={t('operate.budgets.alert')} hint={t('operate.budgets.alert.hint')}>{(id, described) => <Input id={id} aria-describedby={described} value={alertAt} onChange={(event) => setAlertAt(event.target.value)} />}</Field>
      </div>
      <Check label={t('operate.budgets.enforce')} checked={enforce} onChange={(event) => setEnforce(event.target.checked)} />
    </Confirm>
  );
}

export function Budgets() {
  const budgets = useBudgets();
  const admin = useDenied('ADMIN', 'account');
  const [editing, setEditing] = useState<BudgetStatus | 'new'>();
  const [removing, setRemoving] = useState<BudgetStatus>();
  const make = <Button icon="plus" denied={admin} onClick={() => setEditing('new')}>{t('operate.budgets.make')}</Button>;
  return (
    <Answer of={budgets}>
      {({ rows }) => (
        <Card flush title={t('operate.costs.budgets')} count={rows.length} acts={rows.length > 0 && make}>
          <Table
            label={t('operate.costs.budgets')}
            rows={rows}
            id={(one) => `${one.pipelineId}/${one.owner}`}
            sort="sort"
            columns={[
              { id: 'who', name: t('operate.budgets.who'), by: (one) => one.owner || one.pipeline, cell: (one) => (one.pipelineId ? <span className={css.two}><Link to={`/pipelines/${one.pipelineId}`}>{one.pipeline}</Link><small>{t('operate.budgets.file')}</small></span> : <b>{one.owner}</b>) },
              {
                id: 'spent', name: t('operate.budgets.spent'), by: part,
                cell: (one) => (
                  <span className={css.two}>
                    <Progress whole={1} parts={[{ count: Math.min(1, part(one)), colour: part(one) >= 1 ? 'var(--bad-fill)' : part(one) >= 0.8 ? 'var(--warn-fill)' : 'var(--good-fill)' }]} label={percentText(part(one))} />
                    <small>{one.budget && t('operate.budgets.of', { spent: money(one.spent || '0', one.budget.currency), all: money(one.budget.micros, one.budget.currency), part: percentText(part(one)) })}</small>
                  </span>
                ),
              },
              { id: 'period', name: t('operate.budgets.period'), tight: true, wide: true, cell: (one) => t(`operate.period.${periodOf(one.budget?.period)}`) },
              { id: 'ends', name: t('operate.budgets.ends'), tight: true, wide: true, cell: (one) => <Time at={one.to} /> },
              { id: 'crossed', name: t('operate.budgets.crossed'), wide: true, cell: (one) => (one.crossed.length > 0 ? <span className={css.row}>{one.crossed.map((percent) => <Mark key={percent} tone={percent >= 100 ? 'bad' : 'warn'}>{`${percent} %`}</Mark>)}</span> : '–') },
              { id: 'holds', name: t('parts.acts'), quiet: true, tight: true, wide: true, cell: (one) => (one.budget?.enforce ? <Tag>{t('operate.budgets.holds')}</Tag> : null) },
              {
                id: 'acts', name: t('parts.acts'), quiet: true, tight: true,
                cell: (one) => {
                  const off = admin ?? (one.pipelineId ? t('operate.budgets.file.change') : undefined);
                  return (
                    <span className={css.row}>
                      <Button small icon="edit" label={t('operate.change')} denied={off} onClick={() => setEditing(one)} />
                      <Button small kind="danger" icon="trash" label={t('operate.remove.do')} denied={off} onClick={() => setRemoving(one)} />
                    </span>
                  );
                },
              },
            ]}
            empty={<Empty icon="costs" title={t('operate.budgets.none')} acts={make}>{t('operate.budgets.none.more')}</Empty>}
          />
          {editing && <Edit of={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
          {removing && (
            <Confirm
              danger
              title={t('operate.budgets.remove', { owner: removing.owner })}
              act={t('operate.remove.do')}
              close={() => setRemoving(undefined)}
              reason="audit"
              run={async (reason) => {
                await setBudget(removing.owner, undefined, reason);
                done(t('operate.budgets.removed', { owner: removing.owner }));
              }}
            >
              <p>{t('operate.budgets.remove.more')}</p>
            </Confirm>
          )}
        </Card>
      )}
    </Answer>
  );
}
