/** One field of the language as its shape says it: a text, a number, a choice, a list, or parts in forms of their own. */
import type { ReactNode } from 'react';
import { named, t } from '../../../../i18n';
import { Check, Field, Select } from '../../../../parts/Field';
import { resolved, type Path, type Tree } from '../../edit/tree';
import { setPartWords } from '../../edit/parts';
import { defaultOf, parametersAt, shapeAt, wordsOf } from '../../schema/known';
import { fits, holdsParts, type Shape } from '../../schema/shape';
import { isExpression, writtenValue } from '../../schema/values';
import { NumberField, TextField } from '../fields';
import { ParameterField } from '../Parameter';
import { change, editField, valueOf, type Bench } from './bench';
import { InlineItems } from './InlineItems';
import { ParameterList } from './ParameterList';
import { AddPart, PartRows } from './PartRows';
import { saidAt, stays } from './said';
import { Ticks, WordsField } from './Words';
import css from '../forms.module.css';

interface FieldProps {
  bench: Bench;
  path: Path;
}

const fieldName = (key: string): string => named('builder.field', key);
const textOf = (tree: Tree | undefined): string[] => (Array.isArray(tree) ? tree.map(writtenValue) : tree === undefined || tree === null || tree === '' ? [] : [writtenValue(tree)]);

/** Short enough to stand beside another one. */
const isSmall = (shape: Shape) => !shape.wide && (shape.enum !== undefined || shape.type === 'string' || shape.type === 'integer');

/** All fields of a map, in the order of the language; what means nothing beside the others is left out, unless it stands there. */
export function ShapeFields({ bench, path, shape, first }: FieldProps & { shape: Shape; first?: ReactNode }) {
  const own = resolved(valueOf(bench, path));
  const shown = Object.entries(shape.properties ?? {}).filter(([key, inner]) => fits(inner, own) || Object.hasOwn(own, key));
  const small = (at: number) => shown[at] !== undefined && isSmall(shown[at][1]);
  const field = (key: string) => <ShapeField key={key} bench={bench} path={[...path, key]} />;
  const rows = shown.flatMap(([key], at) => {
    if (!small(at)) return [field(key)];
    if (at > 0 && small(at - 1)) return [];
    const after = shown.findIndex((_, other) => other > at && !small(other));
    return [
      <div key={key} className={css.pair}>
        {at === 0 && first}
        {shown.slice(at, after < 0 ? undefined : after).map(([name]) => field(name))}
      </div>,
    ];
  });
  return (
    <>
      {!small(0) && first}
      {rows}
    </>
  );
}

