/** Says when the stream of the server is lost, and once when it is back. */
import { useEffect, useRef } from 'react';
import type { LiveRun } from '../../api/run-live';
import { t } from '../../i18n';
import { Icon } from '../../parts/Icon';
import { done } from '../../parts/toasts';
import { clockTime } from '../../parts/values';
import css from './run.module.css';

/** Milliseconds that a break may last before anybody is told. */
const UNNOTICED = 1_500;

export function Connection({ live }: { live: LiveRun }) {
  const told = useRef(false);
  const lost = live.lost !== undefined && live.run !== undefined && (told.current || Date.now() - live.lost > UNNOTICED || live.state === 'broken');
  useEffect(() => {
    if (lost) told.current = true;
    else if (told.current && (live.state === 'live' || live.state === 'ended')) {
      told.current = false;
      done(t('run.back'));
    }
  }, [lost, live.state]);
  if (!lost) return null;
  return (
    <div className={css.lost} role="status">
      <Icon name="warning" size={15} />
      <span>
        {t('run.lost', { time: clockTime(live.lost!) })}
        {live.error && live.error.status > 0 && ` ${t('run.lost.words', { words: live.error.words })}`}
      </span>
    </div>
  );
}
