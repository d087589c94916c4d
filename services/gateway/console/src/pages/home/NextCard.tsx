/** What comes next: firings of schedules; besides, backfills that go on and windows of sensors that are open. */
import { Link } from 'react-router';
import type { Happening } from '../../api/answers';
import { t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Card } from '../../parts/Page';
import { plannedText } from '../../parts/planned';
import { Answer, Empty, type Asked } from '../../parts/states';
import { Time } from '../../parts/Time';
import { shortTime } from '../../parts/values';
import { readable } from './words';
import css from './Home.module.css';

const SHOWN = 6;

export function NextCard({ of, mine }: { of: Asked<Happening>; mine: (alias: string) => boolean }) {
  return (
    <Card
      title={t('home.next')}
      flush
      acts={
        <ButtonLink to="/operate/schedules" kind="quiet" small>
          {t('home.calendar')}
        </ButtonLink>
      }
    >
      <Answer of={of} tight>
        {(now) => {
          const next = now.next.filter((one) => mine(one.pipelineAlias)).slice(0, SHOWN);
          const others = [...now.backfills, ...now.windows];
          if (next.length + others.length === 0) {
            return (
              <Empty tight icon="schedules" title={t('home.next.none')}>
                {t('home.next.none.more')}
              </Empty>
            );
          }
          return (
            <ul className={css.rows}>
              {others.map((one, at) => (
                <li key={`other-${at}`} className={css.row}>
                  <span lang="en">{readable(one.text)}</span>
                </li>
              ))}
              {next.map((one) => (
                <li key={`${one.pipelineId} ${one.schedule} ${one.at}`} className={css.row}>
                  <span className={css.name}>
                    <Link to={`/pipelines/${one.pipelineId}?tab=triggers`}>{one.pipelineAlias}</Link>
                    <span className={css.more}>{plannedText(one.schedule)}</span>
                  </span>
                  <span className={css.side}>
                    <Time at={one.at} /> · {shortTime(one.at)}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Answer>
    </Card>
  );
}
