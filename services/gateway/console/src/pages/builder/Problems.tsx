/** What the server says of the text, as a list: each leads to its place, and is mended where one word is enough. */
import type { ApiError } from '../../api/errors';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Icon, type IconName } from '../../parts/Icon';
import type { Placed } from './yaml/lint';
import css from './Workbench.module.css';

const ICONS: Record<string, IconName> = { ERROR: 'cross', WARNING: 'warning', NOTE: 'info' };

interface ProblemsProps {
  found: Placed[];
  pending: boolean;
  failed?: ApiError;
  go: (one: Placed) => void;
  fix: (one: Placed) => void;
  denied?: string;
}

export function Problems({ found, pending, failed, go, fix, denied }: ProblemsProps) {
  const errors = found.filter((one) => one.of.severity === 'ERROR').length;
  const rest = found.length - errors;
  return (
    <section className={css.problems} aria-label={t('builder.problems')}>
      <header>
        <Icon name={failed ? 'warning' : pending ? 'spinner' : errors > 0 ? 'cross' : rest > 0 ? 'warning' : 'check'} size={14} spin={pending && !failed} />
        <span role="status" lang={failed?.lang}>
          {failed?.words ?? (pending ? t('builder.problems.checking') : found.length === 0 ? t('builder.problems.none') : [errors > 0 && t('builder.node.errors', { count: errors }), rest > 0 && t('builder.problems.rest', { count: rest })].filter(Boolean).join(', '))}
        </span>
      </header>
      {found.length > 0 && (
        <ul>
          {found.map((one, at) => (
            <li key={at} className={css[one.of.severity]}>
              <Icon name={ICONS[one.of.severity] ?? 'info'} size={14} />
              <button type="button" className={css.go} onClick={() => go(one)}>
                <span className="only-spoken">{t(`builder.severity.${one.of.severity}`)}: </span>
                <span lang="en">{one.of.message}</span>
                {one.of.help && <i lang="en">{one.of.help}</i>}
                <em>
                  {t('builder.problems.place', { line: String(one.of.line), column: String(one.of.column) })}
                  {one.of.code && ` · ${one.of.code}`}
                </em>
              </button>
              {one.fix && (
                <Button small denied={denied} onClick={() => fix(one)}>
                  {t('builder.fix', { word: one.fix.insert })}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
