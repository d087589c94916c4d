/** A parameter of a job as a field of its kind. Where an expression may stand for the value, one can be written. */
import { useState } from 'react';
import { parseDocument } from 'yaml';
import type { Parameter } from '../../../api/catalogue';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Field, Select } from '../../../parts/Field';
import type { Tree } from '../edit/tree';
import { TextField } from './fields';
import css from './forms.module.css';

interface ParameterProps {
  of: Parameter;
  value: Tree | undefined;
  change: (value: Tree | undefined) => void;
  readOnly?: boolean;
}

/** Texts that people write in several lines. */
const LONG = /(^|_)(code|query|sql|statement|body|commands?|script|message|text|content|prompt|system|environment_variables|headers|payload)(_|$)/;
export const isExpression = (value: Tree | undefined): boolean => typeof value === 'string' && value.includes('${{');

/** A value as it is written in one field: text as it is, all else as YAML in one line. */
export function writtenValue(value: Tree | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A list or map as somebody wrote it, in YAML or JSON; undefined = it is none. */
export function readValue(text: string, type: string): Tree | undefined {
  const doc = parseDocument(text, { version: '1.1', logLevel: 'silent' });
  if (doc.errors.length > 0) return undefined;
  const value = doc.toJS() as Tree;
  if (type === 'array') return Array.isArray(value) ? value : undefined;
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  return value;
}

export function ParameterField({ of, value, change, readOnly }: ParameterProps) {
  const [writing, setWriting] = useState(isExpression(value));
  const label = of.name;
  const usual = of.default === null || of.default === undefined ? undefined : t('builder.form.default', { value: writtenValue(of.default as Tree) });
  const hint = [of.note, usual].filter(Boolean).join(' · ') || undefined;
  const missing = of.required && (value === undefined || value === null || value === '') ? t('builder.form.required') : undefined;
  const common = { label, hint, optional: !of.required, error: missing, readOnly };
  const choice = of.type === 'enum' || of.type === 'boolean';
  const listed = of.type === 'boolean' ? ['true', 'false'] : (of.enum ?? []);
  const foreign = choice && value !== undefined && value !== null && value !== '' && !listed.includes(String(value));
  if (choice && !writing && !foreign) {
    return (
      <div className={css.choice}>
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
        {of.templated && !readOnly && <Button small kind="quiet" icon="code" label={t('builder.form.expression', { name: label })} onClick={() => setWriting(true)} />}
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
