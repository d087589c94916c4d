/** Inputs of forms whose text is part of the document: what is typed becomes an edit a moment later, or on leaving. */
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { t } from '../../../i18n';
import { Field, Input, TextArea } from '../../../parts/Field';
import type { Word } from '../schema/known';

interface TextProps {
  label: string;
  value: string;
  /** What is typed; a refusal answers with words, and the document stays. */
  change: (value: string) => string | undefined | void;
  hint?: ReactNode;
  optional?: boolean;
  error?: string;
  multi?: boolean;
  /** Only on leaving or Enter: what is half typed means something else. */
  whole?: boolean;
  placeholder?: string;
  options?: Word[];
  readOnly?: boolean;
  mono?: boolean;
}

const MOMENT = 250;

export function TextField({ label, value, change, hint, optional, error, multi, whole, placeholder, options, readOnly, mono }: TextProps) {
  const [typed, setTyped] = useState(value);
  const [refused, setRefused] = useState<string>();
  const told = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(change);
  latest.current = change;
  // The document has another value: by undoing, by the text beside.
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setTyped(value);
    setRefused(undefined);
  }, [value]);
  const tell = (next: string) => {
    clearTimeout(timer.current);
    if (next === told.current) return;
    const words = latest.current(next);
    setRefused(words ?? undefined);
    if (!words) told.current = next;
  };
  const pending = useRef(typed);
  pending.current = typed;
  // Another task is chosen before the moment is over: what was typed is kept.
  useEffect(() => () => tell(pending.current), []);
  const type = (next: string) => {
    setTyped(next);
    clearTimeout(timer.current);
    if (!whole) timer.current = setTimeout(() => tell(next), MOMENT);
  };
  // Ctrl+S saves what is seen: what was typed a moment ago is part of it.
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) flushSync(() => tell(typed));
  };
  const common = {
    value: typed,
    onKeyDown: press,
    placeholder,
    readOnly,
    spellCheck: false,
    autoComplete: 'off',
    style: mono || multi ? { fontFamily: 'var(--mono)', fontSize: 12 } : undefined,
    'aria-invalid': error || refused ? true : undefined,
    onBlur: () => tell(typed),
  };
  return (
    <Field label={label} hint={hint} optional={optional} error={refused ?? error}>
      {(id, described) =>
        multi ? (
          <TextArea {...common} id={id} aria-describedby={described} rows={Math.min(14, Math.max(3, typed.split('\n').length + 1))} onChange={(event) => type(event.target.value)} />
        ) : (
          <>
            <Input
              {...common}
              id={id}
              aria-describedby={described}
              list={options ? `${id}-options` : undefined}
              onChange={(event) => type(event.target.value)}
              onKeyDown={(event) => (event.key === 'Enter' ? tell(typed) : press(event))}
            />
            {options && (
              <datalist id={`${id}-options`}>
                {options.map((option) => (
                  <option key={option.label} value={option.label}>
                    {option.detail}
                  </option>
                ))}
              </datalist>
            )}
          </>
        )
      }
    </Field>
  );
}

interface NumberProps extends Omit<TextProps, 'value' | 'change'> {
  value: number | undefined;
  change: (value: number | undefined) => string | undefined | void;
  least?: number;
  most?: number;
}

export function NumberField({ value, change, least = 0, most, ...rest }: NumberProps) {
  return (
    <TextField
      {...rest}
      value={value === undefined ? '' : String(value)}
      change={(text) => {
        if (text.trim() === '') return change(undefined);
        const number = Number(text);
        if (!Number.isInteger(number) || number < least || (most !== undefined && number > most)) {
          return most === undefined ? t('builder.form.wholeFrom', { least: String(least) }) : t('builder.form.whole', { least: String(least), most: String(most) });
        }
        return change(number);
      }}
    />
  );
}
