/** What is broken, one cause at a time: since when, what changed before, what it takes along, and what to do. */
import { Link } from 'react-router';
import type { Broken, BrokenGroup, Reach, Statement } from '../../api/answers';
import { language, named, t } from '../../i18n';
import { en } from '../../i18n/en';
import { Card } from '../../parts/Page';
import { Answer, Empty, type Asked } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { listText } from '../../parts/values';
import { Remedies } from './Remedies';
import { readable } from './words';
import css from './Home.module.css';

/** The server's own advice; in other languages ours, where we have some for the class. */
function advice(group: BrokenGroup): string {
  const ours = `home.remedy.${group.class}`;
  return language() !== 'en' && Object.hasOwn(en, ours) ? t(ours as 'home.remedy.CODE') : group.remedy;
}

function BlastRadius({ of }: { of: Reach }) {
  const parts: [string, number, string[]][] = [
    ['home.reach.skipped', of.skippedTasks, of.skipped],
    ['home.reach.assets', of.assetCount, of.assets],
    ['home.reach.exposures', of.exposures.length, of.exposures],
    ['home.reach.followers', of.followers.length, of.followers],
    ['home.reach.owners', of.owners.length, of.owners],
  ];
  const shown = parts.filter(([, count]) => count > 0);
  if (shown.length === 0) return <p className={css.reach}>{t('home.reach.none')}</p>;
  return (
    <ul className={css.reach} aria-label={t('home.reach')}>
      {shown.map(([key, count, names]) => (
        <li key={key}>
          <b>
            {of.truncated && key === 'home.reach.assets' ? '≥ ' : ''}
            {t(key as 'home.reach.assets', { count })}
          </b>
          {names.length > 0 && `: ${listText(names, 3)}`}
        </li>
      ))}
    </ul>
  );
}

function Facts({ title, of, more = 0 }: { title: string; of: Statement[]; more?: number }) {
  if (of.length === 0) return null;
  return (
    <div className={css.detail}>
      {title}
      <ul>
        {of.slice(0, 4).map((one, at) => (
          <li key={at} lang="en">{readable(one.text)}</li>
        ))}
        {of.length + more > 4 && <li>{t('parts.more', { count: of.length - 4 + more })}</li>}
      </ul>
    </div>
  );
}

function Group({ of }: { of: BrokenGroup }) {
  return (
    <li className={css.group}>
      <div className={css.groupHead}>
        <Mark tone={of.kind === 'FAILURE' || of.kind === 'QUARANTINE' ? 'bad' : 'warn'} icon={of.kind === 'FAILURE' ? 'cross' : 'warning'}>
          {named('home.class', of.class || of.kind)}
        </Mark>
        {of.pipelineAlias && <Link to={`/runs/${of.runId}`}>{of.pipelineAlias}</Link>}
        <span className={css.more}>
          {t('home.broken.since')} <Time at={of.since} as="short" />
          {of.failures > 0 && ` · ${t('home.broken.runs', { count: of.failures })}`}
        </span>
      </div>
      <p className={css.what} lang="en">{readable(of.what?.text ?? '')}</p>
      {of.reach && <BlastRadius of={of.reach} />}
      <Facts title={t('home.broken.changes')} of={of.changes} />
      <Facts title={t('home.broken.explains')} of={of.explains} more={of.moreExplained} />
      <p className={css.remedy}>{advice(of)}</p>
      <Remedies of={of} />
    </li>
  );
}

export function BrokenCard({ of, shown }: { of: Asked<Broken>; shown: (group: BrokenGroup) => boolean }) {
  return (
    <Card title={t('home.broken')} count={of.data?.groups.filter(shown).length} flush>
      <Answer of={of} tight>
        {(broken) => {
          const groups = broken.groups.filter(shown);
          return groups.length === 0 ? (
            <Empty tight icon="check" title={t('home.broken.none')}>
              {t('home.broken.none.more')}
            </Empty>
          ) : (
            <>
              <ul>
                {groups.map((group) => (
                  <Group key={`${group.kind} ${group.runId} ${group.task} ${group.what?.text}`} of={group} />
                ))}
              </ul>
              {broken.moreGroups > 0 && <div className={css.rest}>{t('home.broken.more', { count: broken.moreGroups })}</div>}
            </>
          );
        }}
      </Answer>
    </Card>
  );
}
