/** Do other systems work: each integration and connection with its last outcomes, and the hours before. */
import { Link, useSearchParams } from 'react-router';
import { useIntegrationHealth, useIntegrationNames, type IntegrationHealth } from '../../api/health';
import { named, t } from '../../i18n';
import { Search } from '../../parts/Field';
import { Needs } from '../../parts/Needs';
import { Card, Page } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Table } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { durationText, numberText, percentText, shortTime } from '../../parts/values';
import css from './operate.module.css';
import own from './Integrations.module.css';

const TONES = { HEALTHY: ['good', 'check'], DEGRADED: ['warn', 'warning'], FAILING: ['bad', 'cross'] } as const;
const ORDER = ['FAILING', 'DEGRADED', 'HEALTHY', 'UNKNOWN'];
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, one) => all + one, 0);

function State({ of }: { of: string }) {
  const [tone, icon] = TONES[of as keyof typeof TONES] ?? (['idle', 'dot'] as const);
  return <Mark tone={tone} icon={icon}>{named('operate.health', of)}</Mark>;
}

/** Attempts by hour: the part that failed in red, the newest right. */
function Hours({ of }: { of: IntegrationHealth }) {
  const hours = [...of.hours].sort((a, b) => a.since.localeCompare(b.since)).slice(-48);
  const most = Math.max(1, ...hours.map((hour) => hour.attempts));
  return (
    <span className={own.hours} role="img" aria-label={t('operate.health.hours.of', { name: of.integration, count: hours.length })}>
      {hours.map((hour) => {
        const bad = sum(hour.failed);
        return (
          <span key={hour.since} title={`${shortTime(hour.since)}: ${t('operate.health.attempts', { count: hour.attempts, bad })}`} style={{ height: `${Math.max(12, (100 * hour.attempts) / most)}%` }}>
            <i style={{ height: `${hour.attempts > 0 ? (100 * bad) / hour.attempts : 0}%` }} />
          </span>
        );
      })}
    </span>
  );
}

export function Integrations() {
  const [query, setQuery] = useSearchParams();
  return (
    <Page title={t('shell.nav.integrations')} about={t('operate.health.about')}>
      <Needs role="VIEWER">
        {() => <List text={query.get('text') ?? ''} search={(text) => setQuery(text ? { text } : {}, { replace: true })} />}
      </Needs>
    </Page>
  );
}

function List({ text, search }: { text: string; search: (text: string) => void }) {
  const health = useIntegrationHealth();
  const names = new Map((useIntegrationNames().data ?? []).map((one) => [one.integration, one.displayName]));
  const fits = (...words: string[]) => words.join(' ').toLowerCase().includes(text.toLowerCase());
  const known = [...names].filter(([id, name]) => fits(id, name)).sort(([, a], [, b]) => a.localeCompare(b));
  return (
    <div className={css.stack}>
      <div className={css.between}>
        <Search value={text} search={search} label={t('operate.health.search')} />
      </div>
      <Answer of={health}>
        {({ rows }) => (
          <Card flush title={t('operate.health.used')} count={rows.length}>
            <Table
              label={t('operate.health.used')}
              rows={rows.filter((one) => fits(one.integration, one.connection, names.get(one.integration) ?? '')).sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))}
              id={(one) => `${one.integration}/${one.connection}`}
              sort="sort"
              columns={[
                { id: 'state', name: t('operate.health.state'), tight: true, by: (one) => ORDER.indexOf(one.state), cell: (one) => <State of={one.state} /> },
                { id: 'name', name: t('operate.integration'), by: (one) => one.integration, cell: (one) => <span className={css.two}><span>{names.get(one.integration) ?? one.integration}</span>{one.connection && <small>{one.connection}</small>}</span> },
                { id: 'good', name: t('operate.health.good'), number: true, by: (one) => (one.attempts > 0 ? one.succeeded / one.attempts : undefined), cell: (one) => (one.attempts > 0 ? `${percentText(one.succeeded / one.attempts)}` : '–') },
                { id: 'attempts', name: t('operate.health.count'), number: true, wide: true, by: (one) => one.attempts, cell: (one) => numberText(one.attempts) },
                { id: 'hours', name: t('operate.health.hours'), wide: true, cell: (one) => <Hours of={one} /> },
                { id: 'took', name: t('operate.health.median'), number: true, wide: true, by: (one) => one.durations?.median, cell: (one) => (one.durations ? durationText(one.durations.median / 1000) : '–') },
                { id: 'ok', name: t('operate.health.success'), tight: true, wide: true, by: (one) => one.lastSuccess?.at, cell: (one) => (one.lastSuccess ? <Link to={`/runs/${one.lastSuccess.runId}`}><Time at={one.lastSuccess.at} /></Link> : '–') },
                {
                  id: 'bad', name: t('operate.health.failure'), by: (one) => one.lastFailure?.at,
                  cell: (one) =>
                    one.lastFailure ? (
                      <span className={css.two}>
                        <Link to={`/runs/${one.lastFailure.runId}`}><Time at={one.lastFailure.at} /></Link>
                        <small>{[named('operate.class', one.lastFailure.class), one.lastFailure.message].filter(Boolean).join(': ').slice(0, 160)}</small>
                      </span>
                    ) : (
                      '–'
                    ),
                },
              ]}
              empty={<Empty icon="integrations" title={t('operate.health.none')}>{t('operate.health.none.more')}</Empty>}
            />
          </Card>
        )}
      </Answer>
      {known.length > 0 && (
        <Card title={t('operate.health.known')} count={known.length}>
          <ul className={own.known}>
            {known.map(([id, name]) => (
              <li key={id}>{name}</li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}
