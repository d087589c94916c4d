/** YAML to look at, with colours and numbers of lines. */
import { memo } from 'react';
import { tokens, type Token } from './tokens';
import css from './Yaml.module.css';

export function Coloured({ of }: { of: Token[] }) {
  return of.map((token, at) => (
    <span key={at} className={css[token.kind]}>
      {token.text}
    </span>
  ));
}

export const Yaml = memo(function Yaml({ text, label }: { text: string; label: string }) {
  return (
    <pre className={css.yaml} tabIndex={0} aria-label={label}>
      {tokens(text.replace(/\n$/, '')).map((line, at) => (
        <div key={at} className={css.line}>
          <span className={css.number_} aria-hidden="true">
            {at + 1}
          </span>
          <code>
            <Coloured of={line} />
            {'\n'}
          </code>
        </div>
      ))}
    </pre>
  );
});
