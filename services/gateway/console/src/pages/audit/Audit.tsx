/** The audit: who did what, when, from where, why, and what it changed; also what was refused. */
import { Link, useSearchParams } from 'react-router';
import { useAudit, type AuditEntry, type AuditQuestion } from '../../api/audit';
import { ScopeBar } from '../../app/ScopeBar';
import { useScope } from '../../app/scope';
import { named, t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Search, Select } from '../../parts/Field';
import { Needs } from '../../parts/Needs';
import { Card, Page } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { MoreRows, Table } from '../../parts/Table';
import { Choices } from '../../parts/Tabs';
import { Time } from '../../parts/Time';
import css from './Audit.module.css';
import { Detail } from './Detail';
import { Export } from './Export';
import { fits } from './export';
import { Targets } from './Targets';
import { Typed } from './Typed';

const KINDS = ['USER', 'KEY', 'SCHEDULE', 'EVENT', 'WEBHOOK', 'SERVICE'];
const OUTCOMES = ['', 'ACCEPTED', 'REJECTED'] as const;

export function Audit() {
  return (
    <Page title={t('audit.title')} about={t('audit.about')}>
      <Needs role="ADMIN">{() => <List />}</Needs>
    </Page>
  );
}

export function Outcome({ of }: { of: AuditEntry }) {
  const good = of.outcome === 'ACCEPTED';
  return <Mark tone={good ? 'good' : 'bad'} icon={good ? 'check' : 'cross'}>{named('audit.outcome', of.outcome)}</Mark>;
}

/** Leads to what they did besides: the other filters stay. */
function Who({ of, query }: { of: string; query: URLSearchParams }) {
  if (of === '') return <b>{t('audit.several')}</b>;
  const theirs = new URLSearchParams(query);
  theirs.set('actor', of);
  theirs.delete('entry');
  return <Link to={`/audit?${theirs}`} replace aria-label={t('audit.only', { actor: of })}>{of}</Link>;
}

function List() {
  const [query, setQuery] = useSearchParams();
  const scope = useScope('7d');
  const text = query.get('text') ?? '';
  const of = {
    actor: query.get('actor') ?? '', actor_kind: query.get('kind') ?? '', target: query.get('target') ?? '', command: query.get('command') ?? '', outcome: query.get('outcome') ?? '', from: scope.from,
    // A range that moves with the clock ends now: what is new is not to be cut off.
    to: scope.range === undefined ? scope.to : undefined,
  } satisfies AuditQuestion;
  const audit = useAudit(of, true);
  const put = (name: string, value: string) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  const id = (entry: AuditEntry) => `${entry.sequence}.${entry.ordinal}`;
  const open = audit.data?.rows.find((entry) => id(entry) === query.get('entry'));
  const commands = [...new Set([...(audit.data?.rows.map((entry) => entry.command) ?? []), of.command])].filter(Boolean).sort();
  return (
    <>
      <div className={css.filters}>
        <Search value={text} search={(typed) => put('text', typed)} label={t('audit.search')} />
        <Typed label={t('audit.actor')} value={of.actor} put={(actor) => put('actor', actor)} />
        <Select aria-label={t('audit.kind')} value={of.actor_kind} choices={[{ value: '', name: t('audit.kind') }, ...KINDS.map((value) => ({ value, name: named('audit.kind', value) }))]} choose={(value) => put('kind', value)} />
        <Select aria-label={t('audit.command')} value={of.command} choices={[{ value: '', name: t('audit.command') }, ...commands.map((value) => ({ value, name: named('audit.command', value) }))]} choose={(value) => put('command', value)} />
        <Typed label={t('audit.target')} value={of.target} put={(target) => put('target', target)} />
        <Choices label={t('audit.outcome')} value={OUTCOMES.find((one) => one === of.outcome) ?? ''} choose={(value) => put('outcome', value)} of={OUTCOMES.map((value) => ({ value, name: value ? named('audit.outcome', value) : t('parts.all') }))} />
        <ScopeBar scope={scope} />
        <span className={css.grow} />
        <Export of={of} text={text} />
      </div>
      <Answer of={audit} lines={8}>
        {({ rows, more }) => {
          const shown = rows.filter((entry) => fits(entry, text));
          return (
            <Card flush>
              {text && <p className={css.note}>{t('audit.among', { found: shown.length, all: rows.length })}</p>}
              <Table
                label={t('audit.title')}
                rows={shown}
                id={id}
                chosen={open && id(open)}
                columns={[
                  { id: 'at', name: t('audit.at'), tight: true, cell: (entry) => <Time at={entry.at} as="short" /> },
                  { id: 'who', name: t('audit.who'), cell: (entry) => <span className={css.two}><Who of={entry.actor} query={query} /><small>{entry.originAddress}</small></span> },
                  { id: 'what', name: t('audit.what'), cell: (entry) => <span className={css.two}><span>{named('audit.command', entry.command)}{entry.more > 0 && ` ×${entry.more + 1}`}</span><small lang="en">{entry.summary || entry.message}</small></span> },
                  { id: 'about', name: t('audit.about.what'), wide: true, cell: (entry) => <Targets of={entry.targets} /> },
                  { id: 'outcome', name: t('audit.outcome'), tight: true, cell: (entry) => <Outcome of={entry} /> },
                  { id: 'open', name: t('parts.acts'), quiet: true, tight: true, cell: (entry) => <Button small kind="quiet" icon="info" label={t('audit.open')} onClick={() => put('entry', id(entry))} /> },
                ]}
                empty={<Empty icon="audit" title={t('audit.none')}>{t('audit.none.more')}</Empty>}
              />
              <MoreRows more={more} pending={audit.isFetchingNextPage} load={() => void audit.fetchNextPage()} />
            </Card>
          );
        }}
      </Answer>
      {open && <Detail of={open} close={() => put('entry', '')} />}
    </>
  );
}
