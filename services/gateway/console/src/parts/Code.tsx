/** Text of machines: an id or a command in the line, or a block of it. Both can be copied. */
import { useState } from 'react';
import { t } from '../i18n';
import { Button } from './Button';
import css from './Code.module.css';

export function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return <Button small kind="quiet" icon={copied ? 'check' : 'copy'} label={t(copied ? 'parts.copied' : 'parts.copy')} onClick={() => void copy()} />;
}

export function Code({ children, copy = true, short }: { children: string; copy?: boolean; short?: boolean }) {
  return (
    <span className={`${css.code} ${short ? css.short : ''}`}>
      <code>{children}</code>
      {copy && <Copy text={children} />}
    </span>
  );
}

export function CodeBlock({ children, label }: { children: string; label: string }) {
  return (
    <div className={css.block}>
      <pre tabIndex={0} aria-label={label}>
        <code>{children}</code>
      </pre>
      <span>
        <Copy text={children} />
      </span>
    </div>
  );
}
