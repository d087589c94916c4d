/** The parts of a list or map, one line each, which open their forms; and the button that adds one. */
import { useMemo, useState } from 'react';
import { named, t } from '../../../../i18n';
import { Button } from '../../../../parts/Button';
import { Icon, type IconName } from '../../../../parts/Icon';
import { isObject, resolved, type Path } from '../../edit/tree';
import { shapeAt } from '../../schema/known';
import { checkOffers, Choose } from '../Choose';
import { valueOf, type Bench } from './bench';
import { added, type Look } from './made';
import { saidBelow } from './said';
import { kindOf, summaryOf } from './summary';
import css from '../forms.module.css';

const ICONS: Record<string, IconName> = {
  inputs: 'edit', schedule: 'schedules', sensors: 'search', checks: 'search', trigger_events: 'pipelines', webhook: 'link', alerts: 'alerts', anomalies: 'clock', configuration: 'settings', operation_metadata: 'lineage',
};

export function PartRow({ bench, path }: { bench: Bench; path: Path }) {
  const { title, more } = summaryOf(bench.known, path);
  const said = saidBelow(bench.diagnostics, path);
  const errors = said.filter((one) => one.severity === 'ERROR').length;
  const words = errors > 0 ? t('builder.node.errors', { count: errors }) : said.length > 0 ? t('builder.node.warnings', { count: said.length }) : undefined;
  return (
    <button type="button" className={css.entry} onClick={() => bench.open(path)}>
      <Icon name={ICONS[kindOf(path)] ?? 'dot'} size={14} />
      <span>{title}</span>
      <em>{more}</em>
      {words && (
        <span className={errors > 0 ? css.bad : css.warn} title={said[0]!.message}>
          <Icon name={errors > 0 ? 'cross' : 'warning'} size={14} />
          <span className="only-spoken">{words}</span>
        </span>
      )}
      <Icon name="right" size={14} />
    </button>
  );
}

export function PartRows({ bench, path }: { bench: Bench; path: Path }) {
  const value = valueOf(bench, path);
  const steps = Array.isArray(value) ? value.map((_, at) => at) : isObject(value) ? Object.keys(resolved(value)) : [];
  if (steps.length === 0) return null;
  return (
    <div className={css.rows}>
      {steps.map((step) => (
        <PartRow key={step} bench={bench} path={[...path, step]} />
      ))}
    </div>
  );
}

export function AddPart({ bench, path }: { bench: Bench; path: Path }) {
  const [choosing, setChoosing] = useState(false);
  const { draft, known, denied } = bench;
  const kind = String(path.at(-1));
  const offers = useMemo(() => checkOffers(known.catalogue), [known.catalogue]);
  const add = (look?: Look) => {
    setChoosing(false);
    const made = added(known, path, look);
    if (draft.edit(t('builder.undo.add', { id: named('builder.part.one', kind) }), made.edit)) bench.open(made.path);
  };
  return (
    <>
      <Button small icon="plus" denied={denied} onClick={() => (shapeAt(known, path)?.from === 'sensors' ? setChoosing(true) : add())}>
        {named('builder.part.add', kind)}
      </Button>
      {choosing && <Choose title={named('builder.part.add', kind)} search={t('builder.add.searchChecks')} offers={offers} add={add} close={() => setChoosing(false)} />}
    </>
  );
}