export function ShapeField({ bench, path }: FieldProps) {
  const { known, denied, diagnostics } = bench;
  const shape = shapeAt(known, path);
  const key = String(path.at(-1));
  const holder = path.slice(0, -1);
  const beside = resolved(valueOf(bench, holder));
  const value = valueOf(bench, path);
  if (!shape) return null;
  const required = shapeAt(known, holder)?.required?.includes(key) ?? false;
  const empty = value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
  const readOnly = denied !== undefined;
  const label = fieldName(key);
  const hint = shape.about && t(shape.about);
  const error = required && empty ? t('builder.form.required') : saidAt(diagnostics, path);
  const common = { label, hint, error, readOnly, optional: !required };
  const give = (next: Tree | undefined) => change(bench, path, next);
  const words = (next: string[]) => editField(bench, path, (text) => setPartWords(text, path, next, stays(known, path)));

  if (shape.type === 'array' && shape.items?.type !== 'object') {
    const offered = wordsOf(known, shape.items ?? {}, beside);
    const listed = { ...common, chosen: textOf(value), change: words };
    if (offered.length === 0) return <WordsField {...listed} lines={shape.lines} />;
    return <Ticks {...listed} words={offered.map((one) => ({ value: one.label, name: shape.items?.enum ? named(shape.items.named ?? 'builder.word', one.label) : one.label }))} />;
  }
  if (holdsParts(shape)) {
    return (
      <div className={css.section} role="group" aria-label={label}>
        <h3>{label}</h3>
        {hint && <p className={css.about}>{hint}</p>}
        <PartRows bench={bench} path={path} />
        {required && empty && <p className={css.fault}>{t('builder.form.required')}</p>}
        <div>
          <AddPart bench={bench} path={path} />
        </div>
      </div>
    );
  }
  if (shape.items?.type === 'object') return <InlineItems bench={bench} path={path} label={label} hint={hint} needed={required} />;
  if (shape.from === 'inputDefault') return <ParameterField of={defaultOf(beside)} label={label} about={hint} value={value} change={give} said={error} readOnly={readOnly} />;
  if (shape.type === 'object') {
    const takes = parametersAt(known, shape, path);
    if (shape.from) {
      const inputs = shape.from === 'runInputs' || shape.from === 'mappedInputs';
      return (
        <ParameterList
          bench={bench}
          path={path}
          title={label}
          about={inputs ? hint : undefined}
          takes={takes}
          none={t(inputs ? 'builder.form.noInputs' : 'builder.form.noParameters')}
          foreign={t(inputs ? 'builder.form.noSuchInput' : shape.from === 'parameters' ? 'builder.form.notOfJob' : 'builder.form.notOfCheck')}
          add={t(inputs ? 'builder.form.giveInput' : 'builder.form.addParameter')}
        />
      );
    }
    if (!shape.properties) return null;
    return (
      <div className={css.section} role="group" aria-label={label}>
        <h3>{label}</h3>
        <ShapeFields bench={bench} path={path} shape={shape} />
      </div>
    );
  }
  if (shape.type === 'boolean' && !isExpression(value)) {
    return (
      <div className={css.flag}>
        <Check label={label} checked={value === true} disabled={readOnly} onChange={(event) => give(event.target.checked ? true : undefined)} />
        {hint && <p className={css.about}>{hint}</p>}
        {error && <p className={css.fault}>{error}</p>}
      </div>
    );
  }
  const offered = wordsOf(known, shape, beside);
  // Codes of the catalogue are chosen by the names that people know.
  const codes = shape.enum !== undefined || shape.from === 'integrations' || shape.from === 'sensorTypes';
  if (codes && (empty || offered.some((one) => one.label === value))) {
    return (
      <Field label={label} hint={hint} error={error} optional={!required}>
        {(id, described) => (
          <Select
            id={id}
            aria-describedby={described}
            disabled={readOnly}
            value={empty ? '' : String(value)}
            choices={[
              ...(required && !empty ? [] : [{ value: '', name: t(required ? 'builder.form.choose' : 'builder.form.unset') }]),
              ...offered.map((one) => ({ value: one.label, name: one.detail ?? named('builder.word', one.label) })),
            ]}
            choose={give}
          />
        )}
      </Field>
    );
  }
  if (shape.type === 'integer' && shape.templated) {
    return <ParameterField of={{ name: key, type: 'integer', required, templated: true, default: null, note: null }} label={label} about={hint} value={value} change={give} said={error} readOnly={readOnly} />;
  }
  if (shape.type === 'integer' && (typeof value === 'number' || empty)) {
    return <NumberField {...common} value={typeof value === 'number' ? value : undefined} least={shape.least} most={shape.most} change={(next) => (required && next === undefined ? t('builder.form.required') : give(next))} />;
  }
  const unstored = (shape.from === 'connections' || shape.from === 'destinationConnections') && offered.length === 0;
  return (
    <TextField
      {...common}
      hint={unstored ? t('builder.form.noConnections') : hint}
      mono={key === 'cron' || isExpression(value)}
      value={writtenValue(value)}
      options={offered.length > 0 ? offered : undefined}
      placeholder={key === 'timezone' && !required ? 'UTC' : undefined}
      change={(next) => (required && next.trim() === '' ? t('builder.form.required') : give(next.trim() === '' ? undefined : key === 'cron' ? next.trim() : next))}
    />
  );
}
