/** A status: icon, word and hue together, never the hue alone. */
import type { ReactNode } from 'react';
import { named } from '../i18n';
import { Icon, type IconName } from './Icon';
import { iconOf, toneOf, type Tone } from './status';
import css from './Status.module.css';

export function Status({ of, chip, words }: { of: string; chip?: boolean; words?: string }) {
  return (
    <span className={`${css.status} ${css[toneOf(of)]} ${chip ? css.chip : ''}`}>
      <Icon name={iconOf(of)} size={14} spin={of === 'RUNNING'} />
      {words ?? named('parts.status', of)}
    </span>
  );
}

/** Something else with a tone: `late`, `paused`, `draft`. */
export function Mark({ tone = 'idle', icon, children }: { tone?: Tone; icon?: IconName; children: ReactNode }) {
  return (
    <span className={`${css.status} ${css.chip} ${css[tone]}`}>
      {icon && <Icon name={icon} size={13} />}
      {children}
    </span>
  );
}
