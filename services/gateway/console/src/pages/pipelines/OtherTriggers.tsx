/** What else starts a pipeline, as its text says: the end of other pipelines, assets that are written, events. */
import { Link } from 'react-router';
import { usePipelines } from '../../api/pipelines';
import { rich, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Status } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import type { Trigger } from './definition';
import css from './Pipeline.module.css';

const OTHERS = (): Column<Trigger>[] => [
  { id: 'name', name: t('pipelines.name'), cell: (row) => row.name },
  { id: 'kind', name: t('pipelines.triggers.kind'), cell: (row) => t(`pipelines.trigger.${row.kind}`) },
  { id: 'to', name: t('pipelines.triggers.to'), cell: (row) => <ListensTo of={row} /> },
];

function ListensTo({ of }: { of: Trigger }) {
  const pipelines = usePipelines().data;
  if (of.kind === 'event') {
    return (
      <span className={css.layer}>
        {of.to.map((subject) => (
          <code key={subject}>{subject}</code>
        ))}
        {of.within !== undefined && <span>{rich('pipelines.trigger.within', { within: <code>{of.within}</code> })}</span>}
      </span>
    );
  }
  if (of.kind === 'asset') {
    return (
      <span className={css.layer}>
        {of.to.map((key) => (key.includes('*') ? <code key={key}>{key}</code> : <Link key={key} to={`/assets/${encodeURIComponent(key)}`}>{key}</Link>))}
      </span>
    );
  }
  const other = pipelines?.find((one) => one.id === of.to[0]);
  return (
    <span className={css.layer}>
      {of.to[0] === '*' ? t('pipelines.trigger.any') : other ? <Link to={`/pipelines/${other.id}`}>{other.name}</Link> : <code>{of.to[0]}</code>}
      {of.statuses.map((status) => (
        <Status key={status} of={status} />
      ))}
    </span>
  );
}

export function OtherTriggers({ of }: { of: Trigger[] }) {
  return (
    <Card title={t('pipelines.triggers.others')} flush>
      <Table label={t('pipelines.triggers.others')} rows={of} columns={OTHERS()} id={(row) => row.id} />
    </Card>
  );
}
