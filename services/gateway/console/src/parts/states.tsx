/**
 * What stands where an answer should: nothing there (and what to do), it failed (in the server's words, and again), it
 * is on its way. `Answer` chooses among them for a query, and keeps what it had when a later look fails.
 */
import { useEffect, useState, type ReactNode } from 'react';
import { asApiError, type ApiError } from '../api/errors';
import { rich, t } from '../i18n';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';
import css from './states.module.css';

interface EmptyProps {
  title: string;
  icon?: IconName;
  tight?: boolean;
  children?: ReactNode;
  acts?: ReactNode;
}

export function Empty({ title, icon = 'info', tight, children, acts }: EmptyProps) {
  return (
    <div className={`${css.state} ${tight ? css.tight : ''}`}>
      <Icon name={icon} size={22} />
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {acts && <div className={css.acts}>{acts}</div>}
    </div>
  );
}

/** What to do about a failed request, by its status. */
function advice(status: number): string | undefined {
  if (status === 0) return t('parts.failed.network');
  if (status === 403) return t('parts.failed.role');
  if (status === 404) return t('parts.failed.gone');
  if (status === 429) return t('parts.failed.often');
  if (status >= 500) return t('parts.failed.server');
  return undefined;
}

/** What was refused, in the words of whoever refused it. */
export function Refused({ error }: { error: ApiError }) {
  return (
    <p className={css.refused} role="alert" lang={error.lang}>
      {error.words}
    </p>
  );
}

export function Failed({ error, again, tight }: { error: unknown; again?: () => void; tight?: boolean }) {
  const { status, words, lang } = asApiError(error);
  return (
    <div className={`${css.state} ${css.failed} ${tight ? css.tight : ''}`} role="alert">
      <Icon name="warning" size={22} />
      <strong lang={lang}>{words}</strong>
      {advice(status) && <p>{advice(status)}</p>}
      {again && (
        <div className={css.acts}>
          <Button icon="retry" onClick={again}>
            {t('parts.again')}
          </Button>
        </div>
      )}
    </div>
  );
}

const WIDTHS = ['72%', '54%', '88%', '61%', '79%', '47%'];

/** Grey lines; they appear only if the answer takes a moment, so that quick pages do not flicker. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={css.loading} role="status">
      <span className="only-spoken">{t('parts.loading')}</span>
      {shown && Array.from({ length: lines }, (_, at) => <span key={at} className={css.bar} style={{ width: WIDTHS[at % WIDTHS.length] }} aria-hidden="true" />)}
    </div>
  );
}

/** What a query tells, whichever kind it is. */
export interface Asked<T> {
  data: T | undefined;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

interface AnswerProps<T> {
  of: Asked<T>;
  children: (data: T) => ReactNode;
  lines?: number;
  tight?: boolean;
}

/** Said beside what is there: something is missing or old, and why, in the words of whoever refused it. */
export function Lacking({ what, error }: { what: 'parts.stale' | 'home.owners.unknown' | 'pipelines.owners.unknown'; error: unknown }) {
  const { words, lang } = asApiError(error);
  return (
    <div className={css.stale} role="status">
      <Icon name="warning" size={14} />
      <span>{rich(what, { words: <span lang={lang}>{words}</span> })}</span>
    </div>
  );
}

/** An answer that says nothing without another one: as long as that is not there, neither is this. */
export const given = <T,>(of: Asked<T>, other: Asked<unknown>): Asked<T> =>
  other.data === undefined ? { data: undefined, isError: other.isError, error: other.error, refetch: other.refetch } : of;

export function Answer<T>({ of, children, lines, tight }: AnswerProps<T>) {
  if (of.data === undefined) {
    return of.isError ? <Failed error={of.error} again={() => void of.refetch()} tight={tight} /> : <Loading lines={lines} />;
  }
  return (
    <>
      {of.isError && <Lacking what="parts.stale" error={of.error} />}
      {children(of.data)}
    </>
  );
}
