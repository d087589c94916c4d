/** A list of words: of a few known ones each is ticked; others are written one after the other. */
import { useId, type ReactNode } from 'react';
import { t } from '../../../../i18n';
import { Check } from '../../../../parts/Field';
import { TextField } from '../fields';
import css from '../forms.module.css';

interface TicksProps {
  label: string;
  hint?: ReactNode;
  error?: string;
  optional?: boolean;
  words: readonly { value: string; name: string }[];
  chosen: readonly string[];
  change: (chosen: string[]) => void;
  readOnly: boolean;
}

export function Ticks({ label, hint, error, optional, words, chosen, change, readOnly }: TicksProps) {
  const id = useId();
  // What is written and nobody knows can be taken away, too.
  const all = [...words, ...chosen.filter((one) => !words.some((word) => word.value === one)).map((one) => ({ value: one, name: one }))];
  return (
    <fieldset className={css.ticks} aria-describedby={hint || error ? id : undefined}>
      <legend>
        {label} {optional && <span>{t('parts.optional')}</span>}
      </legend>
      <div className={css.checks}>
        {all.map(({ value, name }) => (
          <Check
            key={value}
            label={name}
            checked={chosen.includes(value)}
            disabled={readOnly}
            onChange={(event) => change(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))}
          />
        ))}
      </div>
      <div id={id}>
        {hint && <p>{hint}</p>}
        {error && (
          <p className={css.fault} role="alert">
            {error}
          </p>
        )}
      </div>
    </fieldset>
  );
}

interface WordsProps {
  label: string;
  hint?: string;
  error?: string;
  optional?: boolean;
  chosen: readonly string[];
  change: (chosen: string[]) => void;
  readOnly: boolean;
  /** Words may hold commas: each has a line of its own. */
  lines?: boolean;
}

export function WordsField({ lines, chosen, change, hint, ...rest }: WordsProps) {
  const apart = lines || chosen.some((one) => one.includes(','));
  const between = t(apart ? 'builder.form.linesOf' : 'builder.form.commas');
  return (
    <TextField
      {...rest}
      hint={[hint, between].filter(Boolean).join(' ')}
      multi={apart}
      value={chosen.join(apart ? '\n' : ', ')}
      change={(text) => change([...new Set(text.split(apart ? '\n' : ',').map((one) => one.trim()).filter(Boolean))])}
    />
  );
}
