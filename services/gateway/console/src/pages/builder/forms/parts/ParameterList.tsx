/** Values by name, of those that somebody declared: needed and used ones are shown, the rest is added when it is wanted. */
import { useState } from 'react';
import type { Parameter } from '../../../../api/catalogue';
import { Select } from '../../../../parts/Field';
import { resolved, type Path } from '../../edit/tree';
import { ParameterField } from '../Parameter';
import { change, valueOf, type Bench } from './bench';
import { saidAt } from './said';
import css from '../forms.module.css';

interface ListProps {
  bench: Bench;
  path: Path;
  title: string;
  about?: string;
  /** Undefined = nobody knows what there may be. */
  takes: readonly Parameter[] | undefined;
  /** What is said where nothing can be given. */
  none: string;
  /** What is said of a value that nobody declared. */
  foreign: string;
  /** What the list offers to add. */
  add: string;
}

export function ParameterList({ bench, path, title, about, takes, none, foreign, add }: ListProps) {
  const [added, setAdded] = useState<string[]>([]);
  const values = resolved(valueOf(bench, path));
  const known = takes ?? [];
  const others = Object.keys(values)
    .filter((name) => !known.some((one) => one.name === name))
    .map((name): Parameter => ({ name, type: 'any', required: false, templated: true, default: null, note: takes ? foreign : null }));
  const shown = [...known.filter((one) => one.required || Object.hasOwn(values, one.name) || added.includes(one.name)), ...others].sort((a, b) => Number(b.required) - Number(a.required));
  const rest = known.filter((one) => !shown.includes(one));
  return (
    <div className={css.section} role="group" aria-label={title}>
      <h3>{title}</h3>
      {about && <p className={css.about}>{about}</p>}
      {shown.map((one) => (
        <ParameterField key={one.name} of={one} value={values[one.name]} said={saidAt(bench.diagnostics, [...path, one.name])} change={(value) => change(bench, [...path, one.name], value)} readOnly={bench.denied !== undefined} />
      ))}
      {shown.length === 0 && rest.length === 0 && <p className={css.about}>{none}</p>}
      {rest.length > 0 && bench.denied === undefined && (
        <Select aria-label={add} value="" choices={[{ value: '', name: add }, ...rest.map((one) => ({ value: one.name, name: one.name }))]} choose={(name) => name !== '' && setAdded([...added, name])} />
      )}
    </div>
  );
}
