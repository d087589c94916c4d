/** What a command is about: each by what people call it, with a link to where it has a page. */
import { Link } from 'react-router';
import type { AuditEntry } from '../../api/audit';
import { named } from '../../i18n';
import css from './Audit.module.css';

const PAGES: Record<string, (id: string) => string> = {
  run: (id) => `/runs/${id}`,
  pipeline: (id) => `/pipelines/${id}`,
  backfill: (id) => `/operate/backfills/${id}`,
  asset: (id) => `/assets/${encodeURIComponent(id)}`,
};
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

export function Targets({ of }: { of: AuditEntry['targets'] }) {
  if (of.length === 0) return <>–</>;
  return (
    <ul className={css.targets}>
      {of.map(({ kind, id, name }) => {
        const called = name || (UUID.test(id) ? id.slice(0, 8) : id);
        return (
          <li key={`${kind}/${id}`} title={id}>
            {named('audit.target', kind)} {PAGES[kind] && id ? <Link to={PAGES[kind](id)}>{called}</Link> : called}
          </li>
        );
      })}
    </ul>
  );
}
