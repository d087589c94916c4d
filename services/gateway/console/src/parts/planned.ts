/**
 * What the clock does next stands in one list: schedules by their name, windows of sensors as `sensor:ID`, deadlines as
 * `deadline:NAME`. This tells them apart, and says what people call them. A schedule may be called so as well: whoever knows
 * the schedules' names gives them. Knows no list.
 */
import { t } from '../i18n';

export interface Planned {
  kind: 'schedule' | 'sensor' | 'deadline';
  name: string;
}

export function planned(name: string, schedules: readonly string[] = []): Planned {
  if (schedules.includes(name)) return { kind: 'schedule', name };
  const [, kind, rest] = /^(sensor|deadline):(.+)$/s.exec(name) ?? [];
  return rest === undefined ? { kind: 'schedule', name } : { kind: kind as 'sensor' | 'deadline', name: rest };
}

export function plannedText(called: string, schedules?: readonly string[]): string {
  const { kind, name } = planned(called, schedules);
  return kind === 'schedule' ? name : t(`parts.planned.${kind}`, { name });
}
