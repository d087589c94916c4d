/** What is filled in: a field with its label, hint and error, and the inputs that stand in it. */
import { useEffect, useId, useRef, useState, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react';
import { t } from '../i18n';
import { Icon } from './Icon';
import css from './Field.module.css';

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string;
  optional?: boolean;
  /** Gets the id that the label points to, and that of hint and error (`aria-describedby`). */
  children: (id: string, described: string | undefined) => ReactNode;
}

export function Field({ label, hint, error, optional, children }: FieldProps) {
  const id = useId();
  const described = hint || error ? `${id}-more` : undefined;
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label} {optional && <span className={css.optional}>{t('parts.optional')}</span>}
      </label>
      {children(id, described)}
      <div id={described}>
        {hint && <div className={css.hint}>{hint}</div>}
        {error && (
          <div className={css.error} role="alert">
            {error}
          </div>
        )}
      </div>
    </div>
  );
}

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input type="text" {...rest} className={`${css.input} ${className ?? ''}`} />;
}

/** `prose`: what people write, not what programs read. */
export function TextArea({ className, prose = false, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { prose?: boolean }) {
  return <textarea spellCheck={prose} {...rest} className={`${css.input} ${prose ? css.prose : ''} ${className ?? ''}`} />;
}

export interface Choice {
  value: string;
  name: string;
}

interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange'> {
  choices: Choice[];
  choose: (value: string) => void;
}

export function Select({ choices, choose, className, ...rest }: SelectProps) {
  return (
    <select {...rest} className={`${css.input} ${className ?? ''}`} onChange={(event) => choose(event.target.value)}>
      {choices.map(({ value, name }) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </select>
  );
}

export function Check({ label, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: ReactNode }) {
  return (
    <label className={css.check}>
      <input type="checkbox" {...rest} />
      <span>{label}</span>
    </label>
  );
}

/** A search that tells what is typed a moment after typing stops. The key `/` leads here. */
export function Search({ value, search, label }: { value: string; search: (text: string) => void; label: string }) {
  const [typed, setTyped] = useState(value);
  // What is called after the pause is what is given then: it knows what else stands in the URL by now.
  const latest = useRef(search);
  latest.current = search;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => latest.current(typed), 200);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <span className={css.search}>
      <Icon name="search" />
      <input
        type="search"
        data-search
        className={css.input}
        value={typed}
        placeholder={label}
        aria-label={label}
        onChange={(event) => setTyped(event.target.value)}
      />
    </span>
  );
}
