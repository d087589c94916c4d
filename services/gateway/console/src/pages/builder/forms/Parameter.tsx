/** A parameter of a job as a field of its kind. Where an expression may stand for the value, one can be written. */
import { useState } from 'react';
import type { Parameter } from '../../../api/catalogue';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Field, Select } from '../../../parts/Field';
import type { Tree } from '../edit/tree';
import { isExpression, readValue, writtenValue } from '../schema/values';
import { TextField } from './fields';
import css from './forms.module.css';

interface ParameterProps {
  of: Parameter;
  value: Tree | undefined;
  change: (value: Tree | undefined) => void;
  readOnly?: boolean;
  /** What it is called, where that is not its own name. */
  label?: string;
  about?: string;
  /** What the server says of it. */
  said?: string;
}

/** Texts that people write in several lines. */
const LONG = /(^|_)(code|query|sql|statement|body|commands?|script|message|text|content|prompt|system|environment_variables|headers|payload)(_|$)/;

export function ParameterField({ of, value, change, readOnly, label = of.name, about, said }: ParameterProps) {
  const [writing, setWriting] = useState(isExpression(value));
  const usual = of.default === null || of.default === undefined ? undefined : t('builder.form.default', { value: writtenValue(of.default as Tree) });
  const hint = [about, of.note, usual].filter(Boolean).join(' · ') || undefined;
  const missing = of.required && (value === undefined || value === null || value === '') ? t('builder.form.required') : said;
  const common = { label, hint, optional: !of.required, error: missing, readOnly };
  const choice = of.type === 'enum' || of.type === 'boolean';
  const listed = of.type === 'boolean' ? ['true', 'false'] : (of.enum ?? []);
  const foreign = choice && value !== undefined && value !== null && value !== '' && !listed.includes(String(value));
  if (choice && !writing && !foreign) {
    const select = (
      <Field label={label} hint={hint} optional={!of.required} error={missing}>
        {(id, described) => (
          <Select
            id={id}
            aria-describedby={described}
            disabled={readOnly}
            value={value === undefined || value === null ? '' : String(value)}
            choices={[{ value: '', name: t(of.required ? 'builder.form.choose' : 'builder.form.unset') }, ...listed.map((word) => ({ value: word, name: word }))]}
            choose={(word) => change(word === '' ? undefined : of.type === 'boolean' ? word === 'true' : word)}
          />
        )}
      </Field>
    );
    if (!of.templated || readOnly) return select;
    return (
      <div className={css.choice}>
        {select}
        <Button small kind="quiet" icon="code" label={t('builder.form.expression', { name: label })} onClick={() => setWriting(true)} />
      </div>
    );
  }
  if (of.type === 'array' || of.type === 'object') {
    return (
      <TextField
        {...common}
        multi
        value={writtenValue(value)}
        placeholder={of.type === 'array' ? '[a, b]' : '{key: value}'}
        change={(text) => {
          if (text.trim() === '') return change(undefined);
          if (of.templated && text.includes('${{')) return change(text.trim());
          const read = readValue(text, of.type);
          if (read === undefined) return t(of.type === 'array' ? 'builder.form.list' : 'builder.form.map');
          return change(read);
        }}
      />
    );
  }
  if (of.type === 'integer' || of.type === 'number') {
    return (
      <TextField
        {...common}
        value={writtenValue(value)}
        change={(text) => {
          const clean = text.trim();
          if (clean === '') return change(undefined);
          if (of.templated && clean.includes('${{')) return change(clean);
          const number = Number(clean);
          if (!Number.isFinite(number) || (of.type === 'integer' && !Number.isInteger(number))) return t('builder.form.number');
          return change(number);
        }}
      />
    );
  }
  const words = writtenValue(value);
  return (
    <TextField
      {...common}
      value={words}
      mono={isExpression(value)}
      multi={!choice && (LONG.test(of.name) || words.includes('\n'))}
      change={(text) => {
        if (choice && text === '') setWriting(false);
        change(text === '' ? undefined : text);
      }}
    />
  );
}
