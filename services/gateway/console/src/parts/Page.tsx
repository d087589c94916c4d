/** What pages are built of: the page with its title, cards, pairs of name and value, tags, a bar of progress. */
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';
import { t } from '../i18n';
import css from './Page.module.css';

export interface Crumb {
  to: string;
  name: string;
}

interface PageProps {
  title: string;
  /** What stands beside the title: a status, marks. */
  beside?: ReactNode;
  about?: ReactNode;
  crumbs?: Crumb[];
  acts?: ReactNode;
  /** The content fills the window instead of scrolling with it: graphs, editors. */
  full?: boolean;
  children: ReactNode;
}

export function Page({ title, beside, about, crumbs, acts, full, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Downbeat`;
  }, [title]);
  return (
    <div className={`${css.page} ${full ? css.full : ''}`}>
      <header className={css.head}>
        <div className={css.names}>
          {crumbs && crumbs.length > 0 && (
            <nav className={css.crumbs} aria-label={t('parts.crumbs')}>
              {crumbs.map((crumb) => (
                <span key={crumb.to}>
                  <Link to={crumb.to}>{crumb.name}</Link> <span aria-hidden="true">/</span>
                </span>
              ))}
            </nav>
          )}
          <div className={css.title}>
            <h1>{title}</h1>
            {beside}
          </div>
          {about && <div className={css.about}>{about}</div>}
        </div>
        {acts && <div className={css.acts}>{acts}</div>}
      </header>
      {children}
    </div>
  );
}

interface CardProps {
  title?: string;
  count?: number | string;
  acts?: ReactNode;
  /** Without room around the content: tables. */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Card({ title, count, acts, flush, className, children }: CardProps) {
  return (
    <section className={`${css.card} ${className ?? ''}`} aria-label={title}>
      {title && (
        <header className={css.cardHead}>
          <h2>
            {title} {count !== undefined && <span className={css.count}>{count}</span>}
          </h2>
          <span className={css.grow} />
          {acts}
        </header>
      )}
      {flush ? children : <div className={css.body}>{children}</div>}
    </section>
  );
}

/** Names and values; pairs whose value is undefined are left out. */
export function Pairs({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className={css.pairs}>
      {of
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <Pair key={name} name={name} value={value} />
        ))}
    </dl>
  );
}

function Pair({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

export function Tag({ children }: { children: ReactNode }) {
  return <span className={css.tag}>{children}</span>;
}

/** How far something is. `parts` are counts with their colours, in order; what is left of `whole` stays empty. */
export function Progress({ whole, parts, label }: { whole: number; parts: { count: number; colour: string }[]; label: string }) {
  return (
    <div className={css.progress} role="img" aria-label={label}>
      {parts.map(({ count, colour }, at) => (
        <span key={at} style={{ width: `${whole > 0 ? (100 * count) / whole : 0}%`, background: colour }} />
      ))}
    </div>
  );
}
