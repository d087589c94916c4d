/**
 * The log of an attempt: followed while it is written, with the colours of terminals, searched, wrapped, downloaded. The
 * text becomes text nodes and nothing else. Only lines in sight are in the page.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Check } from '../../../parts/Field';
import { Icon } from '../../../parts/Icon';
import { Empty, Failed, Loading } from '../../../parts/states';
import { failed } from '../../../parts/toasts';
import { bytesText } from '../../../parts/values';
import { useWindow } from '../../../parts/window';
import { hits, linesOf } from '../model/log';
import type { RunTask } from '../model/tasks';
import { download } from './download';
import { LogLine } from './LogLine';
import { useLog, CHUNK } from './useLog';
import css from './log.module.css';

const ROW = 19;
/** Lines that are shown when lines are wrapped: then all of them are in the page. */
const WRAPPED_MAX = 3_000;

export function LogView({ task, attempt }: { task: RunTask; attempt: number }) {
  const { log, before, total, state, error, earlier } = useLog(task, attempt);
  const { lines, styles } = useMemo(() => linesOf(log), [log]);
  const [sought, setSought] = useState('');
  const [at, setAt] = useState(0);
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(false);
  const found = useMemo(() => hits(lines, sought.trim()), [lines, sought]);
  const { ref, shown, onScroll, reveal } = useWindow(lines.length, ROW);
  const first = wrap ? Math.max(0, lines.length - WRAPPED_MAX) : shown.first;
  const last = wrap ? lines.length : shown.end;
  const here = found[Math.min(at, found.length - 1)];
  const own = useRef(false);

  useLayoutEffect(() => {
    if (!follow || !ref.current) return;
    own.current = true;
    ref.current.scrollTop = ref.current.scrollHeight;
  }, [lines, follow, wrap, ref]);
  useEffect(() => {
    if (here === undefined) return;
    setFollow(false);
    if (wrap) ref.current?.querySelector(`[data-line="${here}"]`)?.scrollIntoView({ block: 'center' });
    else reveal(here);
  }, [here, wrap, reveal, ref]);

  const scrolled = () => {
    onScroll();
    const box = ref.current!;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    // Whoever scrolls up wants to read there.
    if (!own.current && below > 3 * ROW) setFollow(false);
    own.current = false;
  };
  const go = (step: 1 | -1) => found.length > 0 && setAt((Math.min(at, found.length - 1) + step + found.length) % found.length);
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
    if (event.key === 'Escape' && sought !== '') {
      // The drawer stays: only the search ends.
      event.stopPropagation();
      event.preventDefault();
      setSought('');
    }
  };
  const load = () => earlier().catch(failed);
  if (state === 'LOADING') return error ? <Failed error={error} tight /> : <Loading lines={6} />;
  return (
    <div className={css.log}>
      <div className={css.bar}>
        <span className={css.search}>
          <Icon name="search" size={14} />
          <input
            type="search"
            value={sought}
            placeholder={t('run.log.search')}
            aria-label={t('run.log.search')}
            onChange={(event) => {
              setSought(event.target.value);
              setAt(0);
            }}
            onKeyDown={press}
          />
        </span>
        {sought.trim() !== '' && (
          <>
            <span className={css.hits} role="status">
              {t('run.log.hits', { count: found.length, at: Math.min(at, found.length - 1) + 1 })}
            </span>
            <Button small kind="quiet" icon="up" label={t('run.log.before')} onClick={() => go(-1)} />
            <Button small kind="quiet" icon="down" label={t('run.log.next')} onClick={() => go(1)} />
          </>
        )}
        <span className={css.grow} />
        <Check label={t('run.log.follow')} checked={follow} onChange={(event) => setFollow(event.target.checked)} />
        <Check label={t('run.log.wrap')} checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
        <Button small kind="quiet" icon="download" label={t('run.download')} onClick={() => void download(task, `attempt-${attempt}.log`, 'logs')} />
      </div>
      {before > 0 && (
        <div className={css.note}>
          <Button small onClick={() => void load()}>
            {t('run.log.earlier', { size: bytesText(Math.min(before, CHUNK)) })}
          </Button>
        </div>
      )}
      {log.gone > 0 && <div className={css.note}>{t('run.log.gone', { count: log.gone })}</div>}
      {wrap && first > 0 && <div className={css.note}>{t('run.log.wrapped', { count: WRAPPED_MAX })}</div>}
      {lines.length === 0 ? (
        <Empty title={t(state === 'READY' ? 'run.log.none' : 'run.log.waits')} icon="list" tight />
      ) : (
        <div ref={ref} className={css.text} onScroll={scrolled} tabIndex={0} role="region" aria-label={t('run.log.text')}>
          <div className={wrap ? css.wrapped : css.rows} style={wrap ? undefined : { height: lines.length * ROW }}>
            {lines.slice(first, last).map((line, k) => (
              <LogLine key={first + k} number={first + k} base={before === 0 ? log.gone : undefined} line={line} style={styles[first + k]!} sought={sought.trim()} current={first + k === here} top={wrap ? undefined : (first + k) * ROW} />
            ))}
          </div>
        </div>
      )}
      <div className={css.foot} aria-live="off">
        <span>{t('run.log.lines', { count: lines.length + log.gone })}</span>
        <span>{bytesText(total)}</span>
        {state === 'WRITING' && (
          <span className={css.writing}>
            <Icon name="spinner" size={12} spin />
            {t('run.log.writing')}
          </span>
        )}
        {error && <span className={css.failed}>{error.words}</span>}
      </div>
    </div>
  );
}
