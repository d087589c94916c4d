/** Makes a backfill, in two steps: what it would do is shown before anything starts. */
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearchParams } from 'react-router';
import { makeBackfill, previewBackfill, type Preview, type Span } from '../../../api/backfills';
import { asApiError } from '../../../api/errors';
import { previewOf } from '../../../api/health';
import { useDeniedOf, useOwned } from '../../../api/owners';
import { usePipelines } from '../../../api/pipelines';
import { named, t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Confirm } from '../../../parts/Dialog';
import { Check, Field, Input, Select } from '../../../parts/Field';
import { planned } from '../../../parts/planned';
import { Table } from '../../../parts/Table';
import { done } from '../../../parts/toasts';
import { numberText, shortTime } from '../../../parts/values';
import css from '../operate.module.css';

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

export function Make({ close }: { close: () => void }) {
  const [query] = useSearchParams();
  const navigate = useNavigate();
  const operator = useDeniedOf('OPERATOR');
  const names = (usePipelines().data ?? []).filter((one) => operator(one.id) === undefined);
  const [picked, setPipeline] = useState(query.get('pipeline') ?? '');
  const pipeline = names.some((one) => one.id === picked) ? picked : (names[0]?.id ?? '');
  const asked = useQuery({ ...previewOf(pipeline, '', 1), enabled: pipeline !== '' });
  const called = useOwned().data?.get(pipeline)?.schedules.map((one) => one.name);
  const schedules = (asked.data ?? []).flatMap((one) => (one.schedule && planned(one.schedule.name, called).kind === 'schedule' ? [one.schedule.name] : []));
  const [chosen, setSchedule] = useState('');
  const schedule = schedules.includes(chosen) ? chosen : (schedules[0] ?? '');
  const [from, setFrom] = useState(day(7));
  const [to, setTo] = useState(day(0));
  const [force, setForce] = useState(false);
  const [active, setActive] = useState('1');
  const [preview, setPreview] = useState<Preview>();
  const [once] = useState(() => crypto.randomUUID());
  const [looking, setLooking] = useState(false);
  const [fault, setFault] = useState<string>();
  const span: Span = { pipeline, schedule, from, to, force };
  // What was shown must be what is started: any change needs another look.
  const change = <T,>(set: (value: T) => void) => (value: T) => {
    setPreview(undefined);
    set(value);
  };
  const look = async () => {
    setFault(undefined);
    setLooking(true);
    try {
      setPreview(await previewBackfill(span));
    } catch (thrown) {
      setFault(asApiError(thrown).words);
    } finally {
      setLooking(false);
    }
  };
  const run = async (reason: string) => {
    if (!preview) throw new Error(t('operate.backfills.look.first'));
    const id = await makeBackfill(span, Number(active), once, reason);
    done(t('operate.backfills.made'));
    void navigate(`/operate/backfills/${id}`);
  };
  const starts = preview?.instants.filter((one) => one.outcome === 'RUN').length ?? 0;
  return (
    <Confirm title={t('operate.backfills.make')} act={preview ? t('operate.backfills.make.do', { count: starts }) : t('operate.backfills.make')} reason="audit" run={run} close={close}>
      <div className={css.pairs}>
        <Field label={t('operate.pipeline')} hint={asked.data && schedules.length === 0 ? t('operate.backfills.pipelines.none') : undefined}>{(id, described) => <Select id={id} aria-describedby={described} value={pipeline} choices={names.map((one) => ({ value: one.id, name: one.alias }))} choose={change(setPipeline)} />}</Field>
        <Field label={t('operate.schedule')}>{(id) => <Select id={id} value={schedule} choices={schedules.map((name) => ({ value: name, name }))} choose={change(setSchedule)} />}</Field>
        <Field label={t('operate.from')} hint={t('operate.backfills.day')}>{(id, described) => <Input id={id} type="date" aria-describedby={described} value={from} onChange={(event) => change(setFrom)(event.target.value)} />}</Field>
        <Field label={t('operate.to')} hint={t('operate.backfills.before')}>{(id, described) => <Input id={id} type="date" aria-describedby={described} value={to} onChange={(event) => change(setTo)(event.target.value)} />}</Field>
        <Field label={t('operate.backfills.active')} hint={t('operate.backfills.active.hint')}>{(id, described) => <Input id={id} aria-describedby={described} type="number" min={1} max={50} value={active} onChange={(event) => setActive(event.target.value)} />}</Field>
      </div>
      <Check label={t('operate.backfills.force')} checked={force} onChange={(event) => change(setForce)(event.target.checked)} />
      <div>
        <Button icon="search" pending={looking} denied={pipeline && schedule ? undefined : t('operate.backfills.pipeline.missing')} onClick={() => void look()}>{t('operate.backfills.look')}</Button>
      </div>
      {fault && <p className={css.error} role="alert">{fault}</p>}
      {preview && (
        <div role="status">
          <p>
            <b>{t('operate.backfills.would', { count: starts, all: preview.instants.length })}</b>
            {preview.paused && ` ${t('operate.backfills.paused')}`}
          </p>
          <Table
            label={t('operate.backfills.instants')}
            rows={preview.instants.slice(0, 100)}
            id={(one) => one.instant}
            columns={[
              { id: 'instant', name: t('operate.backfills.instant'), cell: (one) => shortTime(one.instant) },
              { id: 'outcome', name: t('operate.backfills.outcome'), cell: (one) => named('operate.outcome', one.outcome) },
            ]}
          />
          {preview.instants.length > 100 && <p className={css.faint}>{t('parts.more', { count: numberText(preview.instants.length - 100) })}</p>}
        </div>
      )}
    </Confirm>
  );
}
