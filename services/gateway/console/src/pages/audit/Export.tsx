/** Saves what the filters mean as a file, page after page; says how far it is, and can be stopped. */
import { useRef, useState } from 'react';
import { auditPages, type AuditQuestion } from '../../api/audit';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { done, failed } from '../../parts/toasts';
import { csvHead, csvLine, fits, jsonLine } from './export';
import css from './Audit.module.css';

function save(name: string, type: string, pieces: string[]): void {
  const address = URL.createObjectURL(new Blob(pieces, { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function Export({ of, text }: { of: AuditQuestion; text: string }) {
  const [count, setCount] = useState<number>();
  const stop = useRef<AbortController>(undefined);
  const run = async (kind: 'csv' | 'jsonl') => {
    stop.current = new AbortController();
    const pieces = kind === 'csv' ? [csvHead()] : [];
    let found = 0;
    setCount(0);
    try {
      for await (const page of auditPages(of, stop.current.signal)) {
        const kept = page.filter((entry) => fits(entry, text));
        found += kept.length;
        pieces.push(kept.map(kind === 'csv' ? csvLine : jsonLine).join(''));
        setCount(found);
      }
      save(`audit-${new Date().toISOString().slice(0, 10)}.${kind}`, kind === 'csv' ? 'text/csv' : 'application/jsonl', pieces);
      done(t('audit.exported', { count: found }));
    } catch (thrown) {
      if (!stop.current.signal.aborted) failed(thrown);
    } finally {
      setCount(undefined);
    }
  };
  if (count !== undefined) {
    return (
      <span className={css.row} role="status">
        {t('audit.exporting', { count })}
        <Button icon="stop" onClick={() => stop.current?.abort()}>{t('parts.cancel')}</Button>
      </span>
    );
  }
  return (
    <span className={css.row}>
      <Button icon="download" onClick={() => void run('csv')}>CSV</Button>
      <Button icon="download" onClick={() => void run('jsonl')}>JSON</Button>
    </span>
  );
}
